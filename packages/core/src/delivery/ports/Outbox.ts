/**
 * The outbox: reading the journal for sinks, so that each is given every event, in order per stream, at least once.
 *
 * The journal itself is what is delivered; nothing is stored per message. A sink has one position in each slot, and moving
 * it is what acknowledges. Two things keep that correct:
 *
 * - **Leases** (`Lease`). A slot is delivered by whoever holds its lease. Every write carries the epoch of the
 *   lease; under a superseded epoch it changes nothing, and the slot is missing from the answer.
 * - **Blocked streams**. An entry that cannot be delivered blocks its stream, for this sink: later entries of the stream
 *   wait with it, while the position moves on. A blocked stream is tried again from time to time, or is *parked* until an
 *   operator decides. Which entries wait is not stored: those from the version of the block on that the position has
 *   passed. Only the holder of the lease ends a block, and not while it delivers something else of the slot.
 *
 * `read` gives entries in the order of their streams and skips none that has committed, or ever will: an entry whose
 * transaction commits late, behind others that were read already, comes in a later slice. An open transaction holds up
 * nobody. Times are those of the store's clock.
 *
 * A store can lose what it has committed: a standby takes over that had not heard of everything, or a backup is put in its
 * place. What a reader remembers may then lie ahead of the store, which will give the same places to other entries. Every
 * position says what history it rests on, and a store that has not got it takes nothing of it for read:
 *
 * - A lease is held only as long as the store knows its epoch, its owner and the position that was acknowledged last. Whoever
 *   finds out otherwise claims again, and goes on where the store is.
 * - A reader without a lease is *set back*: it goes on at the last place on its way that the store still knows. Some entries are
 *   given again, none is left out.
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

/** Tells a sink from every other of its name, before it was forgotten or after. */
export type SinkId = Brand.Branded<string, "@turnout/SinkId">

/** The lease of a slot, as its holder knows it. */
export interface HeldLease {
  readonly slot: number
  readonly epoch: number
  readonly owner: Owner
  /** The position that was acknowledged last, or was there when the slot was claimed. */
  readonly acknowledged: Position
}

/** Where to read on in a slot, under a lease. */
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
  /** Streams that are blocked from now on. */
  readonly blocked: ReadonlyArray<Block>
}

/**
 * A blocked stream whose time has come, with the first of its entries that wait; none, if they were all left out. It is not
 * given before the position has passed everything that the block leaves out, or that would be read as if it had not been.
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
  /** Of the block as it was read: if an operator has changed it in the meantime, it stays as the operator wants it. */
  readonly version: number
  /**
   * The block from now on. Its version may be further on; `attempts` of 0 and no pause mean that the entries behind are
   * next. `null` ends the block: everything that waited was delivered.
   */
  readonly block: Block | null
}

export class Outbox extends Context.Service<
  Outbox,
  {
    /** As `onCommit` of the journal's reader. */
    readonly onCommit: OnCommit
    /**
     * Makes a sink known, if it is not, and gives its id. Who knew it by an id before gives that: if it was forgotten on purpose,
     * nothing is done, and there is none; if the store has lost it, it is given everything from the beginning. Nor is the sink of a
     * webhook made known that is not there, or is being removed: it would stay, and nobody would read from it.
     */
    readonly register: (sink: string, from: StartFrom, before?: SinkId) => Effect.Effect<SinkId | undefined, StoreError>

    /** Says that a worker is there for so long, and gives the number of workers that are. */
    readonly announce: (sink: string, owner: Owner, ttlMillis: number) => Effect.Effect<number, StoreError>
    /** Says that a worker is gone. */
    readonly depart: (sink: string, owner: Owner) => Effect.Effect<void, StoreError>

    /** Claims at most so many slots that are free or whose lease has expired; none that another claim is looking at. */
    readonly claim: (
      sink: string,
      worker: { readonly owner: Owner; readonly ttlMillis: number; readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<Claim>, StoreError>
    /** Renews leases, and gives the slots of those that were still held. */
    readonly renew: (
      sink: string,
      leases: ReadonlyArray<HeldLease>,
      ttlMillis: number
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>
    /** Gives leases back, and gives the slots of those that were still held, wherever their positions are. */
    readonly release: (
      sink: string,
      leases: ReadonlyArray<Omit<HeldLease, "acknowledged">>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>

    /** The next entries after each position, without those of blocked streams: at most `limit` of a slot. Slots without any may be left out. */
    readonly read: (
      sink: string,
      positions: ReadonlyArray<ReadUnderLease>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Slice>, StoreError>
    /** Moves positions on and blocks streams, for each slot both or neither; gives the slots whose lease was still held. */
    readonly acknowledge: (
      sink: string,
      acknowledgements: ReadonlyArray<Acknowledgement>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>

    /** Blocked streams of these slots whose time has come, at most `limit`, each with at most `depth` of its entries. */
    readonly due: (
      sink: string,
      positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>,
      options: { readonly limit: number; readonly depth: number }
    ) => Effect.Effect<ReadonlyArray<Retry>, StoreError>
    /** For how long the first of the parked streams of a sink has been blocked; 0 if none is parked. */
    readonly parkedMillis: (sink: string) => Effect.Effect<number, StoreError>
    /** Writes what has become of retries; gives the slots whose lease was still held. */
    readonly settle: (
      sink: string,
      settlements: ReadonlyArray<Settlement>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>
  }
>()("@turnout/Outbox") {}
