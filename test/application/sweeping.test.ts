/**
 * Rows that are of no use any more are deleted by the processes that serve, relay and consume, in bounded steps.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as IdempotencySweep from "@turnout/core/admission/application/engine/IdempotencySweep"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Sweeping from "@turnout/core/kernel/application/Sweeping"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import type { Swept } from "@turnout/core/kernel/ports/Swept"
import { Clock, Context, Effect, Fiber, Layer, Logger, Metric, Random } from "effect"
import { TestClock } from "effect/testing"
import * as Given from "../support/Given.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const settle = Effect.repeat(Effect.yieldNow, { times: 50 })
const pass = (millis: number) => Effect.andThen(TestClock.adjust(millis), settle)

/** Sweeps with pauses that are all three quarters of the longest one. */
const run = (sweep: Sweeping.Sweep, everyMillis: number) =>
  Effect.provideService(Sweeping.run(sweep, everyMillis), Random.Random, {
    nextDoubleUnsafe: () => 0.5,
    nextIntUnsafe: () => 0
  })

const capture = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  return { lines, logging: Effect.provide(Logger.layer([logger])) }
}

const unavailable = new StoreError.StoreError({
  reason: new StoreError.Unavailable({ cause: new Error("the server is away") })
})

/** A sweep whose steps end as the list says, and then come to the end at once. */
const sweepOf = (ends: Array<Swept | StoreError.StoreError>) => {
  const state = { steps: 0 }
  const step = Effect.suspend((): Effect.Effect<Swept, StoreError.StoreError> => {
    state.steps += 1
    const end = ends.shift() ?? { deleted: 0, isThrough: true }
    return end instanceof StoreError.StoreError ? Effect.fail(end) : Effect.succeed(end)
  })
  return { state, sweep: { what: "old rows", step, deleted: Metric.counter("test.swept") } satisfies Sweeping.Sweep }
}

describe("a sweep", () => {
  it.effect("begins after a pause, goes on while there is something to delete, and begins again after a pause", () =>
    Effect.gen(function* () {
      const some = { deleted: 5, isThrough: false }
      const { state, sweep } = sweepOf([...Array.from({ length: 300 }, () => some), { deleted: 1, isThrough: true }])
      yield* Effect.forkChild(run(sweep, MINUTE))
      yield* pass(MINUTE / 2 - 1)
      assert.strictEqual(state.steps, 0, "a process that ends soon sweeps nothing")
      yield* pass(MINUTE / 2 + 1)
      yield* Effect.repeat(settle, { until: () => state.steps >= 301, times: 1_000 })
      assert.strictEqual(state.steps, 301)
      yield* pass(MINUTE)
      assert.strictEqual(state.steps, 302)
    })
  )

  it.effect("ends after a bounded number of steps that delete nothing, and goes on there the next time", () =>
    Effect.gen(function* () {
      const { state, sweep } = sweepOf(Array.from({ length: 100 }, () => ({ deleted: 0, isThrough: false })))
      yield* Effect.forkChild(run(sweep, MINUTE))
      yield* pass(MINUTE)
      yield* Effect.repeat(settle, { times: 20 })
      assert.strictEqual(state.steps, 64)
      yield* pass(MINUTE)
      yield* Effect.repeat(settle, { times: 20 })
      assert.strictEqual(state.steps, 101)
    })
  )

  it.effect("rests after a step for four times as long as the step took", () =>
    Effect.gen(function* () {
      const { sweep } = sweepOf(Array.from({ length: 4 }, () => ({ deleted: 1, isThrough: false })))
      const endedAt: Array<number> = []
      const step = Effect.tap(Effect.delay(sweep.step, 100), () =>
        Effect.map(Clock.currentTimeMillis, (millis) => void endedAt.push(millis))
      )
      yield* Effect.forkChild(run({ ...sweep, step }, MINUTE))
      while (endedAt.length < 5) yield* pass(50)
      assert.deepStrictEqual(
        endedAt.slice(1).map((at, index) => at - endedAt[index]!),
        [500, 500, 500, 500]
      )
    })
  )

  it.effect("says nothing while there is nothing to do, and why if its store is away, and goes on afterwards", () => {
    const { lines, logging } = capture()
    return Effect.gen(function* () {
      const nothing = { deleted: 0, isThrough: true }
      const { state, sweep } = sweepOf([nothing, nothing, unavailable, unavailable, nothing])
      yield* Effect.forkChild(run(sweep, MINUTE))
      for (let time = 0; time < 5; time++) yield* pass(MINUTE)
      assert.isAtLeast(state.steps, 5)
      const line = "Warn old rows are left for the next sweep: the server is away"
      assert.deepStrictEqual(lines, [line, line])
    }).pipe(logging)
  })
})

describe("a service", () => {
  const service = (options: Turnout.TurnoutOptions) => Turnout.layer(options).pipe(Layer.provideMerge(Memory.layer))
  /** The number of records that have expired and are there. */
  const expired = Effect.gen(function* () {
    let deleted = 0
    while (true) {
      const swept = yield* AdmissionStore.use((store) => store.forgetExpired(0))
      deleted += swept.deleted
      if (swept.isThrough) return deleted
    }
  })
  const crowd = Effect.gen(function* () {
    const event = yield* Given.publishedEvent({ capacity: 2_000 })
    yield* Effect.forEach(
      Array.from({ length: 1_000 }, (_, n) => n),
      (n) =>
        Turnout.Turnout.use((turnout) =>
          turnout.register(event.id, Given.person(n), { idempotencyKey: `key ${n}`, actor: "ada" })
        ),
      { concurrency: "unbounded" }
    )
  })

  it.effect("deletes the records of keys that have expired for longer than a request may wait", () => {
    const { lines, logging } = capture()
    return Effect.gen(function* () {
      const before = yield* Metric.value(IdempotencySweep.deleted)
      yield* crowd
      yield* pass(3 * MINUTE)
      assert.strictEqual(yield* expired, 0)
      assert.strictEqual((yield* Metric.value(IdempotencySweep.deleted)).count - before.count, 1_000)
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(service({ idempotencyTtlMillis: 1_000 })), logging)
  })

  it.effect("I1: keeps them for twice as long as a command may wait", () =>
    Effect.gen(function* () {
      yield* crowd
      yield* pass(2 * HOUR)
      assert.strictEqual(yield* expired, 1_000)
    }).pipe(Effect.provide(service({ idempotencyTtlMillis: 1_000, commandTimeoutMillis: HOUR })))
  )

  it.effect("I1: keeps what has not expired", () =>
    Effect.gen(function* () {
      yield* crowd
      yield* pass(HOUR)
      const turnout = yield* Turnout.Turnout
      const { items } = yield* turnout.listEvents()
      const again = yield* turnout.register(items[0]!.id, Given.person(7), { idempotencyKey: "key 7", actor: "ada" })
      assert.strictEqual(again.registration.state, "confirmed")
    }).pipe(Effect.provide(service({})))
  )

  it.effect("is not needed: a process that only relays deletes them as well, after two hours", () =>
    Effect.gen(function* () {
      const stores = yield* Layer.build(Memory.layer)
      yield* crowd.pipe(Effect.provide(Turnout.layer({ idempotencyTtlMillis: 1_000 })), Effect.provide(stores))
      yield* Layer.build(IdempotencySweep.layer()).pipe(Effect.provide(stores))
      yield* pass(HOUR)
      yield* pass(2 * HOUR)
      assert.strictEqual(yield* Effect.provide(expired, Context.pick(AdmissionStore)(stores)), 0)
    }).pipe(Effect.scoped)
  )
})

describe("a consumer", () => {
  const queue = { name: "empty", visibilityMillis: 12 * HOUR } as const
  const silent = { receive: () => Effect.never, hide: () => Effect.succeed([]), remove: () => Effect.succeed([]) }
  const consume = (options: Partial<Consumer.ConsumerOptions> = {}) =>
    Effect.forkChild(
      Consumer.run({ ...queue, ...silent }, {} as Consumer.Handlers, { consumer: "mail", graceMillis: 0, ...options })
    )
  const isKnown = (consumer: string) =>
    Effect.map(
      Inbox.use((inbox) => Effect.exit(inbox.once(consumer, "message", Effect.fail("new")))),
      ({ _tag }) => _tag === "Success"
    )

  it.effect("forgets its own messages after thirty days, and none of another consumer", () =>
    Effect.gen(function* () {
      for (const consumer of ["mail", "sales"])
        yield* Inbox.use((inbox) => inbox.once(consumer, "message", Effect.void))
      const fiber = yield* consume({ sweepMillis: DAY })
      yield* pass(30 * DAY - MINUTE)
      assert.isTrue(yield* isKnown("mail"))
      yield* pass(2 * DAY)
      assert.deepStrictEqual([yield* isKnown("mail"), yield* isKnown("sales")], [false, true])
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)))
  )

  it.effect("forgets them as its options say", () =>
    Effect.gen(function* () {
      yield* Inbox.use((inbox) => inbox.once("mail", "message", Effect.void))
      const fiber = yield* consume({ inboxTtlMillis: HOUR })
      yield* pass(HOUR - MINUTE)
      assert.isTrue(yield* isKnown("mail"))
      yield* pass(3 * MINUTE)
      assert.isFalse(yield* isKnown("mail"))
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)))
  )

  it.effect.each([
    ["inboxTtlMillis", 59_999],
    ["inboxTtlMillis", Number.NaN],
    ["inboxTtlMillis", 3_661 * DAY],
    ["sweepMillis", 999],
    ["sweepMillis", DAY + 1]
  ] as const)("does not begin with %s of %s", ([name, value]) =>
    Effect.gen(function* () {
      const fiber = yield* consume({ [name]: value })
      const exit = yield* Fiber.await(fiber)
      assert.include(String(exit), `${name} must be from`)
    }).pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)))
  )
})
