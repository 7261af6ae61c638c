/**
 * The outbox: reading the journal for sinks, so that each sink is given every entry, those of a stream in order, at least once.
 *
 * The outbox is the journal itself; nothing is stored for each message. A sink has one position in each slot, and moving it is
 * the only acknowledgement. Two mechanisms keep that correct:
 *
 * - **Leases** (`Lease`). The relay that holds the lease of a slot delivers the slot. Every write carries the epoch of the
 *   lease; under a superseded epoch it changes nothing, and the slot is missing from the answer.
 * - **Blocked streams**. An entry that cannot be delivered blocks its stream, for this sink: later entries of the stream wait
 *   with it, while the position moves on. The relay tries a blocked stream again after pauses, until the stream is *parked* and
 *   waits for an operator. The waiting entries are not stored as such: they are those from the version of the block on that the
 *   position has passed. Only the holder of the lease ends a block, and not while it delivers something else of the slot.
 *
 * `read` gives the entries of each stream in order and leaves out none: an entry whose transaction commits late, after others
 * were read already, comes in a later slice. An open transaction holds up no reader. Times are those of the store's clock.
 *
 * A store can lose what it has committed: a standby takes over that had not received everything, or the store is restored from
 * a backup. A position that a reader remembers may then be ahead of the store, which will give the same places to other
 * entries. So every position names the history that it rests on, and a store that does not have this history does not go by the
 * position:
 *
 * - A lease is held only as long as the store knows its epoch, its owner and the position that was acknowledged last. A relay
 *   whose lease is not held claims the slot again, and goes on where the store is.
 * - A reader without a lease is *set back*: it goes on at the last place of that history that the store still knows. It is
 *   given some entries again, and no entry is left out.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Block } from "../domain/Block.ts"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { Owner } from "../domain/Lease.ts"
import type { OnCommit, Position, ReadFrom, Slice, StartFrom } from "../../journal/ports/JournalReader.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

/** The id of a sink. A sink that is registered again after it was forgotten has another one. */
export type SinkId = Brand.Branded<string, "@turnout/SinkId">

/** The lease of a slot, as its holder knows it. */
export interface HeldLease {
  readonly slot: number
  readonly epoch: number
  readonly owner: Owner
  /** The position that was acknowledged last, or that was there when the slot was claimed. */
  readonly acknowledged: Position
}

/** A slot that is held under a lease, and the position to read on from. */
export interface ReadUnderLease extends ReadFrom {
  /** As in `HeldLease`. */
  readonly acknowledged?: Position
}

/** A slot that was just claimed. */
export interface Claim extends HeldLease {
  /** Everything before it has been acknowledged: the same as `acknowledged`. */
  readonly position: Position
}

export interface Acknowledgement extends HeldLease {
  /** The new position. */
  readonly position: Position
  /** The streams that are blocked from now on. */
  readonly blocked: ReadonlyArray<Block>
}

/**
 * A blocked stream whose pause is over, with the first of its waiting entries; with none, if an operator has left out all of
 * them. It is not returned before the position has passed every entry that the block leaves out: if the block ended earlier,
 * those entries would be read and delivered.
 */
export interface Retry {
  readonly slot: number
  readonly stream: EventId
  readonly version: number
  readonly attempts: number
  readonly deliveries: ReadonlyArray<StoredEntry>
}

/** What has become of a retry. */
export interface Settlement extends Omit<HeldLease, "acknowledged"> {
  readonly stream: EventId
  /** The version of the block as it was read. If an operator has changed the block since then, the operator's change stands. */
  readonly version: number
  /**
   * The block from now on. Its version may be a later one; with `attempts` of 0 and no pause, the entries from there on are
   * next. `null` ends the block: everything that waited was delivered.
   */
  readonly block: Block | null
}

export class Outbox extends Context.Service<
  Outbox,
  {
    /** As `onCommit` of `JournalReader`. */
    readonly onCommit: OnCommit
    /**
     * Registers a sink, if it is not registered, and returns its id. A caller that has registered it earlier passes its id as
     * `before`: if an operator has forgotten that sink, nothing is done, and there is no id; if the store has lost it, it is
     * given everything from the beginning. The sink of a webhook that does not exist, or is being removed, is not registered
     * either: it would stay, and no relay would read for it.
     */
    readonly register: (sink: string, from: StartFrom, before?: SinkId) => Effect.Effect<SinkId | undefined, StoreError>

    /** Announces a relay for `ttlMillis`, and returns the number of relays that are announced. */
    readonly announce: (sink: string, owner: Owner, ttlMillis: number) => Effect.Effect<number, StoreError>
    /** Withdraws the announcement of a relay. */
    readonly depart: (sink: string, owner: Owner) => Effect.Effect<void, StoreError>

    /** Claims up to `limit` slots that are free or whose lease has expired, except those that another claim is looking at. */
    readonly claim: (
      sink: string,
      relay: { readonly owner: Owner; readonly ttlMillis: number; readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<Claim>, StoreError>
    /** Renews leases, and returns the slots whose lease was still held. */
    readonly renew: (
      sink: string,
      leases: ReadonlyArray<HeldLease>,
      ttlMillis: number
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>
    /** Gives leases back, and returns the slots whose lease was still held, wherever their positions are. */
    readonly release: (
      sink: string,
      leases: ReadonlyArray<Omit<HeldLease, "acknowledged">>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>

    /**
     * Returns the next entries after each position, without those of blocked streams: at most `limit` of a slot. Slots without
     * any may be left out.
     */
    readonly read: (
      sink: string,
      positions: ReadonlyArray<ReadUnderLease>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Slice>, StoreError>
    /**
     * Moves positions on and blocks streams, for each slot both or neither. Returns the slots whose lease was still held. Carried out
     * a second time, after an answer that was lost, it changes nothing.
     */
    readonly acknowledge: (
      sink: string,
      acknowledgements: ReadonlyArray<Acknowledgement>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>

    /** Returns up to `limit` blocked streams of these slots whose pause is over, each with at most `depth` of its entries. */
    readonly due: (
      sink: string,
      positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>,
      options: { readonly limit: number; readonly depth: number }
    ) => Effect.Effect<ReadonlyArray<Retry>, StoreError>
    /** Milliseconds since the first of the parked streams of a sink was blocked; 0 if none is parked. */
    readonly parkedMillis: (sink: string) => Effect.Effect<number, StoreError>
    /** Writes what has become of retries. Returns the slots whose lease was still held. */
    readonly settle: (
      sink: string,
      settlements: ReadonlyArray<Settlement>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>
  }
>()("@turnout/Outbox") {}
