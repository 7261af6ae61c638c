/**
 * The metrics of caches, through effect's `Metric`.
 *
 * | metric | kind | what it measures |
 * | --- | --- | --- |
 * | `turnout_cache_reads_total` | counter | reads, by `kind` and by `outcome` |
 * | `turnout_cache_errors_total` | counter | questions that the cache of all processes has not answered, by `kind` |
 * | `turnout_cache_age_seconds` | histogram | the age of what was answered from a cache, by `kind` |
 *
 * The outcomes are `hit`, from the memory of the process; `shared`, from the cache of all processes; `miss`, from the database; and
 * `uncached`, from the database since no cache could be believed. The ratio of hits is the share of the first two.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Series from "../../kernel/application/Series.ts"

export type CacheOutcome = "hit" | "shared" | "miss" | "uncached"

const reads = Metric.counter("turnout_cache_reads_total", {
  description: "Reads, by kind and by outcome: hit, shared, miss or uncached",
  incremental: true
})
const errors = Metric.counter("turnout_cache_errors_total", {
  description: "Questions that the cache of all processes has not answered, by kind",
  incremental: true
})
const age = Metric.histogram("turnout_cache_age_seconds", {
  description: "The age of what was answered from a cache, by kind",
  boundaries: [0.01, 0.1, 1, 5, 15, 60, 300, 600]
})

export interface KindMetrics {
  readonly read: Readonly<Record<CacheOutcome, () => void>>
  readonly failed: () => void
  /** Takes an age in milliseconds. */
  readonly aged: (millis: number) => void
}

/** The metrics of a kind, in the registry of this context. */
export const make = (kind: string, context: Context.Context<never>): KindMetrics => {
  const readsOf = (outcome: CacheOutcome) => {
    const add = Series.update(Metric.withAttributes(reads, { kind, outcome }), context)
    return () => add(1)
  }
  const fail = Series.update(Metric.withAttributes(errors, { kind }), context)
  const observe = Series.update(Metric.withAttributes(age, { kind }), context)
  return {
    read: { hit: readsOf("hit"), shared: readsOf("shared"), miss: readsOf("miss"), uncached: readsOf("uncached") },
    failed: () => fail(1),
    aged: (millis) => observe(millis / 1_000)
  }
}
