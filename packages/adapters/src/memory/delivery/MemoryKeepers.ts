/**
 * What keeps journal entries from being pruned, in memory: the store itself keeps all of them, and others would keep some.
 */
import type { Keeper } from "@turnout/core/delivery/domain/Keeper"
import { slots } from "@turnout/core/journal/domain/Slot"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { MemoryLog } from "../journal/MemoryLog.ts"
import type { Clocks } from "../MemoryClock.ts"
import type { Blocked, SinkState } from "./MemorySinks.ts"

export interface Asked extends Pick<Clocks, "toMoment"> {
  readonly log: MemoryLog
  readonly sinks: ReadonlyMap<string, SinkState>
  readonly before: Date
  /** The number of relays of a sink that run. */
  readonly running: (sink: SinkState) => number
}

const oldestOf = (entries: ReadonlyArray<StoredEntry>): Date =>
  new Date(entries.reduce((least, { occurredAt }) => Math.min(least, occurredAt.getTime()), Infinity))

/** The entries from before the time, if there are any. */
const kept = (entries: ReadonlyArray<StoredEntry>, before: Date) => {
  const own = entries.filter(({ occurredAt }) => occurredAt < before)
  return own.length === 0 ? undefined : { entries: own.length, oldest: oldestOf(own), isMore: false }
}

/** The first entry that waits in each blocked stream of a sink, if it is from before the time. */
const blockedOf = ({ before, log }: Asked, { blocked }: SinkState) =>
  [...blocked]
    .flatMap(([stream, block]) => {
      const first = log.slot(block.slot).find(({ eventId, version }) => eventId === stream && version >= block.version)
      return first === undefined || first.occurredAt >= before ? [] : [{ stream, block, first }]
    })
    .toSorted((a, b) => a.block.since - b.block.since || (a.stream < b.stream ? -1 : 1))

const isParked = ({ block }: { readonly block: Blocked }): boolean => block.retryAt === null

export const keepersOf = (asked: Asked): ReadonlyArray<Keeper> => {
  const { before, log, running, toMoment } = asked
  const sinks = [...asked.sinks].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const given = sinks.flatMap(([sink, state]): ReadonlyArray<Keeper> => {
    const waiting = slots.flatMap((slot) => log.slot(slot).slice(state.positions[slot]))
    const own = kept(waiting, before)
    return own === undefined ? [] : [{ _tag: "Sink", sink, relays: running(state), ...own }]
  })
  const blocked = sinks.flatMap(([sink, state]): ReadonlyArray<Keeper> => {
    const waiting = blockedOf(asked, state)
    const [first] = waiting
    if (first === undefined) return []
    return [
      {
        _tag: "BlockedStreams",
        sink,
        streams: waiting.length,
        parked: waiting.filter(isParked).length,
        stream: first.stream,
        since: toMoment(first.block.since),
        oldest: oldestOf(waiting.map(({ first }) => first))
      }
    ]
  })
  const replays = sinks.flatMap(([sink, { openReplays }]) =>
    [...openReplays.values()].flatMap(({ place, replay, upTo }): ReadonlyArray<Keeper> => {
      const own = kept(log.all.slice(place, upTo), before)
      const { id, sent, startedAt, total } = replay
      const state = replay.state === "stopped" ? "stopped" : "running"
      return own === undefined ? [] : [{ _tag: "Replay", replay: id, sink, state, startedAt, sent, total, ...own }]
    })
  )
  const all = kept(log.all, before)
  return [...given, ...blocked, ...replays, ...(all === undefined ? [] : [{ _tag: "Store" as const, ...all }])]
}
