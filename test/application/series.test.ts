/**
 * A series that is resolved once is the one that effect's own functions update and read.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Series from "@turnout/core/kernel/application/Series"
import * as Seconds from "@turnout/core/kernel/application/time/Seconds"
import { type Context, Effect, Metric } from "effect"

const given = (use: (context: Context.Context<never>) => Effect.Effect<void>) =>
  Effect.contextWith((context: Context.Context<never>) => use(context)).pipe(
    Effect.provideService(Metric.MetricRegistry, new Map())
  )

describe("a series", () => {
  it.effect("counts together with effect's own functions, whichever comes first", () =>
    given((context) =>
      Effect.gen(function* () {
        for (const isFirst of [true, false]) {
          const counter = Metric.counter(`counter_${isFirst}_total`, { attributes: { kind: "a" } })
          if (isFirst) yield* Metric.update(counter, 1)
          const add = Series.update(counter, context)
          add(2)
          yield* Metric.update(counter, 4)
          assert.strictEqual((yield* Metric.value(counter)).count, isFirst ? 7 : 6)
        }
        assert.lengthOf(yield* Metric.snapshot, 2)
      })
    )
  )

  it.effect("is another one for other attributes", () =>
    given((context) =>
      Effect.gen(function* () {
        const counter = Metric.counter("counter_total")
        Series.update(Metric.withAttributes(counter, { kind: "a" }), context)(1)
        Series.update(Metric.withAttributes(counter, { kind: "b" }), context)(2)
        const snapshot = yield* Metric.snapshot
        assert.deepStrictEqual(
          snapshot.map(({ attributes, state }) => [attributes, state]),
          [
            [{ kind: "a" }, { count: 1, incremental: false }],
            [{ kind: "b" }, { count: 2, incremental: false }]
          ]
        )
      })
    )
  )

  it.effect("of a gauge is set by update, and moved by modify", () =>
    given((context) =>
      Effect.gen(function* () {
        const gauge = Metric.gauge("gauge")
        Series.update(gauge, context)(5)
        Series.modify(gauge, context)(-2)
        assert.strictEqual((yield* Metric.value(gauge)).value, 3)
      })
    )
  )
})

describe("the boundaries of durations", () => {
  it("begin at half a millisecond, grow, and end with the infinite", () => {
    for (const boundaries of [Seconds.OF_WORK, Seconds.OF_LAGS]) {
      assert.strictEqual(boundaries[0], 0.0005)
      assert.strictEqual(boundaries.at(-1), Infinity)
      assert.deepStrictEqual(
        [...boundaries],
        boundaries.toSorted((one, other) => one - other)
      )
    }
    assert.includeMembers([...Seconds.OF_WORK], [0.1, 0.25, 1])
    assert.strictEqual(Seconds.OF_LAGS.at(-2), 3_600)
  })
})
