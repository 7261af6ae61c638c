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

export const degraded = Metric.gauge("turnout_limits_degraded", {
  description: "1 while limits are counted by this process alone, since the store that all share is away"
})

const refusedBy = (policy: string) =>
  Metric.counter("turnout_limits_refused_total", {
    description: "Requests refused by a limit",
    incremental: true,
    attributes: { policy }
  })

/** Counts refusals by the names of policies, in the registry of this context. */
export const refusals = (
  policies: ReadonlyArray<{ readonly name: string }>,
  context: Context.Context<never>
): ((policy: string) => void) => {
  const counters = new Map(policies.map(({ name }) => [name, Series.update(refusedBy(name), context)]))
  return (policy) => counters.get(policy)?.(1)
}
