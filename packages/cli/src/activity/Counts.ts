/**
 * The counters and gauges of this process, as the log tells them.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** The values of a metric, by the value of one of its attributes. */
export type Counts = ReadonlyMap<string, number>

/** The values of the metric of this id, by the values of `attribute`. */
export const read = (id: string, attribute: string): Effect.Effect<Counts> =>
  Effect.map(Metric.snapshot, (all) => {
    const counts = new Map<string, number>()
    for (const one of all) {
      const of = one.attributes?.[attribute]
      if (one.id !== id || of === undefined) continue
      if (one.type === "Counter") counts.set(of, Number(one.state.count))
      if (one.type === "Gauge") counts.set(of, Number(one.state.value))
    }
    return counts
  })

export const sum = (counts: Counts): number => [...counts.values()].reduce((all, one) => all + one, 0)

/** What has come to each counter since then. */
export const since = (before: Counts, now: Counts): Counts =>
  new Map([...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)]))
