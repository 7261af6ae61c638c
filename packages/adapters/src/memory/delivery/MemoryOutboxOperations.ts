/**
 * The outbox in memory, for its operators. The log is kept whole, so there is nothing to prune.
 */
import { eventResource } from "@turnout/core/access/domain/audit/AuditEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { slots } from "@turnout/core/journal/domain/Slot"
import {
  type BlockedStream,
  OutboxOperations,
  SinkNotFound,
  type SinkStatus,
  StreamMovedOn,
  StreamNotBlocked
} from "@turnout/core/delivery/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Entries } from "../access/MemoryAuditLog.ts"
import { organizationOf } from "../access/MemoryAuditStore.ts"
import { MemoryClock } from "../MemoryClock.ts"
import { Log } from "../journal/MemoryLog.ts"
import * as MemoryKeepers from "./MemoryKeepers.ts"
import { type Blocked, Sinks, type SinkState } from "./MemorySinks.ts"

const make = Effect.gen(function* () {
  const log = yield* Log
  const sinks = yield* Sinks
  const audit = yield* Entries
  const { now, steady, toMoment } = yield* MemoryClock

  const toBlock = (sink: string, stream: EventId, blocked: Blocked): BlockedStream => ({
    sink,
    stream,
    version: blocked.version,
    attempts: blocked.attempts,
    error: blocked.error,
    since: toMoment(blocked.since),
    retryAt: blocked.retryAt === null ? null : toMoment(blocked.retryAt)
  })

  const entriesOf = (stream: EventId, slot: number) => log.slot(slot).filter(({ eventId }) => eventId === stream)

  const requireSink = (sink: string): Effect.Effect<SinkState, SinkNotFound> =>
    Effect.suspend(() => {
      const state = sinks.get(sink)
      return state === undefined ? Effect.fail(new SinkNotFound({ sink })) : Effect.succeed(state)
    })
  const requireBlock = (sink: string, stream: EventId) =>
    Effect.flatMap(requireSink(sink), (state) => {
      const blocked = state.blocked.get(stream)
      return blocked === undefined
        ? Effect.fail(new StreamNotBlocked({ sink, stream }))
        : Effect.succeed({ state, blocked })
    })

  /** Lets the relay try a blocked stream again at once, from a version on. */
  const change =
    (action: string, version: (blocked: Blocked, stream: EventId) => number) =>
    (sink: string, stream: EventId, who: string) =>
      Effect.map(requireBlock(sink, stream), ({ blocked, state }) => {
        const changed = { ...blocked, version: version(blocked, stream), attempts: 0, retryAt: steady() }
        state.blocked.set(stream, changed)
        const organizationId = organizationOf(log, stream)
        const about = { resource: eventResource(stream), organizationId }
        audit.write(who, action, { sink, stream, version: changed.version }, about)
        return toBlock(sink, stream, changed)
      })
  const retry = change("outbox.retry", ({ version }) => version)
  const skip = change("outbox.skip", ({ version }) => version + 1)

  const running = (relays: SinkState["relays"]) => [...relays.values()].filter((until) => until > steady()).length

  const statusOf = (name: string, { blocked, createdAt, leases, positions, relays }: SinkState): SinkStatus => {
    const waiting = slots.flatMap((slot) => log.slot(slot).slice(positions[slot]))
    const parked = [...blocked.values()].filter(({ retryAt }) => retryAt === null)
    const earliest = (times: ReadonlyArray<number>) => (times.length === 0 ? null : new Date(Math.min(...times)))
    return {
      name,
      createdAt,
      relays: running(relays),
      slots: leases.map(({ epoch, owner, until }, slot) => ({
        slot,
        epoch,
        owner,
        until: until === null ? null : toMoment(until.getTime())
      })),
      backlog: waiting.length,
      isBacklogLarger: false,
      oldest: earliest(waiting.map(({ occurredAt }) => occurredAt.getTime())),
      retrying: blocked.size - parked.length,
      parked: parked.length,
      parkedSince: earliest(parked.map(({ since }) => toMoment(since).getTime()))
    }
  }

  return OutboxOperations.of({
    status: Effect.sync(() => ({
      at: now(),
      written: slots.reduce((sum, slot) => sum + log.slot(slot).length, 0),
      sinks: [...sinks].map(([name, state]) => statusOf(name, state)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    })),
    relays: (sink) => Effect.map(requireSink(sink), ({ relays }) => running(relays)),
    blocked: (sink, isParked, { after, limit }) =>
      Effect.map(requireSink(sink), ({ blocked: all }) =>
        [...all]
          .filter(([, { retryAt }]) => isParked === null || (retryAt === null) === isParked)
          .filter(([stream]) => after === null || stream > after)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([stream, blocked]) => toBlock(sink, stream, blocked))
      ),
    blockedStream: (sink, stream, limit) =>
      Effect.map(requireBlock(sink, stream), ({ blocked }) => ({
        block: toBlock(sink, stream, blocked),
        waiting: entriesOf(stream, blocked.slot)
          .filter(({ version }) => version >= blocked.version)
          .slice(0, limit)
      })),
    retry,
    retryAll: (sink, who) =>
      Effect.flatMap(requireSink(sink), ({ blocked }) => {
        const parked = [...blocked].filter(([, { retryAt }]) => retryAt === null)
        return Effect.as(
          Effect.forEach(parked, ([stream]) => Effect.orDie(retry(sink, stream, who))),
          parked.length
        )
      }),
    skip: Effect.fnUntraced(function* (sink, stream, first, who) {
      const { version } = (yield* requireBlock(sink, stream)).blocked
      if (version !== first) return yield* new StreamMovedOn({ sink, stream, version })
      return yield* skip(sink, stream, who)
    }),
    discard: change("outbox.discard", ({ slot, version }, stream) =>
      Math.max(version, (entriesOf(stream, slot).at(-1)?.version ?? 0) + 1)
    ),
    forget: (sink, who) =>
      Effect.map(requireSink(sink), () => {
        sinks.delete(sink)
        audit.write(who, "outbox.forget", { sink }, { resource: `sink:${sink}` })
      }),
    repair: () => Effect.succeed(null),
    prune: () => Effect.succeed(0),
    keepers: (before) =>
      Effect.sync(() =>
        MemoryKeepers.keepersOf({ log, sinks, before, running: ({ relays }) => running(relays), toMoment })
      )
  })
})

export const layer: Layer.Layer<OutboxOperations, never, Log | Sinks | Entries | MemoryClock> = Layer.effect(
  OutboxOperations,
  make
)
