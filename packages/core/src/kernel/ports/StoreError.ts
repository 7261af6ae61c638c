/**
 * What can go wrong with a store: one wrapper with a tagged reason that knows what happened to the data and whether it makes
 * sense to try again.
 */
import * as Schema from "effect/Schema"
import { TaggedError } from "../domain/TaggedError.ts"

const fields = { cause: Schema.Defect() }

/**
 * The store cannot be reached, went away before anything was committed, or takes no writes: it is read-only, its disk is full,
 * it is starting up, or it does not let its user in. Nothing has changed. The cause says which, in the store's own words.
 */
export class Unavailable extends TaggedError<Unavailable>()("Unavailable", fields) {
  readonly isRetryable = true
  override get message(): string {
    return "The store cannot be reached, or takes no writes at the moment; nothing has changed. Check that the database is up, takes writes and lets its user in, then try again."
  }
}

/** Other transactions hold the same rows, and the retries are used up. Nothing has changed. */
export class Contention extends TaggedError<Contention>()("Contention", fields) {
  readonly isRetryable = true
  override get message(): string {
    return "Too many others work on the same event; nothing has changed. Try again."
  }
}

/**
 * The connection was lost while committing, and the store did not come back in time to ask it; or there was no answer in time.
 * The change is made, or will be, either whole or not at all: sending the command again with the same idempotency key gives the
 * true answer. Without a key, look whether the change is there.
 */
export class OutcomeUnknown extends TaggedError<OutcomeUnknown>()("OutcomeUnknown", fields) {
  readonly isRetryable = true
  override get message(): string {
    return "It is not known whether the change was committed. Send the command again with the same idempotency key to learn the outcome."
  }
}

/** The tables are not there, or older than this version of the library. Nothing has changed. */
export class NotMigrated extends TaggedError<NotMigrated>()("NotMigrated", fields) {
  readonly isRetryable = false
  override get message(): string {
    return "The database is not migrated to this version."
  }
}

/**
 * The journal was restored into another database cluster, whose transaction ids have nothing to do with those in the journal.
 * Relays could not distinguish entries that have been delivered from others. Nothing has changed.
 */
export class LogRestored extends TaggedError<LogRestored>()("LogRestored", fields) {
  readonly isRetryable = false
  override get message(): string {
    return "The journal was restored into another database cluster. Nothing is delivered from it until it is repaired."
  }
}

/** Anything else that the store reports. Nothing has changed. */
export class Unexpected extends TaggedError<Unexpected>()("Unexpected", {
  ...fields,
  /**
   * Whether the failure has nothing to do with the commands of a batch: a part of the batch would fail as well. Default false.
   */
  concernsAll: Schema.optionalKey(Schema.Boolean)
}) {
  readonly isRetryable = false
  override get message(): string {
    const { cause } = this
    return `The store failed: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

export const StoreErrorReason = Schema.Union([
  Unavailable,
  Contention,
  OutcomeUnknown,
  NotMigrated,
  LogRestored,
  Unexpected
])
export type StoreErrorReason = typeof StoreErrorReason.Type

export class StoreError extends TaggedError<StoreError>()("StoreError", { reason: StoreErrorReason }) {
  override get message(): string {
    return this.reason.message
  }
  /** The store's own words, for operators: they may reveal internals. */
  get words(): string {
    const { cause } = this.reason
    return cause instanceof Error ? cause.message : String(cause)
  }
  /** Whether sending the same command again may succeed. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
}
