/**
 * Replays in memory. The log is kept whole and in order, so a place in it is the number of entries that have been looked at.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import * as Lease from "@turnout/core/delivery/domain/Lease"
import type { Replay, ReplayId, Selection } from "@turnout/core/delivery/domain/Replay"
import { slotOf } from "@turnout/core/journal/domain/Slot"
import { SinkNotFound } from "@turnout/core/delivery/ports/OutboxOperations"
import { ReplayNotFound, ReplayNotOpen, type ReplayPlace, Replays } from "@turnout/core/delivery/ports/Replays"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { randomUUID } from "node:crypto"
import { Entries } from "../access/MemoryAuditLog.ts"
import { MemoryClock } from "../MemoryClock.ts"
import { Log } from "../journal/MemoryLog.ts"
import { type OpenReplay, Sinks, type SinkState } from "./MemorySinks.ts"

interface State extends OpenReplay {
  replay: Replay
  lease: Lease.Lease
  place: number
  /** The sink when the replay began: if it was forgotten since then, so is the replay. */
  readonly sink: SinkState
}

const toPlace = (place: number): ReplayPlace => String(place) as ReplayPlace

const isSelected = ({ from, message, stream, to, types }: Selection, { eventId, id, occurredAt, type }: StoredEntry) =>
  (from === null || occurredAt >= from) &&
  (to === null || occurredAt < to) &&
  (types === null || types.includes(type)) &&
  (stream === null || eventId === stream) &&
  (message === null || id === message)

const make = Effect.gen(function* () {
  const log = yield* Log
  const sinks = yield* Sinks
  const audit = yield* Entries
  const { now, steady } = yield* MemoryClock
  /** The time that leases are based on. */
  const leaseTime = (): Date => new Date(steady())
  /** The replays in the order in which they began. */
  const states = new Map<ReplayId, State>()
  const all = () => [...states.values()].filter(({ replay, sink }) => sinks.get(replay.sink) === sink)

  const write = (state: State, replay: Replay): Replay => {
    state.replay = replay
    if (replay.state === "running") state.sink.replays.add(replay.id)
    else state.sink.replays.delete(replay.id)
    if (replay.state === "running" || replay.state === "stopped") state.sink.openReplays.set(replay.id, state)
    else state.sink.openReplays.delete(replay.id)
    return replay
  }

  const find = (id: ReplayId): Effect.Effect<State, ReplayNotFound> =>
    Effect.suspend(() => {
      const state = all().find(({ replay }) => replay.id === id)
      return state === undefined ? Effect.fail(new ReplayNotFound({ id })) : Effect.succeed(state)
    })
  const change =
    (action: string, from: ReadonlyArray<Replay["state"]>, to: (replay: Replay) => Replay) =>
    (id: ReplayId, who: string) =>
      Effect.flatMap(find(id), (state) => {
        const { replay } = state
        if (!from.includes(replay.state)) return Effect.fail(new ReplayNotOpen({ id, state: replay.state }))
        write(state, to(replay))
        state.lease = { ...state.lease, owner: null, until: null }
        audit.write(who, action, { replay: id, sink: replay.sink, sent: replay.sent }, { resource: `replay:${id}` })
        return Effect.succeed(state.replay)
      })
  const count = (selection: Selection) => log.all.filter((entry) => isSelected(selection, entry)).length

  return Replays.of({
    count: (selection) => Effect.sync(() => count(selection)),
    start: ({ perSecond, selection, sink, who }) =>
      Effect.suspend(() => {
        const sinkState = sinks.get(sink)
        if (sinkState === undefined) return Effect.fail(new SinkNotFound({ sink }))
        const [id, total] = [randomUUID(), count(selection)]
        const replay: Replay = {
          id,
          sink,
          selection,
          perSecond,
          who,
          total,
          startedAt: now(),
          state: "running",
          sent: 0,
          error: null,
          endedAt: null
        }
        const state = { replay, lease: Lease.free, sink: sinkState, place: 0, upTo: log.all.length }
        states.set(id, state)
        write(state, replay)
        audit.write(who, "outbox.replay", { replay: id, sink, selection, entries: total }, { resource: `replay:${id}` })
        return Effect.succeed(replay)
      }),
    get: (id) => Effect.map(find(id), ({ replay }) => replay),
    list: ({ after, limit }) =>
      Effect.sync(() => {
        const latest = all()
          .toReversed()
          .map(({ replay }) => replay)
        const start = after === null ? 0 : latest.findIndex(({ id }) => id === after) + 1
        return after !== null && start === 0 ? [] : latest.slice(start, start + limit)
      }),
    cancel: change("outbox.replay.cancel", ["running", "stopped"], (replay) => ({
      ...replay,
      state: "cancelled",
      endedAt: now()
    })),
    resume: change("outbox.replay.resume", ["stopped"], (replay) => ({ ...replay, state: "running", error: null })),
    claim: (sink, owner, ttlMillis) =>
      Effect.sync(() => {
        for (const state of all()) {
          if (state.replay.sink !== sink || state.replay.state !== "running") continue
          const claimed = Lease.claim(state.lease, { owner, ttlMillis, now: leaseTime() })
          if (Result.isFailure(claimed)) continue
          state.lease = claimed.success
          return { replay: state.replay, epoch: state.lease.epoch, owner, place: toPlace(state.place) }
        }
        return undefined
      }),
    read: ({ id, selection }, place, limit) =>
      Effect.sync(() => {
        const { upTo } = states.get(id)!
        const entries: Array<{ slot: number; delivery: StoredEntry; place: ReplayPlace }> = []
        let at = Number(place)
        while (at < upTo && entries.length < limit) {
          const delivery = log.all[at++]!
          if (isSelected(selection, delivery))
            entries.push({ slot: slotOf(delivery.eventId), delivery, place: toPlace(at) })
        }
        return { entries, place: toPlace(at), isLast: at === upTo }
      }),
    advance: ({ epoch, error, id, owner, place, sent, state: next }, ttlMillis) =>
      Effect.sync(() => {
        const state = states.get(id)!
        if (state.lease.owner !== owner) return undefined
        const renewed = Lease.renew(state.lease, { epoch, ttlMillis, now: leaseTime() })
        if (state.replay.state !== "running" || Result.isFailure(renewed)) return undefined
        if (Number(place) < state.place || sent < state.replay.sent) return undefined
        state.lease = next === "running" ? renewed.success : { ...renewed.success, owner: null, until: null }
        state.place = Number(place)
        return write(state, { ...state.replay, state: next, sent, error, endedAt: next === "finished" ? now() : null })
      }),
    release: ({ epoch, id, owner }) =>
      Effect.sync(() => {
        const state = states.get(id)!
        if (state.lease.owner !== owner) return
        state.lease = Result.getOrElse(Lease.release(state.lease, epoch), () => state.lease)
      })
  })
})

export const layer: Layer.Layer<Replays, never, Log | Sinks | Entries | MemoryClock> = Layer.effect(Replays, make)
