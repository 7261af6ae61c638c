/**
 * The outbox: reading the journal for sinks, so that each is given every event, in order per stream, at least once.
 *
 * The journal itself is what is delivered; nothing is stored per message. A sink has one position in each slot, and moving
 * it is what acknowledges. Two things keep that correct:
 *
 * - **Leases** (`domain/Lease`). A slot is delivered by whoever holds its lease. Every write carries the epoch of the
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
 * Every store passes the conformance suite in `test/conformance`.
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Block } from "../domain/Block.ts"
import type { Delivery } from "../domain/Delivery.ts"
import type { EventId } from "../domain/Event.ts"
import type { Owner } from "../domain/Lease.ts"
import type { StoreError } from "./StoreError.ts"

/** A place in the log of a slot, as the store that gave it understands it. */
export type Position = Brand.Branded<string, "@turnout/core/ports/Outbox/Position">

/** The lease of a slot, as its holder knows it. */
export interface HeldLease {
  readonly slot: number
  readonly epoch: number
}

/** A slot that was just claimed. */
export interface Claim extends HeldLease {
  /** Everything before it has been acknowledged. */
  readonly position: Position
}

/** Some entries of a slot, in the order of their streams. */
export interface Slice {
  readonly slot: number
  /** Without those of blocked streams. */
  readonly deliveries: ReadonlyArray<Delivery>
  /** Whether as many were looked at as may be: there may be more. */
  readonly isFull: boolean
  /** Behind the last of them. */
  readonly position: Position
  /** Behind one of them, by its index. */
  readonly positionAfter: (index: number) => Position
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
  readonly deliveries: ReadonlyArray<Delivery>
}

/** What has become of a retry. */
export interface Settlement extends HeldLease {
  readonly stream: EventId
  /** Of the block as it was read: if an operator has changed it in the meantime, it stays as the operator wants it. */
  readonly version: number
  /**
   * The block from now on. Its version may be further on; `attempts` of 0 and no pause mean that the entries behind are
   * next. `null` ends the block: everything that waited was delivered.
   */
  readonly block: Block | null
}

/** From where on a sink that was not known before is given events. */
export type StartFrom = "beginning" | "now"

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Positions in all slots, for whoever keeps them. */
    readonly positions: (
      from: StartFrom
    ) => Effect.Effect<ReadonlyArray<{ readonly slot: number; readonly position: Position }>, StoreError>
    /** Whether texts are positions of this store, as it is now: a store that was restored may know nothing of them. */
    readonly arePositions: (texts: ReadonlyArray<string>) => Effect.Effect<boolean, StoreError>
    /** Makes a sink known, if it is not. */
    readonly register: (sink: string, from: StartFrom) => Effect.Effect<void, StoreError>

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
    /** Gives leases back, and gives the slots of those that were still held. */
    readonly release: (
      sink: string,
      leases: ReadonlyArray<HeldLease>
    ) => Effect.Effect<ReadonlyArray<number>, StoreError>

    /**
     * The next entries behind each position: at most `limit` of a slot. Slots without any may be left out. Without a sink,
     * there are no blocked streams.
     */
    readonly read: (
      sink: string | null,
      positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>,
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
>()("@turnout/core/ports/Outbox") {}
