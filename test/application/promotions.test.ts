/**
 * Who carries promotions on that are too many for one commit: after a raise, after a failure, and after another process.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Steps from "@turnout/core/admission/application/engine/Steps"
import type { Reply } from "@turnout/core/admission/domain/Batch"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Result } from "effect"
import { TestClock } from "effect/testing"

/** The clock of a store that says the same as this process. */
const clock = { now: () => new Date(), aheadMillis: () => 0 }

const [ONE, TWO, THREE] = ["one", "two", "three"] as unknown as readonly [EventId, EventId, EventId]

const settle = Effect.repeat(Effect.yieldNow, { times: 50 })

/** An answer that shows so many waiters and free seats. */
const answerOf = (id: EventId, due: number): Reply => ({
  answer: Result.succeed({
    event: {
      id,
      status: "published",
      endsAt: new Date(Date.UTC(2999)),
      capacity: due,
      counts: { confirmed: 0, waitlisted: due, attended: 0, noShow: 0 }
    } as never
  }),
  replayed: false
})

const down = Effect.fail(
  new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("down") }) })
)

describe("promotions", () => {
  it.effect("are carried on step by step until none is due, for every event, and again after the next raise", () =>
    Effect.gen(function* () {
      const due = new Map([
        [ONE, 3],
        [TWO, 1]
      ])
      const steps: Array<EventId> = []
      const promote = (id: EventId) =>
        Effect.sync(() => {
          steps.push(id)
          due.set(id, due.get(id)! - 1)
          return answerOf(id, due.get(id)!)
        })
      const promotions = yield* Steps.make(Effect.succeed([]), promote, clock)
      for (const id of [ONE, TWO]) promotions.carryOn(id)
      yield* settle
      assert.deepStrictEqual(steps.toSorted(), [ONE, ONE, ONE, TWO].toSorted())
      due.set(ONE, 2)
      promotions.carryOn(ONE)
      yield* settle
      assert.deepStrictEqual([due.get(ONE), due.get(TWO)], [0, 0])
    }).pipe(Effect.scoped)
  )

  it.effect("are carried on by one at a time", () =>
    Effect.gen(function* () {
      let underway = 0
      const promote = (id: EventId) =>
        Effect.gen(function* () {
          underway += 1
          assert.strictEqual(underway, 1)
          yield* Effect.sleep(1_000)
          underway -= 1
          return answerOf(id, 0)
        })
      const promotions = yield* Steps.make(Effect.succeed([]), promote, clock)
      for (let time = 0; time < 3; time++) promotions.carryOn(ONE)
      yield* settle
      assert.strictEqual(underway, 1)
      yield* TestClock.adjust(1_000)
      yield* settle
      assert.strictEqual(underway, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("are looked for at the start and every so often, of every event, and those that failed as well", () =>
    Effect.gen(function* () {
      const steps: Array<EventId> = []
      let isDown = true
      const promote = (id: EventId) =>
        Effect.suspend(() => {
          steps.push(id)
          return isDown ? down : Effect.succeed(answerOf(id, 0))
        })
      yield* Steps.make(Effect.succeed([ONE, TWO, THREE]), promote, clock)
      yield* settle
      assert.deepStrictEqual(steps.splice(0).toSorted(), [ONE, TWO, THREE].toSorted())
      isDown = false
      yield* TestClock.adjust(Steps.SWEEP_INTERVAL_MILLIS)
      yield* settle
      assert.deepStrictEqual(steps.toSorted(), [ONE, TWO, THREE].toSorted())
    }).pipe(Effect.scoped)
  )
})
