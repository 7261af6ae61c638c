/**
 * The outbox in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * Guarantees what every outbox guarantees, within one process. Entries are committed one batch at a time, so a position is
 * simply how many entries of the slot have been given.
 */
import type { Block } from "@turnout/core/domain/Block"
import type { Delivery } from "@turnout/core/domain/Delivery"
import * as Lease from "@turnout/core/domain/Lease"
import type { EventId } from "@turnout/core/domain/Event"
import { slots } from "@turnout/core/domain/Slot"
import { Outbox, type Position } from "@turnout/core/ports/Outbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { Log } from "./MemoryLog.ts"
import { type Blocked, Sinks, type SinkState } from "./MemorySinks.ts"

const toPosition = (given: number): Position => String(given) as Position

const make = Effect.gen(function* () {
  const log = yield* Log
  const clock = yield* Clock.Clock
  const sinks = yield* Sinks
  const now = (): Date => new Date(clock.currentTimeMillisUnsafe())

  /** Of a sink that nobody knows, or that was forgotten: nothing can be claimed of it. */
  const nothing = (): SinkState => ({
    leases: [],
    positions: [],
    blocked: new Map(),
    workers: new Map(),
    createdAt: now()
  })
  const stateOf = (sink: string): SinkState => sinks.get(sink) ?? nothing()
  /** Something done at once, for a sink. */
  const at = <A>(sink: string, work: (state: SinkState) => A): Effect.Effect<A> =>
    Effect.sync(() => work(stateOf(sink)))

  const toBlocked = (slot: number, { attempts, error, retryAfterMillis, version }: Block, since?: number): Blocked => ({
    slot,
    since: since ?? now().getTime(),
    version,
    attempts,
    error,
    retryAt: retryAfterMillis === null ? null : now().getTime() + retryAfterMillis
  })

  /** Changes the leases for which that is allowed, and gives their slots. */
  const change = <L extends { readonly slot: number; readonly epoch: number }>(
    { leases }: SinkState,
    held: ReadonlyArray<L>,
    to: (lease: Lease.Lease, held: L) => Result.Result<Lease.Lease, Lease.StaleLease>
  ): ReadonlyArray<number> =>
    held.flatMap((one) => {
      const lease = leases[one.slot]
      if (lease === undefined) return []
      const changed = to(lease, one)
      if (Result.isFailure(changed)) return []
      leases[one.slot] = changed.success
      return [one.slot]
    })

  return Outbox.of({
    arePositions: (texts) => Effect.succeed(texts.every((text) => /^\d{1,15}$/.test(text))),
    positions: (from) =>
      Effect.sync(() =>
        slots.map((slot) => ({ slot, position: toPosition(from === "beginning" ? 0 : log.slot(slot).length) }))
      ),
    register: (sink, from) =>
      Effect.sync(() => {
        if (sinks.has(sink)) return
        sinks.set(sink, {
          leases: slots.map(() => Lease.free),
          positions: slots.map((slot) => (from === "beginning" ? 0 : log.slot(slot).length)),
          blocked: new Map(),
          workers: new Map(),
          createdAt: now()
        })
      }),
    announce: (sink, owner, ttlMillis) =>
      at(sink, ({ workers }) => {
        const millis = now().getTime()
        workers.set(owner, millis + ttlMillis)
        for (const [other, until] of workers) if (until <= millis) workers.delete(other)
        return workers.size
      }),
    depart: (sink, owner) => at(sink, ({ workers }) => void workers.delete(owner)),
    claim: (sink, { limit, owner, ttlMillis }) =>
      at(sink, ({ leases, positions }) => {
        const asked = { owner, ttlMillis, now: now() }
        const free = slots
          .filter((slot) => leases[slot] !== undefined && !Lease.isHeld(leases[slot], asked.now))
          .slice(0, limit)
        return free.map((slot) => {
          const lease = Result.getOrThrow(Lease.claim(leases[slot]!, asked))
          leases[slot] = lease
          return { slot, epoch: lease.epoch, position: toPosition(positions[slot]!) }
        })
      }),
    renew: (sink, held, ttlMillis) =>
      at(sink, (state) => {
        const asked = { ttlMillis, now: now() }
        return change(state, held, (lease, { epoch }) => Lease.renew(lease, { epoch, ...asked }))
      }),
    release: (sink, held) =>
      at(sink, (state) => change(state, held, (lease, { epoch }) => Lease.release(lease, epoch))),
    read: (sink, positions, limit) =>
      Effect.sync(() => {
        const blocked = sink === null ? undefined : stateOf(sink).blocked
        return positions.flatMap(({ position, slot }) => {
          const given = Number(position)
          const all = log.slot(slot)
          if (given >= all.length) return []
          const entries = all.slice(given, given + limit)
          const deliveries = entries.filter(({ eventId }) => blocked?.has(eventId) !== true)
          const positionAfter = (index: number) => toPosition(given + entries.indexOf(deliveries[index]!) + 1)
          const behind = toPosition(given + entries.length)
          return [{ slot, deliveries, isFull: entries.length === limit, position: behind, positionAfter }]
        })
      }),
    acknowledge: (sink, acknowledgements) =>
      at(sink, (state) =>
        change(state, acknowledgements, (lease, { blocked, epoch, position, slot }) =>
          Result.map(Lease.check(lease, epoch), (held) => {
            state.positions[slot] = Number(position)
            for (const block of blocked) state.blocked.set(block.stream, toBlocked(slot, block))
            return held
          })
        )
      ),
    parkedMillis: (sink) =>
      at(sink, ({ blocked }) => {
        const parked = [...blocked.values()].filter(({ retryAt }) => retryAt === null)
        return Math.max(0, ...parked.map(({ since }) => now().getTime() - since))
      }),
    due: (sink, positions, { depth, limit }) =>
      at(sink, ({ blocked }) => {
        const millis = now().getTime()
        const given = new Map(positions.map(({ position, slot }) => [slot, Number(position)]))
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
          const waits = (entry: Delivery) => entry.eventId === stream && entry.version >= version
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
            else state.blocked.set(stream, toBlocked(slot, block, known.since))
            return same
          })
        )
        return [...new Set(held)]
      })
  })
})

/** The outbox of a log. */
export const layer: Layer.Layer<Outbox, never, Log | Sinks> = Layer.effect(Outbox, make)
