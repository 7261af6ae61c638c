/**
 * The outbox, for operators: the uses that take more than one call of `OutboxOperations`, or a limit. HTTP and the command line
 * share them, so that the same decision leaves the same entry in the audit log.
 */
import * as Effect from "effect/Effect"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import {
  type BlockedStream,
  OutboxOperations,
  type SinkNotFound,
  type StreamMovedOn,
  type StreamNotBlocked
} from "../ports/OutboxOperations.ts"
import type { Keeper } from "../domain/Keeper.ts"
import type { PageByKey, PageRequest } from "../../kernel/domain/Page.ts"
import * as PartlyDone from "../../kernel/application/PartlyDone.ts"
import { pageByKey } from "../../kernel/application/Paging.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

/** The number of waiting entries of a blocked stream that are shown. */
const SHOWN = 20
/** The number of entries that are deleted in one transaction. */
const PRUNED_AT_ONCE = 5_000

/** An entry that waits, with its payload as a document. */
export interface WaitingEntry extends Omit<StoredEntry, "payload"> {
  readonly payload: unknown
}

/** A page of the blocked streams of a sink, in the order of their ids, which are the keys. */
export const blocked = (
  sink: string,
  isParked: boolean | null,
  page: PageRequest<EventId>
): Effect.Effect<PageByKey<BlockedStream, EventId>, SinkNotFound | StoreError, OutboxOperations> =>
  OutboxOperations.use((operations) =>
    pageByKey(
      (asked) => operations.blocked(sink, isParked, asked),
      page,
      ({ stream }) => stream
    )
  )

/** A blocked stream, with the first of its waiting entries. */
export const blockedStream = (
  sink: string,
  stream: EventId
): Effect.Effect<
  { readonly block: BlockedStream; readonly waiting: ReadonlyArray<WaitingEntry> },
  SinkNotFound | StreamNotBlocked | StoreError,
  OutboxOperations
> =>
  Effect.map(
    OutboxOperations.use((operations) => operations.blockedStream(sink, stream, SHOWN)),
    ({ block, waiting }) => ({
      block,
      waiting: waiting.map(({ payload, ...entry }) => ({ ...entry, payload: JSON.parse(payload) as unknown }))
    })
  )

/** Leaves out the entry of a blocked stream that is the first to wait at this time. */
export const skipFirst = (
  sink: string,
  stream: EventId,
  who: string
): Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StreamMovedOn | StoreError, OutboxOperations> =>
  OutboxOperations.use((operations) =>
    Effect.flatMap(operations.blockedStream(sink, stream, 1), ({ block: { version } }) =>
      operations.skip(sink, stream, version, who)
    )
  )

/** What one transaction of pruning has done. */
export interface Pruned {
  readonly deleted: number
  /** Whether others may be left to delete. */
  readonly isMore: boolean
}

/** Deletes journal entries that happened before this time and that nothing keeps, as many as one transaction does. */
export const prune = (before: Date, who: string): Effect.Effect<Pruned, StoreError, OutboxOperations> =>
  Effect.map(
    OutboxOperations.use((operations) => operations.prune(before, PRUNED_AT_ONCE, who)),
    (deleted) => ({ deleted, isMore: deleted === PRUNED_AT_ONCE })
  )

/**
 * The same, and what keeps the entries that are left; `null` as long as others may be left to delete. Fails with `PartlyDone` if
 * only the first of both succeeds.
 */
export const pruneAndLook = Effect.fnUntraced(function* (
  before: Date,
  who: string
): Effect.fn.Return<
  Pruned & { readonly keepers: ReadonlyArray<Keeper> | null },
  StoreError | PartlyDone.PartlyDone,
  OutboxOperations
> {
  const pruned = yield* prune(before, who)
  if (pruned.isMore) return { ...pruned, keepers: null }
  const looking = OutboxOperations.use((operations) => operations.keepers(before))
  const { deleted } = pruned
  if (deleted === 0) return { ...pruned, keepers: yield* looking }
  const told = `${deleted} entries were deleted.`
  return { ...pruned, keepers: yield* PartlyDone.after({ done: { deleted }, told, next: "" })(looking) }
})
