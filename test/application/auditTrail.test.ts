/**
 * The recorder of the audit trail: it writes in batches and in the background, drops what is too much, and tells so.
 */
import { assert, describe, it } from "@effect/vitest"
import * as AuditTrail from "@turnout/core/access/application/audit/AuditTrail"
import { CurrentRequest, none } from "@turnout/core/access/application/audit/CurrentRequest"
import { AuditStore, type Noted, type Origin } from "@turnout/core/access/ports/AuditStore"
import { StoreError, Unavailable } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"

/** A store that remembers the batches, and may be away. */
const makeStore = () => {
  const batches: Array<{ readonly noted: ReadonlyArray<Noted>; readonly origins: ReadonlyArray<Origin> }> = []
  const state = { isAway: false, attempts: 0 }
  const away = new StoreError({ reason: new Unavailable({ cause: new Error("away") }) })
  const store = AuditStore.of({
    log: () => Effect.die("not read"),
    journal: () => Effect.die("not read"),
    forgetOrigins: Effect.succeed({ deleted: 0, isThrough: true }),
    write: (noted, origins) =>
      Effect.suspend(() => {
        state.attempts += 1
        if (state.isAway) return Effect.fail(away)
        batches.push({ noted, origins })
        return Effect.void
      })
  })
  return { batches, state, store }
}

type Made = ReturnType<typeof makeStore>

/** Runs work with a recorder on a store, and gives the store after the recorder has ended. */
const withRecorder = Effect.fnUntraced(
  function* <E>(work: (recorder: AuditTrail.Trail, made: Made) => Effect.Effect<void, E>) {
    const made = makeStore()
    const scope = yield* Scope.make()
    const layer = AuditTrail.layer.pipe(Layer.provide(Layer.succeed(AuditStore, made.store)))
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    yield* AuditTrail.AuditRecorder.use((recorder) => work(recorder, made)).pipe(Effect.provide(context))
    yield* Scope.close(scope, Exit.void)
    return made
  },
  Effect.provide(Logger.layer([]))
)

const entry = (n: number): AuditTrail.ToNote => ({
  who: "key:one",
  action: "listRegistrations",
  outcome: "done",
  details: { n }
})

const numbersOf = ({ batches }: Made) => batches.flatMap(({ noted }) => noted.map(({ details }) => details["n"]))

const from = (id: string) =>
  Effect.provideService(CurrentRequest, {
    id,
    credential: "session:s",
    address: "203.0.113.7",
    userAgent: "u".repeat(2_000)
  })

describe("the recorder of the audit trail", () => {
  it.effect("writes once a second, in the order of what happened, with the age of each entry", () =>
    Effect.gen(function* () {
      yield* withRecorder((recorder, made) =>
        Effect.gen(function* () {
          yield* recorder.note(entry(1))
          yield* TestClock.adjust("400 millis")
          yield* recorder.note(entry(2))
          assert.deepStrictEqual([made.state.attempts, numbersOf(made)], [0, []])
          yield* TestClock.adjust("600 millis")
          assert.deepStrictEqual(numbersOf(made), [1, 2])
          assert.deepStrictEqual(
            made.batches[0]!.noted.map(({ ageMillis }) => ageMillis),
            [1_000, 600]
          )
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual(made.batches.length, 1, "nothing is written if there is nothing")
        })
      )
    })
  )

  it.effect("writes what is left when it ends", () =>
    Effect.gen(function* () {
      const made = yield* withRecorder((recorder) => recorder.note(entry(1)))
      assert.deepStrictEqual(numbersOf(made), [1])
    })
  )

  it.effect("notes where a request came from once, and nothing of what is no request", () =>
    Effect.gen(function* () {
      const made = yield* withRecorder((recorder) =>
        Effect.gen(function* () {
          yield* recorder.noteOrigin("key:one").pipe(from("r1"))
          yield* recorder.note(entry(1)).pipe(from("r1"))
          yield* recorder.note(entry(2)).pipe(from("r2"))
          yield* recorder.note(entry(3))
          yield* recorder.noteOrigin("system").pipe(Effect.provideService(CurrentRequest, none))
        })
      )
      const [batch] = made.batches
      assert.deepStrictEqual(
        batch!.origins.map(({ requestId, userAgent, who }) => [requestId, who, userAgent!.length]),
        [
          ["r1", "key:one", 500],
          ["r2", "key:one", 500]
        ]
      )
      assert.deepStrictEqual(
        batch!.noted.map(({ credential, requestId }) => [requestId, credential]),
        [
          ["r1", "session:s"],
          ["r2", "session:s"],
          [null, null]
        ]
      )
    })
  )

  it.effect("keeps what it has while the store is away, up to a bound, and tells what it has dropped", () =>
    Effect.gen(function* () {
      const more = 7
      const made = yield* withRecorder((recorder, { state }) =>
        Effect.gen(function* () {
          state.isAway = true
          for (let n = 0; n < AuditTrail.MAX_KEPT + more; n++) yield* recorder.note(entry(n))
          yield* TestClock.adjust("10 seconds")
          assert.isAtMost(state.attempts, 10)
          state.isAway = false
          yield* TestClock.adjust("1 second")
        })
      )
      const told = made.batches.flatMap(({ noted }) => noted.filter(({ action }) => action === "audit.dropped"))
      assert.deepStrictEqual(
        told.map(({ details, who }) => [who, details]),
        [["system", { entries: more }]]
      )
      const numbers = numbersOf(made).filter((n) => n !== undefined)
      assert.deepStrictEqual(
        numbers,
        Array.from({ length: AuditTrail.MAX_KEPT }, (_, n) => n)
      )
      assert.isTrue(made.batches.every(({ noted }) => noted.length <= 501))
    })
  )
})
