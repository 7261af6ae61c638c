/**
 * Somebody sets the wall clock, of a process or of its store, while everything runs: durations, leases and pauses do not
 * notice, and the log says so. On the store in memory and in virtual time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as ClockWatch from "@turnout/core/kernel/application/time/ClockWatch"
import * as Lanes from "@turnout/core/admission/application/engine/Lanes"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Replayer from "@turnout/core/delivery/application/Replayer"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { Clock, Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { id, request } from "../domain/Deciding.ts"
import * as Given from "../support/Given.ts"
import * as SettableClock from "../support/SettableClock.ts"

const MINUTE = 60_000
const JUMPS = [-60 * MINUTE, -MINUTE, MINUTE, 60 * MINUTE]

const makeSink = (
  outcome: (delivery: StoredEntry) => Effect.Effect<DeliveryOutcome> = () => Effect.succeed(delivered)
) => {
  const given: Array<StoredEntry> = []
  const sink: Sink = {
    name: "sink",
    deliver: ({ deliveries }) =>
      Effect.forEach(deliveries, (delivery) =>
        Effect.andThen(
          Effect.sync(() => given.push(delivery)),
          outcome(delivery)
        )
      )
  }
  return { sink, given, versions: () => given.map(({ version }) => version) }
}

const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
/** Time that passes little by little, so that whatever waits for a while and looks again gets its turns. */
const pass = (millis: number) =>
  Effect.repeat(Effect.andThen(TestClock.adjust(100), settle), { times: Math.max(0, Math.ceil(millis / 100) - 1) })

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
type Services = Layer.Success<typeof services>

/** With one clock for the processes and one for their store. */
const run = <A, E>(
  work: (clocks: {
    readonly own: SettableClock.SettableClock
    readonly store: SettableClock.SettableClock
  }) => Effect.Effect<A, E, Services>
) =>
  Effect.gen(function* () {
    const [own, store] = [yield* SettableClock.make, yield* SettableClock.make]
    const built = Turnout.layer().pipe(
      Layer.provideMerge(Layer.provide(Layer.fresh(Memory.layer), Layer.succeed(Clock.Clock, store.clock)))
    )
    return yield* work({ own, store }).pipe(
      Effect.provide(built),
      Effect.provideService(Clock.Clock, own.clock),
      Effect.provide(Logger.layer([]))
    )
  })

const stream = Effect.fnUntraced(function* (people: number) {
  const event = yield* Given.publishedEvent({ capacity: 1_000 })
  yield* Given.registerAll(event.id, people)
  return event.id
})

const start = (sink: Sink, options: Relay.RelayOptions = {}) =>
  Effect.forkChild(Relay.run(sink, options), { startImmediately: true })

describe.each(JUMPS)("a clock that is set by %i milliseconds", (jump) => {
  it.effect("O2: keeps no relay from delivering", () =>
    run(({ own }) =>
      Effect.gen(function* () {
        const { sink, versions } = makeSink()
        yield* start(sink)
        yield* settle
        own.set(jump)
        const eventId = yield* stream(1)
        yield* settle
        // What was set forward may have been a machine that slept: the leases are renewed first.
        yield* pass(1_000)
        assert.deepStrictEqual(versions(), upTo(3))
        for (const person of upTo(20, 2)) {
          yield* Given.register(eventId, person)
          yield* pass(1_000)
          assert.strictEqual(versions().length, person + 2)
        }
      })
    )
  )

  it.effect("L1: lets no relay send after its lease has run out, or its successor wait for longer", () =>
    run(({ own }) =>
      Effect.gen(function* () {
        yield* stream(100)
        const cutOff = makeSink(() => Effect.as(Effect.sleep(500), delivered))
        const outbox = yield* Outbox
        // It sends one entry every half second, and cannot renew its lease.
        const mute = { ...outbox, renew: () => Effect.never, announce: () => Effect.succeed(1) }
        yield* Effect.provideService(start(cutOff.sink, { owner: "cut off", ttlMillis: 6_000 }), Outbox, mute)
        yield* pass(1_000)
        own.set(jump)
        yield* pass(4_500)
        const sent = cutOff.given.length
        assert.isAtLeast(sent, 10)
        const next = makeSink()
        yield* start(next.sink, { owner: "next" })
        yield* pass(2_000)
        assert.isAtLeast(next.given.length, 102)
        yield* pass(10_000)
        assert.isAtMost(cutOff.given.length, sent + 1)
      })
    )
  )

  it.effect("L2: of the store, keeps nobody from taking over, and lets nobody take over before it is time", () =>
    run(({ store }) =>
      Effect.gen(function* () {
        yield* stream(1)
        const outbox = yield* Outbox
        yield* outbox.register("sink", "beginning")
        const lease = { ttlMillis: 5_000, limit: 64 }
        const claim = Effect.map(outbox.claim("sink", { owner: "b", ...lease }), ({ length }) => length)
        yield* outbox.claim("sink", { owner: "a", ...lease })
        yield* outbox.announce("sink", "a", 5_000)
        store.set(jump)
        const operations = yield* OutboxOperations
        const [status] = (yield* operations.status).sinks
        const until = status!.slots[0]!.until!.getTime()
        assert.strictEqual(until, store.clock.currentTimeMillisUnsafe() + 5_000, "shown by the clock as it is now")
        yield* TestClock.adjust(4_999)
        assert.deepStrictEqual([yield* claim, yield* outbox.announce("sink", "b", 5_000)], [0, 2])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual([yield* claim, yield* outbox.announce("sink", "b", 5_000)], [64, 1])
      })
    )
  )

  it.effect("of the store, changes no pause of a blocked stream", () =>
    run(({ store }) =>
      Effect.gen(function* () {
        yield* stream(1)
        let isDown = true
        const { sink, versions } = makeSink(() =>
          Effect.succeed(isDown ? { _tag: "Failed", error: "no", isFinal: false } : delivered)
        )
        const retryPolicy = { firstPauseMillis: 3_000, longestPauseMillis: 3_000, maxAttempts: 100 }
        yield* start(sink, { retryPolicy })
        yield* settle
        isDown = false
        store.set(jump)
        const before = versions().length
        yield* pass(5_000)
        assert.deepStrictEqual(versions().slice(before), upTo(3))
      })
    )
  )

  it.effect("changes neither the rate of a replay, nor who carries it out", () =>
    run(({ own, store }) =>
      Effect.gen(function* () {
        yield* stream(98)
        yield* Outbox.use((outbox) => outbox.register("sink", "now"))
        const replays = yield* Replays
        yield* replays.start({ sink: "sink", selection: everything, perSecond: 10, who: "ada" })
        const { given, sink } = makeSink()
        yield* Effect.forkChild(Replayer.run(sink, { ttlMillis: 3_000 }), { startImmediately: true })
        yield* pass(1_000)
        const before = given.length
        own.set(jump)
        store.set(-jump)
        yield* pass(3_000)
        assert.isUndefined(yield* replays.claim("sink", "another", 1_000))
        assert.isAtLeast(given.length, before + 20)
        assert.isAtMost(given.length, before + 40)
      })
    )
  )

  it.effect("lets callers wait for as long as they may, and no longer", () =>
    Effect.gen(function* () {
      const { clock, set } = yield* SettableClock.make
      const answers = yield* Effect.provideService(
        Effect.gen(function* () {
          const lanes = yield* Lanes.make(() => Effect.never, { commandTimeoutMillis: 10_000, drainMillis: 0 })
          const submit = (n: number) =>
            lanes.submit(request({ _tag: "PublishEvent", eventId: id(0) as never }, { freshId: id(n) }))
          const asked = [yield* Effect.forkChild(submit(1), { startImmediately: true })]
          yield* pass(5_000)
          set(jump)
          asked.push(yield* Effect.forkChild(submit(2), { startImmediately: true }))
          const isOver = () => asked.map((fiber) => fiber.pollUnsafe() !== undefined)
          yield* pass(4_900)
          const early = isOver()
          yield* pass(200)
          const first = isOver()
          yield* pass(5_000)
          return [early, first, isOver()]
        }).pipe(Effect.scoped),
        Clock.Clock,
        clock
      )
      assert.deepStrictEqual(answers, [
        [false, false],
        [true, false],
        [true, true]
      ])
    })
  )

  it.effect("hides messages of a queue for as long as they are to be hidden", () =>
    Effect.gen(function* () {
      const { clock, set } = yield* SettableClock.make
      const work = Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ visibilityMillis: 5_000, waitMillis: 0 })
        yield* queue.send("one", null)
        const count = Effect.map(queue.receive(10), ({ length }) => length)
        assert.strictEqual(yield* count, 1)
        set(jump)
        yield* TestClock.adjust(4_999)
        assert.strictEqual(yield* count, 0)
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* count, 1)
      })
      yield* Effect.provideService(work, Clock.Clock, clock)
    })
  )

  it.effect("lets an inbox forget what is old enough, and nothing else", () =>
    Effect.gen(function* () {
      const { clock, set } = yield* SettableClock.make
      const work = Effect.gen(function* () {
        const inbox = yield* Inbox
        yield* inbox.once("a", "first", Effect.void)
        yield* TestClock.adjust(10_000)
        set(jump)
        yield* inbox.once("a", "second", Effect.void)
        yield* TestClock.adjust(1_000)
        assert.strictEqual((yield* inbox.forget("a", 11_500)).deleted, 0)
        assert.strictEqual((yield* inbox.forget("a", 5_000)).deleted, 1)
        assert.strictEqual((yield* inbox.forget("a", 500)).deleted, 1)
      }).pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)))
      yield* Effect.provideService(work, Clock.Clock, clock)
    })
  )
})

describe("a machine that has slept", () => {
  it.effect("L1: sends nothing before the store has renewed its leases", () =>
    run(({ own }) =>
      Effect.gen(function* () {
        const { given, sink } = makeSink()
        const outbox = yield* Outbox
        let isLost = false
        const changed: Outbox["Service"] = {
          ...outbox,
          renew: (...asked) => (isLost ? Effect.succeed([]) : outbox.renew(...asked)),
          claim: (...asked) => (isLost ? Effect.succeed([]) : outbox.claim(...asked))
        }
        yield* Effect.provideService(start(sink), Outbox, changed)
        yield* settle
        isLost = true
        own.set(10 * MINUTE)
        yield* stream(1)
        yield* pass(5_000)
        assert.deepStrictEqual(given, [])
      })
    )
  )

  it.effect("goes on with a replay only if that is still its own", () =>
    run(({ own }) =>
      Effect.gen(function* () {
        yield* stream(98)
        yield* Outbox.use((outbox) => outbox.register("sink", "now"))
        const replays = yield* Replays
        const { id } = yield* replays.start({ sink: "sink", selection: everything, perSecond: 10, who: "ada" })
        const { given, sink } = makeSink()
        let isLost = false
        const changed: Replays["Service"] = {
          ...replays,
          read: (...asked) => Effect.delay(replays.read(...asked), 500),
          advance: (...asked) => (isLost ? Effect.succeed(undefined) : replays.advance(...asked)),
          claim: (...asked) => (isLost ? Effect.succeed(undefined) : replays.claim(...asked))
        }
        const replaying = Replayer.run(sink, { ttlMillis: 60_000 })
        const fiber = yield* Effect.forkChild(Effect.provideService(replaying, Replays, changed), {
          startImmediately: true
        })
        yield* pass(1_200)
        const sent = given.length
        assert.isAbove(sent, 0)
        isLost = true
        own.set(10 * MINUTE)
        yield* pass(5_000)
        assert.strictEqual(given.length, sent)
        assert.strictEqual((yield* replays.get(id)).state, "running")
        yield* Fiber.interrupt(fiber)
      })
    )
  )
})

describe("a jump of the clock", () => {
  const watching = (
    work: (told: ReadonlyArray<string>, set: (millis: number) => void, clock: Clock.Clock) => Effect.Effect<void>
  ) =>
    Effect.gen(function* () {
      const { clock, set } = yield* SettableClock.make
      const told: Array<string> = []
      const logger = Logger.make<unknown, void>(
        ({ logLevel, message }) => void told.push(`${logLevel}: ${String(message)}`)
      )
      yield* Effect.provide(work(told, set, clock), Logger.layer([logger]))
    })

  it.effect("is told once, with how much and in which direction, by whoever sees it first", () =>
    watching((told, set, clock) =>
      Effect.gen(function* () {
        const [one, other] = [ClockWatch.make(clock), ClockWatch.make(clock)]
        assert.strictEqual(yield* one.look, 0)
        set(-61_500)
        assert.deepStrictEqual([yield* one.look, yield* other.look, yield* one.look], [-61_500, -61_500, 0])
        assert.deepStrictEqual(told, [
          "Warn: the wall clock was set back by 61.5 seconds: times that this process shows follow it; leases, pauses and time-outs do not, and decisions go by the clock of the store"
        ])
        yield* TestClock.adjust(120_000)
        set(2_000)
        assert.deepStrictEqual([yield* other.look, yield* one.look], [2_000, 2_000])
        assert.strictEqual(told.length, 2)
        assert.include(told[1], "forward by 2.0 seconds")
      })
    )
  )

  it.effect("is told at most once a minute, and then all that was left out", () =>
    watching((told, set, clock) =>
      Effect.gen(function* () {
        const { look } = ClockWatch.make(clock)
        for (const _ of upTo(50)) {
          set(-5_000)
          yield* look
          yield* TestClock.adjust(1_000)
        }
        assert.strictEqual(told.length, 1)
        yield* TestClock.adjust(20_000)
        yield* look
        assert.strictEqual(told.length, 2)
        assert.include(told[1], "49 times, in all back by 245.0 seconds")
      })
    )
  )

  it.effect("is none if the clock is put right little by little", () =>
    watching((told, set, clock) =>
      Effect.gen(function* () {
        const { look } = ClockWatch.make(clock)
        for (const _ of upTo(100)) {
          set(50)
          yield* TestClock.adjust(500)
          assert.strictEqual(yield* look, 0)
        }
        assert.deepStrictEqual(told, [])
      })
    )
  )

  it.effect("is told by a relay, and by every process that has a Turnout", () =>
    watching((told, set, clock) =>
      Effect.gen(function* () {
        const { sink } = makeSink()
        yield* start(sink)
        yield* settle
        set(-MINUTE)
        yield* pass(2_000)
        assert.strictEqual(told.filter((line) => line.includes("set back by 60.0 seconds")).length, 1)
        yield* TestClock.adjust(MINUTE)
        yield* settle
        set(MINUTE)
        yield* TestClock.adjust(16_000)
        yield* settle
        assert.strictEqual(told.filter((line) => line.includes("set forward by 60.0 seconds")).length, 1)
      }).pipe(Effect.provide(Layer.fresh(services)), Effect.provideService(Clock.Clock, clock))
    )
  )

  it.effect("is told by a Turnout without any relay", () =>
    watching((told, set, clock) =>
      Effect.gen(function* () {
        yield* settle
        set(-MINUTE)
        yield* TestClock.adjust(16_000)
        yield* settle
        assert.strictEqual(told.filter((line) => line.includes("set back by 60.0 seconds")).length, 1)
      }).pipe(Effect.provide(Layer.fresh(services)), Effect.provideService(Clock.Clock, clock))
    )
  )
})
