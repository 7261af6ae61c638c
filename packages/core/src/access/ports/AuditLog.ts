/**
 * The audit log: what operators have done, one entry for each decision that was carried out.
 *
 * Entries are only ever added. A store that carries out a decision writes the entry in the same transaction, so both are
 * stored, or neither; `note` is for decisions that are carried out elsewhere, such as in a queue.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export interface AuditEntry {
  /** Later entries have higher ids; numbers may be missing. */
  readonly id: number
  /** When the entry was written, by the clock of the store. */
  readonly at: Date
  readonly who: string
  /** What was done, such as `outbox.skip`. */
  readonly action: string
  /** The details in the form that JSON gives back. */
  readonly details: Readonly<Record<string, unknown>>
}

export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** Writes an entry for what an operator has done elsewhere. */
    readonly note: (
      who: string,
      action: string,
      details: Readonly<Record<string, unknown>>
    ) => Effect.Effect<void, StoreError>
    /** Returns entries, the latest first; the key is the id. */
    readonly list: (page: PageRequest<number>) => Effect.Effect<ReadonlyArray<AuditEntry>, StoreError>
  }
>()("@turnout/AuditLog") {}
