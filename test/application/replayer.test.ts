/**
 * The replayer, on the store in memory and in virtual time: what it sends, how fast, and what it does when something fails.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Replayer from "@turnout/core/delivery/application/Replayer"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { type Sink, SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Given from "../support/Given.ts"

const SINK = "sink"

/** A sink that notes what it is given, and makes of it whatever a test wants. */
const makeSink = (
  outcome: (delivery: StoredEntry) => Effect.Effect<DeliveryOutcome, SinkUnavailable> = () => Effect.succeed(delivered)
) => {
  const given: Array<StoredEntry & { readonly replay: string | undefined }> = []
  const sink: Sink = {
    name: SINK,
    deliver: ({ deliveries, replay }) =>
      Effect.forEach(deliveries, (delivery) =>
        Effect.tap(outcome(delivery), () => Effect.sync(() => given.push({ ...delivery, replay })))
      )
  }
  const of = (eventId: string) => given.filter((one) => one.eventId === eventId).map(({ version }) => version)
  return { sink, given, of }
}

const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

const stream = Effect.fnUntraced(function* (people: number) {
  const event = yield* Given.publishedEvent({ capacity: 1_000 })
  for (let person = 1; person <= people; person++) yield* Given.register(event.id, person)
  return event.id
})

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

const ask = (selection: Partial<Selection> = {}, perSecond: number | null = null) =>
  Effect.gen(function* () {
    yield* Outbox.use((outbox) => outbox.register(SINK, "now"))
    return yield* Replays.use((replays) =>
      replays.start({ sink: SINK, selection: { ...everything, ...selection }, perSecond, who: "ada" })
    )
  })

const now = (id: string) => Replays.use((replays) => replays.get(id))

/** With the store of replays changed for it. */
const withReplays = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  change: (replays: Replays["Service"]) => Partial<Replays["Service"]>
) => Effect.flatMap(Replays, (replays) => Effect.provideService(effect, Replays, { ...replays, ...change(replays) }))

const start = (sink: Sink, options: Replayer.ReplayerOptions = {}) =>
  Effect.forkChild(Replayer.run(sink, options), { startImmediately: true })

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
const silent = Logger.layer([])
const run = <A, E>(effect: Effect.Effect<A, E, Turnout.Turnout | Outbox | Replays>) =>
  effect.pipe(Effect.provide(Layer.fresh(services)), Effect.provide(silent))

const no = { _tag: "Failed", error: "no", isFinal: false } as const satisfies DeliveryOutcome

describe("a replayer", () => {
  it.effect("sends what was asked for, each stream in order, with the id of the replay", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* stream(8), yield* stream(3)]
      const { given, of, sink } = makeSink()
      const { id } = yield* ask()
      yield* start(sink, { batchSize: 3 })
      yield* pass(10)
      assert.deepStrictEqual([of(first), of(second)], [upTo(10), upTo(5)])
      assert.isTrue(given.every(({ replay }) => replay === id))
      assert.deepInclude(yield* now(id), { state: "finished", sent: 15, total: 15 })
    }).pipe(run)
  )

  it.effect("finds what is asked for later, and takes one after the other", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      yield* start(sink, { pollMillis: 2_000 })
      yield* pass(10)
      yield* ask({ stream: eventId })
      const second = yield* ask({ stream: eventId, types: ["EventCreated"] })
      assert.deepStrictEqual(of(eventId), [])
      yield* pass(2_000)
      assert.deepStrictEqual(of(eventId), [1, 2, 3, 1])
      assert.strictEqual((yield* now(second.id)).state, "finished")
    }).pipe(run)
  )

  it.effect("sends no more in a second than it may", () =>
    Effect.gen(function* () {
      yield* stream(98)
      const { given, sink } = makeSink()
      const { id } = yield* ask({}, 10)
      yield* start(sink, { ttlMillis: 1_500 })
      yield* pass(0)
      assert.strictEqual(given.length, 10)
      yield* pass(999)
      assert.strictEqual(given.length, 10)
      yield* pass(1)
      assert.strictEqual(given.length, 20)
      for (let second = 2; second < 10; second++) yield* pass(1_000)
      assert.strictEqual(given.length, 100)
      yield* pass(1_000)
      assert.strictEqual((yield* now(id)).state, "finished")
    }).pipe(run)
  )

  it.effect("is followed at once by another one that goes on where it was, if it is stopped", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(28)
      const { of, sink } = makeSink()
      yield* ask({}, 10)
      const first = yield* start(sink, { owner: "first" })
      yield* pass(0)
      yield* Fiber.interrupt(first)
      yield* start(sink, { owner: "second" })
      yield* pass(0)
      assert.deepStrictEqual(of(eventId), upTo(20))
    }).pipe(run)
  )

  it.effect("sends nothing that it has read if it was paused until its lease had run out", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      const { id } = yield* ask()
      yield* withReplays(start(sink, { ttlMillis: 2_000 }), ({ advance, read }) => ({
        read: (...asked) => Effect.delay(read(...asked), 3_000),
        advance: (...asked) => Effect.delay(advance(...asked), 3_000)
      }))
      yield* pass(0)
      yield* start(sink, { pollMillis: 500 })
      yield* pass(2_500)
      assert.deepStrictEqual(of(eventId), upTo(3))
      yield* pass(10_000)
      assert.deepStrictEqual(of(eventId), upTo(3))
      assert.deepInclude(yield* now(id), { state: "finished", sent: 3 })
    }).pipe(run)
  )

  it.effect("sends nothing in the last tenth of its lease, as a relay does", () =>
    Effect.gen(function* () {
      yield* stream(1)
      const { given, sink } = makeSink()
      yield* ask()
      let reads = 0
      yield* withReplays(start(sink, { ttlMillis: 2_000 }), ({ advance, read }) => ({
        read: (...asked) => Effect.delay(read(...asked), reads++ === 0 ? 1_850 : 1_700),
        advance: (...asked) => Effect.delay(advance(...asked), 1_900)
      }))
      yield* pass(0)
      yield* pass(1_900)
      assert.lengthOf(given, 0)
      for (let n = 0; n < 4; n++) yield* pass(1_000)
      assert.lengthOf(given, 3, "at the second time, the answer comes early enough")
    }).pipe(run)
  )

  it.effect("keeps its lease while it reads, however long that takes", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      const { id } = yield* ask()
      yield* withReplays(start(sink, { ttlMillis: 2_000 }), ({ read }) => ({
        read: (...asked) => Effect.delay(read(...asked), 9_000)
      }))
      yield* pass(0)
      yield* start(sink, { pollMillis: 500 })
      for (let second = 0; second < 8; second++) yield* pass(1_000)
      assert.deepStrictEqual(of(eventId), [])
      yield* pass(1_000)
      assert.deepStrictEqual(of(eventId), upTo(3))
      assert.deepInclude(yield* now(id), { state: "finished", sent: 3 })
    }).pipe(run)
  )

  it.effect("is followed by another one when its lease has run out, if it dies without a word", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(28)
      const { of, sink } = makeSink()
      yield* ask({}, 10)
      let isDead = false
      /** Nothing that it asks for arrives any more, and nothing comes back. */
      const mortal =
        <Args extends ReadonlyArray<unknown>, A, E>(operation: (...args: Args) => Effect.Effect<A, E>) =>
        (...args: Args) =>
          Effect.suspend(() => (isDead ? Effect.never : operation(...args)))
      yield* withReplays(start(sink, { owner: "first", ttlMillis: 6_000 }), ({ advance, claim, read, release }) => ({
        claim: mortal(claim),
        read: mortal(read),
        advance: mortal(advance),
        release: mortal(release)
      }))
      yield* pass(0)
      assert.deepStrictEqual(of(eventId), upTo(10))
      isDead = true
      yield* start(sink, { owner: "second", pollMillis: 100 })
      yield* pass(5_000)
      assert.deepStrictEqual(of(eventId), upTo(10), "it may be alive")
      for (let second = 0; second < 5; second++) yield* pass(1_000)
      assert.deepStrictEqual(of(eventId), upTo(30))
      isDead = false // so that the test can stop it, too
    }).pipe(run)
  )

  it.effect("sends again what was refused, and stops at what is refused for good, until it is resumed", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(4)
      let refusals = 0
      let isBroken = true
      const { of, sink } = makeSink(({ version }) =>
        Effect.sync(() => (version === 4 && (isBroken || refusals < 2) ? ((refusals += 1), no) : delivered))
      )
      isBroken = false
      const once = yield* ask()
      const policy = { firstPauseMillis: 1_000, longestPauseMillis: 1_000, maxAttempts: 3 }
      yield* start(sink, { retryPolicy: policy, batchSize: 2 })
      for (let n = 0; n < 3; n++) yield* pass(1_000)
      assert.deepInclude(yield* now(once.id), { state: "finished", sent: 6 })
      assert.strictEqual(refusals, 2)
      isBroken = true
      const { id } = yield* ask()
      yield* pass(2_000)
      for (let n = 0; n < 5; n++) yield* pass(1_000)
      const stopped = yield* now(id)
      assert.deepInclude(stopped, { state: "stopped", sent: 3 })
      assert.match(stopped.error!, new RegExp(`AttendeeRegistered, version 4 of ${eventId}\\) was refused: no$`))
      assert.strictEqual(refusals, 5)
      isBroken = false
      yield* Replays.use((replays) => replays.resume(id, "ada"))
      yield* pass(2_000)
      assert.deepInclude(yield* now(id), { state: "finished", sent: 6, error: null })
      assert.deepStrictEqual(of(eventId).slice(-3), [4, 5, 6])
    }).pipe(run)
  )

  it.effect("O3: sends what a sink let overtake a refused entry again, after that entry", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* stream(2), yield* stream(1)]
      const failing = new Set([`${first} 2`])
      const { of, sink } = makeSink(({ eventId, version }) =>
        Effect.sync(() => (failing.delete(`${eventId} ${version}`) ? no : delivered))
      )
      const { id } = yield* ask()
      yield* start(sink)
      yield* pass(60_000)
      assert.deepStrictEqual(of(first), [1, 2, 3, 4, 2, 3, 4])
      assert.deepStrictEqual(of(second), [1, 2, 3])
      assert.deepInclude(yield* now(id), { state: "finished", sent: 7 })
    }).pipe(run)
  )

  it.effect("waits for as long as the sink asks for after a refusal, and lets go if it is cancelled meanwhile", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(0)
      let tries = 0
      const { sink } = makeSink(() =>
        Effect.sync(() => (++tries === 1 || tries === 5 ? { ...no, retryAfterMillis: 120_000 } : delivered))
      )
      const { id } = yield* ask({ stream: eventId })
      yield* start(sink, { retryPolicy: { firstPauseMillis: 10, longestPauseMillis: 10, maxAttempts: 3 } })
      for (let second = 0; second < 119; second++) yield* pass(1_000)
      assert.strictEqual(tries, 2, "both of one batch")
      for (let second = 0; second < 2; second++) yield* pass(1_000)
      assert.strictEqual((yield* now(id)).state, "finished")
      assert.strictEqual(tries, 4)
      const other = yield* ask({ stream: eventId })
      for (let second = 0; second < 10; second++) yield* pass(1_000)
      assert.strictEqual(tries, 6)
      yield* Replays.use((replays) => replays.cancel(other.id, "ada"))
      for (let second = 0; second < 10; second++) yield* pass(1_000)
      const third = yield* ask({ stream: eventId, types: ["EventCreated"] })
      for (let second = 0; second < 10; second++) yield* pass(1_000)
      assert.strictEqual((yield* now(third.id)).state, "finished")
    }).pipe(run)
  )

  it.effect("waits for a sink that cannot be reached, and keeps its lease meanwhile", () =>
    Effect.gen(function* () {
      yield* stream(2)
      let isDown = true
      const { given, sink } = makeSink(() =>
        isDown ? Effect.fail(new SinkUnavailable({ cause: new Error("down") })) : Effect.succeed(delivered)
      )
      const { id } = yield* ask()
      yield* start(sink, { owner: "first", ttlMillis: 3_000 })
      for (let n = 0; n < 60; n++) yield* pass(1_000)
      const other = yield* Replays.use((replays) => replays.claim(SINK, "another", 1_000))
      assert.isUndefined(other)
      assert.deepInclude(yield* now(id), { state: "running", sent: 0 })
      isDown = false
      yield* pass(31_000)
      assert.strictEqual(given.length, 4)
      assert.strictEqual((yield* now(id)).state, "finished")
    }).pipe(run)
  )

  it.effect(
    "sends nothing again that the sink has taken before it could not be reached, and notes it as progress",
    () =>
      Effect.gen(function* () {
        const [first, second] = [yield* stream(18), yield* stream(18)]
        let calls = 0
        let most = 25
        const given: Array<StoredEntry> = []
        const sink: Sink = {
          name: SINK,
          deliver: ({ deliveries, settled }) =>
            Effect.forEach(deliveries, (delivery, index) =>
              Effect.suspend(() => {
                if (given.length >= most || ++calls % 5 === 0)
                  return Effect.fail(new SinkUnavailable({ cause: new Error("down") }))
                given.push(delivery)
                settled!(index, delivered)
                return Effect.succeed(delivered)
              })
            )
        }
        const { id } = yield* ask()
        yield* start(sink, { ttlMillis: 3_000 })
        for (let n = 0; n < 60; n++) yield* pass(1_000)
        assert.strictEqual(given.length, most)
        const noted = (yield* now(id)).sent
        assert.isAbove(noted, 0)
        assert.isAtMost(noted, most)
        most = 40
        for (let n = 0; n < 60; n++) yield* pass(1_000)
        const of = (eventId: string) => given.filter((one) => one.eventId === eventId).map(({ version }) => version)
        assert.deepStrictEqual([of(first), of(second)], [upTo(20), upTo(20)])
        assert.deepInclude(yield* now(id), { state: "finished", sent: 40 })
      }).pipe(run)
  )

  it.effect("lets go of a replay that was cancelled", () =>
    Effect.gen(function* () {
      yield* stream(48)
      const { given, sink } = makeSink()
      const { id } = yield* ask({}, 10)
      yield* start(sink)
      yield* pass(1_000)
      yield* Replays.use((replays) => replays.cancel(id, "ada"))
      const sent = given.length
      for (let n = 0; n < 10; n++) yield* pass(1_000)
      assert.isAtMost(given.length, sent + 10)
      assert.strictEqual((yield* now(id)).state, "cancelled")
    }).pipe(run)
  )

  it.effect("waits for its store", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      yield* ask()
      let isDown = true
      const down = Effect.fail(
        new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("down") }) })
      )
      yield* withReplays(start(sink), ({ claim }) => ({
        claim: (...asked) => Effect.suspend(() => (isDown ? down : claim(...asked)))
      }))
      yield* pass(10_000)
      isDown = false
      yield* pass(2_000)
      assert.deepStrictEqual(of(eventId), [1, 2, 3])
    }).pipe(run)
  )
})
