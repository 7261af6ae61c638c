/**
 * The outbox in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * Guarantees what every outbox guarantees, within one process. Entries are committed one batch at a time, so a position is just
 * the number of entries of the slot that have been given, with the name of the log. A log in memory loses nothing as long as it
 * exists, so no reader is ever set back.
 */
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Lease from "@turnout/core/delivery/domain/Lease"
import { slots } from "@turnout/core/journal/domain/Slot"
import { type HeldLease, Outbox, type SinkId } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { webhookOf } from "@turnout/core/webhooks/domain/Webhook"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { MemoryClock } from "../MemoryClock.ts"
import * as MemoryPositions from "../journal/MemoryPositions.ts"
import { Log } from "../journal/MemoryLog.ts"
import { type Blocked, newSink, Sinks, type SinkState, Webhooks } from "./MemorySinks.ts"

const make = Effect.gen(function* () {
  const log = yield* Log
  const { now, steady } = yield* MemoryClock
  const sinks = yield* Sinks
  const webhooks = yield* Webhooks
  /** The time that leases are based on. */
  const leaseTime = (): Date => new Date(steady())

  const { givenOf, read, toPosition } = MemoryPositions.make(log)

  /** The state of a sink that is not registered, or was forgotten: no slot of it can be claimed. */
  const nothing = (): SinkState => ({
    id: "" as SinkId,
    leases: [],
    positions: [],
    blocked: new Map(),
    relays: new Map(),
    replays: new Set(),
    openReplays: new Map(),
    createdAt: now()
  })
  const stateOf = (sink: string): SinkState => sinks.get(sink) ?? nothing()
  /** Does some work for a sink in one step. */
  const at = <A>(sink: string, work: (state: SinkState) => A): Effect.Effect<A> =>
    Effect.sync(() => work(stateOf(sink)))

  const toBlocked = (slot: number, { attempts, error, retryAfterMillis, version }: Block, since?: number): Blocked => ({
    slot,
    since: since ?? steady(),
    version,
    attempts,
    error,
    retryAt: retryAfterMillis === null ? null : steady() + retryAfterMillis
  })

  /** Changes the leases for which that is allowed, and returns their slots. */
  const change = <L extends Omit<HeldLease, "acknowledged">>(
    { leases }: SinkState,
    held: ReadonlyArray<L>,
    to: (lease: Lease.Lease, held: L) => Result.Result<Lease.Lease, Lease.StaleLease>
  ): ReadonlyArray<number> =>
    held.flatMap((one) => {
      const lease = leases[one.slot]
      if (lease === undefined || lease.owner !== one.owner) return []
      const changed = to(lease, one)
      if (Result.isFailure(changed)) return []
      leases[one.slot] = changed.success
      return [one.slot]
    })

  /** Whether the position of a slot is one of these. */
  const isAt = ({ positions }: SinkState, slot: number, ...some: ReadonlyArray<Position>): boolean =>
    some.some((position) => givenOf(position) === positions[slot])

  return Outbox.of({
    onCommit: log.onAppend,
    register: (sink, from, before) =>
      Effect.sync(() => {
        // Nothing is ever lost here: a sink that was registered before, and is missing, has been forgotten.
        const known = sinks.get(sink)
        if (known !== undefined) return known.id
        if (before !== undefined) return undefined
        const webhook = webhookOf(sink)
        if (webhook !== undefined && !webhooks.has(webhook)) return undefined
        const state = newSink(log, from, now())
        sinks.set(sink, state)
        return state.id
      }),
    announce: (sink, owner, ttlMillis) =>
      at(sink, ({ relays }) => {
        const millis = steady()
        relays.set(owner, millis + ttlMillis)
        for (const [other, until] of relays) if (until <= millis) relays.delete(other)
        return relays.size
      }),
    depart: (sink, owner) => at(sink, ({ relays }) => void relays.delete(owner)),
    claim: (sink, { limit, owner, ttlMillis }) =>
      at(sink, ({ leases, positions }) => {
        const asked = { owner, ttlMillis, now: leaseTime() }
        const free = slots
          .filter((slot) => leases[slot] !== undefined && !Lease.isHeld(leases[slot], asked.now))
          .slice(0, limit)
        return free.map((slot) => {
          const lease = Result.getOrThrow(Lease.claim(leases[slot]!, asked))
          leases[slot] = lease
          const position = toPosition(positions[slot]!)
          return { slot, epoch: lease.epoch, owner, position, acknowledged: position }
        })
      }),
    renew: (sink, held, ttlMillis) =>
      at(sink, (state) => {
        const asked = { ttlMillis, now: leaseTime() }
        const current = held.filter(({ acknowledged, slot }) => isAt(state, slot, acknowledged))
        return change(state, current, (lease, { epoch }) => Lease.renew(lease, { epoch, ...asked }))
      }),
    release: (sink, held) =>
      at(sink, (state) => change(state, held, (lease, { epoch }) => Lease.release(lease, epoch))),
    read: (sink, positions, limit) =>
      at(sink, ({ blocked }) => read(positions, limit, ({ eventId }) => blocked.has(eventId))),
    acknowledge: (sink, acknowledgements) =>
      at(sink, (state) => {
        // The next position is there already if an answer was lost. Then the blocks were as well, and may have ended since.
        const current = acknowledgements.filter(({ acknowledged, position, slot }) =>
          isAt(state, slot, acknowledged, position)
        )
        return change(state, current, (lease, { acknowledged, blocked, epoch, position, slot }) =>
          Result.map(Lease.check(lease, epoch), (held) => {
            if (!isAt(state, slot, acknowledged)) return held
            state.positions[slot] = givenOf(position)
            for (const block of blocked) state.blocked.set(block.stream, toBlocked(slot, block))
            return held
          })
        )
      }),
    parkedMillis: (sink) =>
      at(sink, ({ blocked }) => {
        const parked = [...blocked.values()].filter(({ retryAt }) => retryAt === null)
        return Math.max(0, ...parked.map(({ since }) => steady() - since))
      }),
    due: (sink, positions, { depth, limit }) =>
      at(sink, ({ blocked }) => {
        const millis = steady()
        const given = new Map(positions.map(({ position, slot }) => [slot, givenOf(position)]))
        const perSlot = new Map<number, number>()
        const isLeftOutPassed = (stream: EventId, { slot, version }: Blocked): boolean =>
          !log
            .slot(slot)
            .slice(given.get(slot))
            .some((entry) => entry.eventId === stream && entry.version === version - 1)
        const retries = [...blocked]
          .filter(([, { retryAt, slot }]) => given.has(slot) && retryAt !== null && retryAt <= millis)
          .filter(([stream, block]) => isLeftOutPassed(stream, block))
          .toSorted(([, a], [, b]) => a.retryAt! - b.retryAt!)
          .filter(([, { slot }]) => {
            const taken = (perSlot.get(slot) ?? 0) + 1
            perSlot.set(slot, taken)
            return taken <= limit
          })
        return retries.map(([stream, { attempts, slot, version }]) => {
          const waits = (entry: StoredEntry) => entry.eventId === stream && entry.version >= version
          const deliveries = log.slot(slot).slice(0, given.get(slot)).filter(waits).slice(0, depth)
          return { slot, stream, version, attempts, deliveries }
        })
      }),
    settle: (sink, settlements) =>
      at(sink, (state) => {
        const held = change(state, settlements, (lease, { block, epoch, slot, stream, version }) =>
          Result.map(Lease.check(lease, epoch), (same) => {
            const known = state.blocked.get(stream)
            if (known?.version !== version) return same
            if (block === null) state.blocked.delete(stream)
            // One that is carried out late takes no attempts back, and retries no stream that was parked since.
            else if (block.version > known.version || block.attempts >= known.attempts)
              state.blocked.set(stream, toBlocked(slot, block, known.since))
            return same
          })
        )
        return [...new Set(held)]
      })
  })
})

/** The outbox on a log. */
export const layer: Layer.Layer<Outbox, never, Log | Sinks | Webhooks | MemoryClock> = Layer.effect(Outbox, make)
