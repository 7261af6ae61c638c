/**
 * The metrics of relays: one name in the metrics for all webhooks, whose gauges have the longest time of those that still run.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RelayMetrics from "@turnout/core/delivery/application/RelayMetrics"
import { Effect, Metric } from "effect"

const WEBHOOKS = { sink: "webhooks" }

const gauges = Effect.gen(function* () {
  const behind = yield* Metric.value(Metric.withAttributes(RelayMetrics.behindLag, WEBHOOKS))
  const parked = yield* Metric.value(Metric.withAttributes(RelayMetrics.parkedLag, WEBHOOKS))
  return [behind.value, parked.value]
})

describe("the metrics of relays", () => {
  it.effect("of sinks with one name in the metrics are one: counts are added, and the longest time is shown", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<never>()
      const [one, other] = ["webhook:1", "webhook:2"].map((name) =>
        RelayMetrics.make({ name, measuredAs: "webhooks" }, context)
      ) as [RelayMetrics.RelayMetrics, RelayMetrics.RelayMetrics]
      assert.deepStrictEqual(yield* gauges, [0, 0])
      one.delivered(2)
      other.delivered(3)
      one.behind(4_000)
      other.behind(1_500)
      other.parkedFor(60_000)
      const { count } = yield* Metric.value(Metric.withAttributes(RelayMetrics.deliveries, WEBHOOKS))
      assert.strictEqual(count, 5)
      assert.deepStrictEqual(yield* gauges, [4, 60])
      one.behind(0)
      assert.deepStrictEqual(yield* gauges, [1.5, 60])
      other.ended()
      assert.deepStrictEqual(yield* gauges, [0, 0])
      const sinks = (yield* Metric.snapshot).map(({ attributes }) => attributes?.["sink"])
      assert.deepStrictEqual([...new Set(sinks)], ["webhooks"])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("have the name of the sink otherwise, and times in seconds", () =>
    Effect.gen(function* () {
      const metrics = RelayMetrics.make({ name: "sqs:mail" }, yield* Effect.context<never>())
      metrics.sent(250)
      metrics.read(2_000, true)
      metrics.read(3_000, false)
      const of = <I, S>(metric: Metric.Metric<I, S>) =>
        Metric.value(Metric.withAttributes(metric, { sink: "sqs:mail" }))
      const [sent, claimed, gated] = [
        yield* of(RelayMetrics.sendLag),
        yield* of(RelayMetrics.claimLag),
        yield* of(RelayMetrics.gateLag)
      ]
      assert.deepStrictEqual([sent.sum, claimed.sum, gated.sum], [0.25, 2, 3])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
