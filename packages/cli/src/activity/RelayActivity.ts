/**
 * What the relays of this process have done: entries that were delivered, attempts that failed, streams that were parked, and how far
 * the entries in hand are behind. All webhooks are one sink in it, as in the metrics that it reads.
 */
import * as RelayMetrics from "@turnout/core/delivery/application/RelayMetrics"
import * as Effect from "effect/Effect"
import { count, duration } from "../output/Words.ts"
import type { Activity, Told } from "./Activity.ts"
import * as Counts from "./Counts.ts"

interface State {
  readonly delivered: Counts.Counts
  readonly failed: Counts.Counts
  readonly parked: Counts.Counts
  readonly behind: Counts.Counts
}

/** The most sinks that a line names. */
const NAMED = 5

const read: Effect.Effect<State> = Effect.all({
  delivered: Counts.read(RelayMetrics.deliveries.id, "sink"),
  failed: Counts.read(RelayMetrics.retries.id, "sink"),
  parked: Counts.read(RelayMetrics.parks.id, "sink"),
  behind: Counts.read(RelayMetrics.behindLag.id, "sink")
})

interface OfSink {
  readonly sink: string
  readonly delivered: number
  readonly failed: number
  readonly parked: number
  readonly lagMillis: number
}

const bySink = (before: State, now: State): ReadonlyArray<OfSink> => {
  const [delivered, failed, parked] = (["delivered", "failed", "parked"] as const).map((name) =>
    Counts.since(before[name], now[name])
  ) as [Counts.Counts, Counts.Counts, Counts.Counts]
  const names = new Set([delivered, failed, parked, now.behind].flatMap((counts) => [...counts.keys()]))
  return [...names].map((sink) => ({
    sink,
    delivered: delivered.get(sink) ?? 0,
    failed: failed.get(sink) ?? 0,
    parked: parked.get(sink) ?? 0,
    lagMillis: Math.round((now.behind.get(sink) ?? 0) * 1_000)
  }))
}

/** What the sinks have in common, and which sink is behind most. */
const tell = (before: State, now: State, isTotal: boolean): Told => {
  const sinks = bySink(before, now)
  const totalOf = (name: "delivered" | "failed" | "parked") => sinks.reduce((all, one) => all + one[name], 0)
  const [delivered, failed, parked] = [totalOf("delivered"), totalOf("failed"), totalOf("parked")]
  const last = sinks.toSorted((one, other) => other.lagMillis - one.lagMillis)[0]
  const lagMillis = last?.lagMillis ?? 0
  const counts = `${count(delivered)} delivered, ${count(failed)} failed, ${count(parked)} parked`
  // At the end, nothing is in hand any more.
  if (isTotal) return { words: counts, fields: { delivered, failed, parked, sinks } }
  const busy = sinks.filter((one) => one.delivered + one.failed + one.parked > 0 || one.lagMillis > 0).slice(0, NAMED)
  const behind = last === undefined || lagMillis === 0 ? "" : ` (${last.sink})`
  return {
    words: `${counts}; lag ${duration(lagMillis)}${behind}`,
    fields: { delivered, failed, parked, lagMillis, ...(sinks.length > 1 ? { sinks: busy } : {}) }
  }
}

export const activity: Activity<State> = { read, tell }
