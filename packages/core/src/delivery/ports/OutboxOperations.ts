/**
 * The outbox for its operators: looking at it, deciding about parked streams, pruning and repairing.
 *
 * Every change says who makes it, and is written to the audit log (`AuditLog`) in the same transaction. A stream is changed
 * without a lease: the holder of its slot finds the block changed, and goes on from there.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

/** Nobody has registered a sink of this name. */
export class SinkNotFound extends Schema.TaggedError<SinkNotFound>()("SinkNotFound", { sink: Schema.String }) {
  override get message(): string {
    return `There is no sink ${JSON.stringify(this.sink)}.`
  }
}

/** The stream is not blocked for this sink. */
export class StreamNotBlocked extends Schema.TaggedError<StreamNotBlocked>()("StreamNotBlocked", {
  sink: Schema.String,
  stream: Schema.String
}) {
  override get message(): string {
    return `The stream ${this.stream} is not blocked for the sink ${JSON.stringify(this.sink)}.`
  }
}

/** Another entry of the stream is the first that waits. */
export class StreamMovedOn extends Schema.TaggedError<StreamMovedOn>()("StreamMovedOn", {
  sink: Schema.String,
  stream: Schema.String,
  /** The first that waits. */
  version: Schema.Number
}) {
  override get message(): string {
    return `The first entry of ${this.stream} that waits is version ${this.version}.`
  }
}

export interface SlotStatus {
  readonly slot: number
  readonly epoch: number
  /** `null` if nobody holds the lease. */
  readonly owner: string | null
  readonly until: Date | null
}

export interface SinkStatus {
  readonly name: string
  readonly createdAt: Date
  readonly workers: number
  readonly slots: ReadonlyArray<SlotStatus>
  /** Entries that the sink has not been given, without those of blocked streams that are behind its position. */
  readonly backlog: number
  /** Whether there are more than were counted. */
  readonly isBacklogLarger: boolean
  /** When the oldest of them happened. */
  readonly oldest: Date | null
  /** Streams that are tried again, and streams that are parked. */
  readonly retrying: number
  readonly parked: number
  /** Since when the first of the parked streams has been blocked. */
  readonly parkedSince: Date | null
}

export interface OutboxStatus {
  /** By the clock of the store. */
  readonly at: Date
  /** How many entries have been written in all, about: numbers of transactions that were rolled back are counted too. */
  readonly written: number
  readonly sinks: ReadonlyArray<SinkStatus>
}

export interface BlockedStream {
  readonly sink: string
  readonly stream: EventId
  /** The first entry that waits. */
  readonly version: number
  readonly attempts: number
  readonly error: string
  readonly since: Date
  /** `null` while it is parked. */
  readonly retryAt: Date | null
}

/** What a repair has done. */
export interface Repaired {
  /** Positions that were set anew, one for each sink and slot. */
  readonly positions: number
  /** Entries that were given the transaction id of the repair. */
  readonly entries: number
}

/** The most entries of the backlog that are counted for each slot. */
export const MAX_COUNTED = 20_000

type About = Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StoreError>

export class OutboxOperations extends Context.Service<
  OutboxOperations,
  {
    readonly status: Effect.Effect<OutboxStatus, StoreError>
    /** How many relays of a sink are running: those whose announcement has not expired. */
    readonly relays: (sink: string) => Effect.Effect<number, SinkNotFound | StoreError>
    /** Blocked streams of a sink in the order of their ids, which are the keys; `isParked` restricts to one kind. */
    readonly blocked: (
      sink: string,
      isParked: boolean | null,
      page: PageRequest<EventId>
    ) => Effect.Effect<ReadonlyArray<BlockedStream>, SinkNotFound | StoreError>
    /** A blocked stream, with the first entries of the journal that wait. */
    readonly blockedStream: (
      sink: string,
      stream: EventId,
      limit: number
    ) => Effect.Effect<
      { readonly block: BlockedStream; readonly waiting: ReadonlyArray<StoredEntry> },
      SinkNotFound | StreamNotBlocked | StoreError
    >
    /** Tries a stream again at once, with all of its attempts. */
    readonly retry: (sink: string, stream: EventId, who: string) => About
    /** The same for every parked stream of a sink; gives how many there were. */
    readonly retryAll: (sink: string, who: string) => Effect.Effect<number, SinkNotFound | StoreError>
    /**
     * Leaves out the first entry that waits, which is of this version, and goes on with the next. The sink is never given it.
     * Fails with `StreamMovedOn` if another one is first, such as when this is asked for twice.
     */
    readonly skip: (
      sink: string,
      stream: EventId,
      version: number,
      who: string
    ) => Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StreamMovedOn | StoreError>
    /** Leaves out everything of the stream that is in the journal now, and goes on with what comes. */
    readonly discard: (sink: string, stream: EventId, who: string) => About
    /**
     * Forgets a sink that is no longer delivered to: its places in the journal, its blocked streams and its replays, and with
     * that what keeps entries from being pruned. A relay that still runs delivers nothing more.
     */
    readonly forget: (sink: string, who: string) => Effect.Effect<void, SinkNotFound | StoreError>
    /** Repairs the log if it was restored into another database cluster; `null` if there was nothing to repair. */
    readonly repair: (who: string) => Effect.Effect<Repaired | null, StoreError>
    /**
     * Deletes at most so many journal entries that happened before a time and that no sink needs any more; gives how many.
     * Whoever asks for the journal of an event finds those entries missing afterwards.
     */
    readonly prune: (before: Date, limit: number, who: string) => Effect.Effect<number, StoreError>
  }
>()("@turnout/OutboxOperations") {}
