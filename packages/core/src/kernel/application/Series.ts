/**
 * The series of a metric, resolved once. Effect's `Metric.update` resolves it for each value, by its attributes and its name, which takes
 * three times as long as counting the value: too long where it happens for every request or transaction.
 *
 * The series is the one that effect's own functions update and read. One that is removed from its registry goes on counting unseen.
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** The hooks of the series of this metric in the registry of this context, which has the series from now on. */
const hooksOf = <Input, State>(
  metric: Metric.Metric<Input, State>,
  context: Context.Context<never>
): Metric.Metric.Hooks<Input, State> => {
  const alone: Metric.MetricRegistry = new Map()
  metric.valueUnsafe(Context.add(context, Metric.MetricRegistry, alone))
  const registry = Context.get(context, Metric.MetricRegistry)
  // Only the metric knows its key: it has put its series under it.
  const [[key, made]] = [...alone] as [[string, Metric.Metric.Metadata<Input, State>]]
  const known = registry.get(key)
  if (known === undefined) registry.set(key, made)
  return (known ?? made).hooks
}

/** Takes values as `Metric.update` does: counters add them, gauges are set to them, histograms observe them. */
export const update = <Input, State>(
  metric: Metric.Metric<Input, State>,
  context: Context.Context<never>
): ((input: Input) => void) => {
  const hooks = hooksOf(metric, context)
  return (input) => hooks.update(input, context)
}

/** Takes values as `Metric.modify` does: gauges add them. */
export const modify = <Input, State>(
  metric: Metric.Metric<Input, State>,
  context: Context.Context<never>
): ((input: Input) => void) => {
  const hooks = hooksOf(metric, context)
  return (input) => hooks.modify(input, context)
}
