/**
 * The outbox for its operators: looking at it, deciding about parked streams, pruning and repairing.
 *
 * Every change names the operator who makes it, and is written to the audit log (`AuditLog`) in the same transaction. An
 * operator changes a stream without a lease: the holder of its slot finds the block changed, and goes on from there.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { Keeper } from "../domain/Keeper.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/** No sink of this name is registered. */
const TheSink = described("The name of the sink", Schema.String)
const TheStream = described("The stream: the id of the event whose journal it is", Schema.String)

export class SinkNotFound extends TaggedError<SinkNotFound>()("SinkNotFound", { sink: TheSink }) {
  override get message(): string {
    return `There is no sink ${JSON.stringify(this.sink)}.`
  }
}

/** The stream is not blocked for this sink. */
export class StreamNotBlocked extends TaggedError<StreamNotBlocked>()("StreamNotBlocked", {
  sink: TheSink,
  stream: TheStream
}) {
  override get message(): string {
    return `The stream ${this.stream} is not blocked for the sink ${JSON.stringify(this.sink)}.`
  }
}

/** The entry is not the first of the stream that waits. */
export class StreamMovedOn extends TaggedError<StreamMovedOn>()("StreamMovedOn", {
  sink: TheSink,
  stream: TheStream,
  /** The version of the first entry that waits. */
  version: described("The version of the first entry that waits", Schema.Number)
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
  readonly relays: number
  readonly slots: ReadonlyArray<SlotStatus>
  /**
   * The number of entries after the position of the sink. Entries of blocked streams that the position has passed do not count.
   */
  readonly backlog: number
  /** Whether there are more entries than were counted. */
  readonly isBacklogLarger: boolean
  /** When the oldest of these entries happened. */
  readonly oldest: Date | null
  /** Streams that are tried again, and streams that are parked. */
  readonly retrying: number
  readonly parked: number
  /** Since when the first of the parked streams has been blocked. */
  readonly parkedSince: Date | null
}

export interface OutboxStatus {
  /** The time of the store's clock. */
  readonly at: Date
  /** About how many entries have been written in all: numbers of transactions that were rolled back count as well. */
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
  /** When the stream is tried again; `null` while it is parked. */
  readonly retryAt: Date | null
}

/** What a repair has changed. */
export interface Repaired {
  /** Positions that were set anew, one for each sink and slot. */
  readonly positions: number
  /** Entries that were given the transaction id of the repair. */
  readonly entries: number
}

/** The most entries that are counted: of the backlog for each slot, and of what is kept for each slot or replay. */
export const MAX_COUNTED = 20_000

type About = Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StoreError>

export class OutboxOperations extends Context.Service<
  OutboxOperations,
  {
    readonly status: Effect.Effect<OutboxStatus, StoreError>
    /** How many relays of a sink are running: those whose announcement has not expired. */
    readonly relays: (sink: string) => Effect.Effect<number, SinkNotFound | StoreError>
    /**
     * Returns blocked streams of a sink in the order of their ids, which are the keys; `isParked` restricts them to one kind.
     */
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
    /** Lets the relay try a blocked stream again at once, with all attempts anew. */
    readonly retry: (sink: string, stream: EventId, who: string) => About
    /** The same for every parked stream of a sink; returns how many there were. */
    readonly retryAll: (sink: string, who: string) => Effect.Effect<number, SinkNotFound | StoreError>
    /**
     * Leaves out the first entry that waits, which must have this version, and goes on with the next one. The sink is never
     * given the entry. Fails with `StreamMovedOn` if another entry is the first, as when an operator asks for the same skip
     * twice.
     */
    readonly skip: (
      sink: string,
      stream: EventId,
      version: number,
      who: string
    ) => Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StreamMovedOn | StoreError>
    /** Leaves out every entry of the stream that is in the journal now, and goes on with later ones. */
    readonly discard: (sink: string, stream: EventId, who: string) => About
    /**
     * Forgets a sink that is no longer delivered to: its positions, its blocked streams and its replays. From then on, it keeps
     * no entry from being pruned, and a relay that still runs delivers nothing more to it.
     */
    readonly forget: (sink: string, who: string) => Effect.Effect<void, SinkNotFound | StoreError>
    /** Repairs the log if it was restored into another database cluster; `null` if there was nothing to repair. */
    readonly repair: (who: string) => Effect.Effect<Repaired | null, StoreError>
    /**
     * Deletes up to `limit` journal entries that happened before this time and that no sink needs any more; returns their
     * number. Afterwards, they are missing from the journals of their events. A store may keep the latest entries (on Postgres
     * those of the last hour), which cursors of subscriptions may still rest on. The last entry of an event that was deleted
     * always stays.
     */
    readonly prune: (before: Date, limit: number, who: string) => Effect.Effect<number, StoreError>
    /**
     * Returns what keeps entries that happened before this time from being pruned: sinks by name, then blocked streams by sink,
     * then replays in the order in which they began, then the store. Counts up to `MAX_COUNTED` entries of each slot, or replay.
     * Without a keeper, only the last entries of deleted events may be left on Postgres.
     */
    readonly keepers: (before: Date) => Effect.Effect<ReadonlyArray<Keeper>, StoreError>
  }
>()("@turnout/OutboxOperations") {}
