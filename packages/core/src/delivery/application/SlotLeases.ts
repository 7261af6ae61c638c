/**
 * The slots that a relay holds: it gains its share of them, keeps them by renewing their leases, and resigns from them.
 *
 * The relays of a sink share its slots evenly: each announces itself, counts the others, and claims slots or gives them back
 * until it has its share. If the lease of a slot is lost, or the store does not know its position any more, the relay drops the
 * slot: it interrupts the delivery that is under way, and the relay that claims the slot next goes on where the store is.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Owner } from "../domain/Lease.ts"
import { SLOTS } from "../../journal/domain/Slot.ts"
import type { Claim, Outbox, SinkId } from "../ports/Outbox.ts"
import type { Position, StartFrom } from "../../journal/ports/JournalReader.ts"
import type { SinkUnavailable } from "../ports/Sink.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type * as HeldLease from "./HeldLease.ts"
import type { RelayMetrics } from "./RelayMetrics.ts"

/** A slot that a relay holds. */
export interface Holding {
  readonly slot: number
  readonly epoch: number
  readonly owner: Owner
  readonly lease: HeldLease.HeldLease
  position: Position
  /** The position as the store has it. */
  acknowledged: Position
  /** Whether nothing of the slot has been read yet. */
  isFresh: boolean
  /** The message ids of entries that have arrived after `position`: never more than a slice has. */
  arrived: ReadonlySet<string>
  /** The delivery that is under way. Nothing else of the slot is begun before its outcome is written down. */
  job: Fiber.Fiber<unknown, SinkUnavailable> | undefined
}

export interface SlotLeases {
  /** Makes the sink known to the store. */
  readonly register: Effect.Effect<void, StoreError>
  /** Renews leases that are due; from time to time, claims slots or gives some back. Returns whether it has gained any. */
  readonly keep: Effect.Effect<boolean, StoreError>
  /** Gives up slots that are not held any more, or whose position the store does not know. */
  readonly giveUp: (stale: ReadonlyArray<Holding>) => Effect.Effect<void, StoreError>
  /** Gives back every slot, so that other relays go on at once. */
  readonly resign: Effect.Effect<void, StoreError>
  readonly get: (slot: number) => Holding | undefined
  /** Whether a slot is still held under the same claim. */
  readonly isHeld: (holding: Holding) => boolean
  /** The slots for which nothing is under way, and whose leases are not over. */
  readonly ready: () => ReadonlyArray<Holding>
  readonly jobs: () => ReadonlyArray<NonNullable<Holding["job"]>>
  /** The moment, by monotonic time, at which `keep` has something to do. */
  readonly keepAt: () => number
}

export interface SlotLeasesOptions {
  readonly outbox: Outbox["Service"]
  readonly sink: string
  readonly owner: Owner
  readonly ttlMillis: number
  readonly startFrom: StartFrom
  readonly clock: HeldLease.LeaseClock
  readonly metrics: RelayMetrics
}

/** How often a relay counts the relays of the sink, and looks for expired leases. */
const LOOK_AROUND_MILLIS = 500

export const make = ({ clock, metrics, outbox, owner, sink, startFrom, ttlMillis }: SlotLeasesOptions): SlotLeases => {
  const holdings = new Map<number, Holding>()
  let lookAroundAt = 0
  /** The id of the sink, as the store last knew it. */
  let id: SinkId | undefined

  const all = (): ReadonlyArray<Holding> => [...holdings.values()]
  const isHeld = (holding: Holding): boolean => holdings.get(holding.slot) === holding
  const drop = (holding: Holding): void => {
    if (isHeld(holding)) holdings.delete(holding.slot)
    holding.job?.interruptUnsafe()
  }

  const giveUp = Effect.fnUntraced(function* (stale: ReadonlyArray<Holding>) {
    if (stale.length === 0) return
    stale.forEach(drop)
    metrics.lost(stale.length)
    yield* Effect.logWarning(
      `${owner} has lost its hold of ${stale.length} slots of ${sink}: entries without an acknowledgement are delivered again`
    )
    // If the store only does not know the position, the slot can be claimed again at once.
    yield* outbox.release(sink, stale)
  })

  const hold = ({ acknowledged, epoch, owner, position, slot }: Claim, asked: HeldLease.Asked): void =>
    void holdings.set(slot, {
      slot,
      epoch,
      owner,
      lease: clock.hold(asked),
      position,
      acknowledged,
      isFresh: true,
      arrived: new Set(),
      job: undefined
    })

  const gain = Effect.fnUntraced(function* (limit: number) {
    const asked = clock.ask()
    const claims = yield* outbox.claim(sink, { owner, ttlMillis, limit })
    claims.forEach((claim) => hold(claim, asked))
    metrics.claimed(claims)
    // A relay without slots may have to register again: the store may have lost the sink.
    if (holdings.size === 0) id = (yield* outbox.register(sink, startFrom, id)) ?? id
    return claims.length > 0
  })

  const giveBack = (count: number): Effect.Effect<unknown, StoreError> => {
    const excess = all()
      .filter(({ job }) => job === undefined)
      .slice(0, count)
    excess.forEach(drop)
    return outbox.release(sink, excess)
  }

  /** Counts the relays, and takes slots or gives some back until this relay has its share. */
  const balance = Effect.gen(function* () {
    const relays = yield* outbox.announce(sink, owner, ttlMillis)
    const share = Math.ceil(SLOTS / Math.max(relays, 1))
    if (holdings.size < share) return yield* gain(share - holdings.size)
    if (holdings.size > share) yield* giveBack(holdings.size - share)
    return false
  })

  const renew = Effect.fnUntraced(function* (due: ReadonlyArray<Holding>) {
    const asked = clock.ask()
    const held = yield* outbox.renew(sink, due, ttlMillis)
    for (const { lease, slot } of due) if (held.includes(slot)) lease.renewed(asked)
    yield* giveUp(due.filter(({ slot }) => !held.includes(slot)))
  })

  const keep = Effect.gen(function* () {
    for (const holding of all()) if (holding.lease.isOver()) drop(holding)
    const at = clock.now()
    yield* clock.look
    const due = all().filter(({ lease }) => at >= lease.renewAt() || lease.isDoubtful())
    if (due.length > 0) yield* renew(due)
    if (clock.now() < lookAroundAt) return false
    lookAroundAt = clock.now() + LOOK_AROUND_MILLIS
    return yield* balance
  })

  const resign = Effect.gen(function* () {
    const held = all()
    held.forEach(drop)
    yield* outbox.release(sink, held)
    yield* outbox.depart(sink, owner)
  })

  return {
    register: Effect.map(outbox.register(sink, startFrom), (registered) => void (id = registered)),
    keep,
    giveUp,
    resign,
    get: (slot) => holdings.get(slot),
    isHeld,
    ready: () => all().filter(({ job, lease }) => job === undefined && !lease.isOver()),
    jobs: () => all().flatMap(({ job }) => (job === undefined ? [] : [job])),
    keepAt: () => Math.min(lookAroundAt, ...all().map(({ lease }) => lease.renewAt()))
  }
}
