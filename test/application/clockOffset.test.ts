/**
 * What is told of a clock that differs from the store's: in the log, as much as an operator needs, and in a gauge.
 */
import { assert, describe, it } from "@effect/vitest"
import * as ClockOffset from "@turnout/core/kernel/application/time/ClockOffset"
import { Clock, Effect, Logger, Metric } from "effect"
import { TestClock } from "effect/testing"

const given = (
  work: (
    look: (aheadMillis: number | undefined) => Effect.Effect<number | undefined>,
    told: ReadonlyArray<string>
  ) => Effect.Effect<void>
) => {
  const told: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => void told.push(String(message)))
  return Effect.gen(function* () {
    let ahead: number | undefined
    const store = { now: () => new Date(), aheadMillis: () => ahead }
    const context = yield* Effect.context<never>()
    const offset = ClockOffset.make(store, yield* Clock.Clock, context)
    yield* work(
      (millis) =>
        Effect.gen(function* () {
          ahead = millis
          yield* offset.look
          return ClockOffset.offset.valueUnsafe(context).value * 1_000
        }),
      told
    )
  }).pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(Metric.MetricRegistry, new Map()))
}

const minute = TestClock.adjust("1 minute")

describe("a clock that differs from the store's", () => {
  it.effect("is told when it begins, and when it is over, and not in between", () =>
    given((look, told) =>
      Effect.gen(function* () {
        for (const millis of [600_000, 600_000, 600_400, 599_800]) {
          assert.strictEqual(yield* look(millis), millis)
          yield* minute
        }
        assert.deepStrictEqual(told, [
          "the clock of this process is 600.0 seconds behind that of the store: decisions go by the store's; set the clocks of both machines by a time service"
        ])
        for (const millis of [20, -20, 700]) yield* look(millis)
        assert.deepStrictEqual(told.slice(1), ["the clock of this process agrees with that of the store again"])
      })
    )
  )

  it.effect("is told on either side", () =>
    given((look, told) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* look(-1_000), -1_000)
        assert.include(told[0], "is 1.0 seconds ahead of that of the store")
      })
    )
  )

  it.effect("is not told below a second, nor before the store was heard", () =>
    given((look, told) =>
      Effect.gen(function* () {
        for (const millis of [undefined, 999, -999, 0]) yield* look(millis)
        assert.deepStrictEqual(told, [])
      })
    )
  )

  it.effect("is told again when it has become another, at most once a minute", () =>
    given((look, told) =>
      Effect.gen(function* () {
        for (let seconds = 2; seconds < 62; seconds++) {
          yield* look(seconds * 1_000)
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual(told.length, 1)
        yield* look(62_000)
        assert.strictEqual(told.length, 2)
        assert.include(told[1], "62.0 seconds")
      })
    )
  )
})
