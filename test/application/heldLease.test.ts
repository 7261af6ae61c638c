import * as HeldLease from "@turnout/core/delivery/application/HeldLease"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as SettableClock from "../support/SettableClock.ts"

const TTL = 10_000

const lease = Effect.map(SettableClock.make, ({ clock, set }) => {
  const leases = HeldLease.make(clock, TTL)
  return { leases, set, held: leases.hold(leases.ask()) }
})

describe("a lease in the hand of its holder", () => {
  it.effect("is renewed after a third of its time, and over before the last tenth", () =>
    Effect.gen(function* () {
      const { held, leases } = yield* lease
      const beganAt = leases.now()
      assert.strictEqual(Math.round(held.renewAt() - beganAt), 3_333)
      yield* TestClock.adjust(8_999)
      assert.isFalse(held.isOver())
      yield* TestClock.adjust(1)
      assert.isTrue(held.isOver())
    })
  )

  it.effect("counts from when it was asked for, not from when the store answered", () =>
    Effect.gen(function* () {
      const { held, leases } = yield* lease
      yield* TestClock.adjust(4_000)
      const asked = leases.ask()
      yield* TestClock.adjust(3_000)
      held.renewed(asked)
      yield* TestClock.adjust(5_999)
      assert.isFalse(held.isOver())
      yield* TestClock.adjust(1)
      assert.isTrue(held.isOver())
    })
  )

  it.effect("is waited for to its end, however often it is renewed", () =>
    Effect.gen(function* () {
      const { held, leases } = yield* lease
      const waiting = yield* Effect.forkChild(held.untilOver, { startImmediately: true })
      yield* TestClock.adjust(5_000)
      held.renewed(leases.ask())
      yield* TestClock.adjust(8_999)
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.await(waiting)
    })
  )

  it.effect("is in doubt after a machine has slept, until the store has renewed it", () =>
    Effect.gen(function* () {
      const { held, leases, set } = yield* lease
      const later = leases.hold(leases.ask())
      set(60_000)
      assert.isFalse(held.isDoubtful(), "nobody has looked")
      yield* leases.look
      assert.deepStrictEqual([held.isDoubtful(), later.isDoubtful(), held.isOver()], [true, true, false])
      held.renewed(leases.ask())
      assert.deepStrictEqual([held.isDoubtful(), later.isDoubtful()], [false, true])
      yield* leases.look
      assert.isFalse(held.isDoubtful())
      set(-60_000)
      yield* leases.look
      assert.isFalse(held.isDoubtful(), "a clock that is set back says nothing about sleep")
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
