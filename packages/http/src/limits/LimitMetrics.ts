/**
 * The metrics of limits, through effect's `Metric`.
 *
 * | metric | kind | what it measures |
 * | --- | --- | --- |
 * | `turnout_limits_degraded` | gauge | 1 while limits are counted by this process alone, since the store that all share is away |
 * | `turnout_limits_refused_total` | counter | requests refused by a limit, by `policy` |
 */
import * as Series from "@turnout/core/kernel/application/Series"
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

const degraded = Metric.gauge("turnout_limits_degraded", {
  description: "1 while limits are counted by this process alone, since the store that all share is away"
})

const refusedBy = (policy: string) =>
  Metric.counter("turnout_limits_refused_total", {
    description: "Requests refused by a limit",
    incremental: true,
    attributes: { policy }
  })

export interface LimitMetrics {
  /** A policy, by its name, has refused a request. */
  readonly refused: (policy: string) => void
  /** The store that all processes share has counted a request, or was away. */
  readonly asked: (isAway: boolean) => void
}

/** The metrics of these policies, in the registry of this context. */
export const make = (
  policies: ReadonlyArray<{ readonly name: string }>,
  context: Context.Context<never>
): LimitMetrics => {
  const refusals = new Map(policies.map(({ name }) => [name, Series.update(refusedBy(name), context)]))
  const setDegraded = Series.update(degraded, context)
  return {
    refused: (policy) => refusals.get(policy)?.(1),
    asked: (isAway) => setDegraded(isAway ? 1 : 0)
  }
}
