/**
 * Locks by key: equal keys wait for each other, others do not, and a lock that nobody has any more is forgotten.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as KeyedLock from "@turnout/adapters/internal/memory/KeyedLock"

const settle = Effect.repeat(Effect.yieldNow, { times: 20 })

describe("locks by key", () => {
  it.effect("keep equal keys waiting, and no others", () =>
    Effect.gen(function* () {
      const locked = KeyedLock.make()
      const gate = yield* Deferred.make<void>()
      const begun: Array<string> = []
      const hold = (key: string) =>
        Effect.forkChild(
          locked(key)(
            Effect.andThen(
              Effect.sync(() => begun.push(key)),
              Deferred.await(gate)
            )
          ),
          {
            startImmediately: true
          }
        )
      const fibers = [yield* hold("one"), yield* hold("one"), yield* hold("other")]
      yield* settle
      assert.deepStrictEqual(begun, ["one", "other"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(begun, ["one", "other", "one"])
    })
  )

  it.effect("are forgotten once nobody has them, however it ended", () =>
    Effect.gen(function* () {
      const locks = new Map<string, KeyedLock.Lock>()
      const locked = KeyedLock.make(locks)
      yield* locked("done")(Effect.void)
      yield* Effect.exit(locked("failed")(Effect.fail("no")))
      yield* Effect.exit(locked("died")(Effect.die("bug")))
      const holding = yield* Effect.forkChild(locked("held")(Effect.never), { startImmediately: true })
      const waiting = yield* Effect.forkChild(locked("held")(Effect.never), { startImmediately: true })
      yield* settle
      assert.deepStrictEqual([...locks.keys()], ["held"])
      yield* Fiber.interrupt(waiting)
      assert.deepStrictEqual([...locks.keys()], ["held"])
      yield* Fiber.interrupt(holding)
      assert.deepStrictEqual([...locks.keys()], [])
    })
  )
})
