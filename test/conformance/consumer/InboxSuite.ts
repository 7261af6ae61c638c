/**
 * The contract of an inbox, as a suite. One line runs it on an inbox:
 *
 * ```ts
 * suite("my inbox", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { HandlerTimedOut, Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Deferred, Effect, Exit, Fiber, type Layer } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (inbox: Inbox["Service"]) => Effect.Effect<A, E, R>) => Inbox.use(f)

/** An effect, and the number of its runs. */
const counted = (pause: Effect.Effect<unknown> = Effect.void) => {
  const state = { runs: 0 }
  const effect = Effect.suspend(() => {
    state.runs += 1
    return pause
  })
  return { state, effect }
}

const LIMIT_MILLIS = 200
/** Less than any time-out of a store after which it would give up an effect by itself. */
const SOON_MILLIS = 5_000

/** Deals with a message whose effect has a limit, and expects it to be given up soon. */
const givenUp = (key: string, effect: Effect.Effect<unknown>) =>
  use((inbox) => inbox.once("mail", key, effect, LIMIT_MILLIS)).pipe(
    Effect.flip,
    Effect.timeout(SOON_MILLIS),
    Effect.tap((error) => Effect.sync(() => assert.instanceOf(error, HandlerTimedOut)))
  )

const DAY = 86_400_000

/** Sweeps through all records, and returns how many messages were forgotten. */
const forgetAll = Effect.fnUntraced(function* (consumer: string | null, ageMillis: number) {
  let forgotten = 0
  while (true) {
    const { deleted, isThrough } = yield* use((inbox) => inbox.forget(consumer, ageMillis))
    forgotten += deleted
    if (isThrough) return forgotten
  }
})

/** What happens in the process meanwhile that nobody waits for. */
const unhandled = Effect.acquireRelease(
  Effect.sync(() => {
    const seen: Array<unknown> = []
    const note = (reason: unknown) => void seen.push(reason)
    process.on("unhandledRejection", note)
    return { seen, note }
  }),
  ({ note }) => Effect.sync(() => process.off("unhandledRejection", note))
).pipe(Effect.map(({ seen }) => seen))

export const suite = <E>(name: string, layer: Layer.Layer<Inbox, E>): void => {
  describe(`inbox: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("N1: runs the effect of a message once, however often the message comes", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const { effect, state } = counted()
          const ran: Array<boolean> = []
          for (let time = 0; time < 3; time++) ran.push(yield* use((inbox) => inbox.once("mail", key, effect)))
          assert.deepStrictEqual([ran, state.runs], [[true, false, false], 1])
        })
      )

      it.effect("N1: runs it once if the message comes several times at the same moment", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const { effect, state } = counted(Effect.sleep(50))
          const ran = yield* Effect.all(
            Array.from({ length: 8 }, () => use((inbox) => inbox.once("mail", key, effect))),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual([ran.filter(Boolean).length, state.runs], [1, 1])
        })
      )

      it.effect("N1: records nothing of an effect that fails, dies or is interrupted, and runs it again", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const failure = yield* Effect.flip(use((inbox) => inbox.once("mail", key, Effect.fail("no" as const))))
          assert.strictEqual(failure, "no")
          const death = yield* Effect.exit(use((inbox) => inbox.once("mail", key, Effect.die("bug"))))
          assert.isTrue(Exit.isFailure(death))
          const hanging = yield* Effect.forkChild(use((inbox) => inbox.once("mail", key, Effect.never)))
          yield* Effect.sleep(50)
          yield* Fiber.interrupt(hanging)
          const { effect, state } = counted()
          assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect)))
          assert.strictEqual(state.runs, 1)
        })
      )

      it.effect("runs the effect for a caller that waited, if the one before fails", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const first = yield* Effect.forkChild(
            Effect.exit(use((inbox) => inbox.once("mail", key, Effect.andThen(Effect.sleep(100), Effect.fail("no"))))),
            { startImmediately: true }
          )
          yield* Effect.sleep(30)
          const { effect, state } = counted()
          assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect)))
          assert.isTrue(Exit.isFailure(yield* Fiber.join(first)))
          assert.strictEqual(state.runs, 1)
        })
      )

      it.effect("N5: an effect may take as long as its limit, and the store waits for it", () =>
        Effect.gen(function* () {
          const { effect, state } = counted(Effect.sleep(2_000))
          const key = randomUUID()
          assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect, 30_000)))
          assert.isFalse(yield* use((inbox) => inbox.once("mail", key, effect, 30_000)))
          assert.strictEqual(state.runs, 1)
        })
      )

      /** Effects that do not end in time. */
      const ENDLESS: Readonly<Record<string, Effect.Effect<unknown>>> = {
        "never ends": Effect.never,
        "waits for a promise that is never settled": Effect.promise(() => new Promise(() => {})),
        "cannot be interrupted": Effect.uninterruptible(Effect.never),
        "is interrupted and does not end": Effect.onInterrupt(Effect.never, () => Effect.never),
        "ends too late": Effect.sleep(60_000)
      }
      it.effect.each(Object.keys(ENDLESS))(
        "N5: an effect that %s is given up after its limit, and is not recorded",
        (what) =>
          Effect.gen(function* () {
            const key = randomUUID()
            yield* givenUp(key, ENDLESS[what]!)
            const { effect, state } = counted()
            assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect)))
            assert.strictEqual(state.runs, 1)
          })
      )

      it.effect.each(["succeeds", "fails"] as const)(
        "N5: the result of an effect that was given up and %s later is thrown away",
        (how) =>
          Effect.gen(function* () {
            const key = randomUUID()
            const seen = yield* unhandled
            const settled = Promise.withResolvers<void>()
            const over = yield* Deferred.make<void>()
            const late = Effect.ensuring(
              Effect.promise(() => settled.promise),
              Deferred.succeed(over, undefined)
            )
            yield* givenUp(key, late)
            if (how === "succeeds") settled.resolve()
            else settled.reject(new Error("too late"))
            yield* Deferred.await(over)
            yield* Effect.sleep(50)
            assert.deepStrictEqual(seen, [])
            const { effect, state } = counted()
            assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect)))
            assert.strictEqual(state.runs, 1)
          }).pipe(Effect.scoped)
      )

      it.effect("N5: an effect that was interrupted from outside and does not end holds nobody up", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const hanging = yield* Effect.forkChild(
            use((inbox) => inbox.once("mail", key, Effect.uninterruptible(Effect.never)))
          )
          yield* Effect.sleep(100)
          yield* Effect.timeout(Fiber.interrupt(hanging), SOON_MILLIS)
          const { effect } = counted()
          assert.isTrue(yield* use((inbox) => inbox.once("mail", key, effect)))
        })
      )

      it.effect("deals with different messages that come at the same time, each once", () =>
        Effect.gen(function* () {
          const { effect, state } = counted(Effect.sleep(300))
          yield* Effect.all(
            Array.from({ length: 4 }, () => use((inbox) => inbox.once("mail", randomUUID(), effect))),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(state.runs, 4)
        })
      )

      it.effect("keeps consumers apart", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          const { effect, state } = counted()
          for (const consumer of ["mail", "sales", 'a "strange" one']) {
            assert.isTrue(yield* use((inbox) => inbox.once(consumer, key, effect)))
          }
          assert.strictEqual(state.runs, 3)
        })
      )

      it.effect("forgets messages that were dealt with long ago, and deals with them again", () =>
        Effect.gen(function* () {
          const keys = [randomUUID(), randomUUID(), randomUUID()]
          for (const key of keys) yield* use((inbox) => inbox.once("forgetful", key, Effect.void))
          yield* Effect.sleep(50)
          assert.strictEqual(yield* forgetAll("forgetful", DAY), 0)
          assert.isFalse(yield* use((inbox) => inbox.once("forgetful", keys[0]!, Effect.void)))
          assert.strictEqual(yield* forgetAll("forgetful", 10), 3)
          assert.strictEqual(yield* forgetAll("forgetful", 10), 0)
          const { effect, state } = counted()
          for (const key of keys) yield* use((inbox) => inbox.once("forgetful", key, effect))
          assert.strictEqual(state.runs, 3)
        })
      )

      it.effect("N1: runs an effect once, while messages are forgotten", () =>
        Effect.gen(function* () {
          const { effect, state } = counted()
          const sweeping = yield* Effect.forkChild(Effect.forever(forgetAll(null, DAY)))
          for (let time = 0; time < 20; time++) {
            const key = randomUUID()
            const ran = yield* Effect.all(
              [1, 2, 3].map(() => use((inbox) => inbox.once("swept", key, effect))),
              { concurrency: "unbounded" }
            )
            assert.strictEqual(ran.filter(Boolean).length, 1)
          }
          yield* Fiber.interrupt(sweeping)
          assert.strictEqual(state.runs, 20)
        })
      )
    })
  })
}
