/**
 * The relay, on the store in memory and in virtual time: what it delivers, when, and what it does when something fails.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as RelayMetrics from "@turnout/core/delivery/application/RelayMetrics"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { RetryPolicy } from "@turnout/core/kernel/domain/Backoff"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { type Sink, SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Clock, Deferred, Effect, Fiber, Layer, Metric, Struct } from "effect"
import { TestClock } from "effect/testing"
import * as Given from "../support/Given.ts"

const SINK = "sink"

/** A sink that notes what it is given, and makes of it whatever a test wants. */
const makeSink = (
  outcome: (delivery: StoredEntry) => Effect.Effect<DeliveryOutcome, SinkUnavailable> = () => Effect.succeed(delivered)
) => {
  const given: Array<StoredEntry & { readonly epoch: number; readonly slot: number }> = []
  const arrived: Array<StoredEntry> = []
  const state = { underway: 0, most: 0, calls: 0 }
  const sink: Sink = {
    name: SINK,
    deliver: ({ deliveries, epoch, slot }) =>
      Effect.gen(function* () {
        state.calls += 1
        state.underway += deliveries.length
        state.most = Math.max(state.most, state.underway)
        const failing = new Set<EventId>()
        return yield* Effect.forEach(deliveries, (delivery) =>
          Effect.gen(function* () {
            if (failing.has(delivery.eventId)) return { _tag: "Failed", error: "behind", isFinal: false } as const
            given.push({ ...delivery, epoch: epoch!, slot })
            const result = yield* outcome(delivery)
            if (result._tag === "Delivered") arrived.push(delivery)
            else failing.add(delivery.eventId)
            return result
          })
        ).pipe(Effect.ensuring(Effect.sync(() => (state.underway -= deliveries.length))))
      })
  }
  const of = (eventId: EventId, from: ReadonlyArray<StoredEntry> = arrived) =>
    from.filter((delivery) => delivery.eventId === eventId).map(({ version }) => version)
  return { sink, given, arrived, state, of }
}

/** Lets everything happen that can happen without time passing. */
const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** The id of an event whose stream is in a slot. */
const idInSlot = (slot: number) => `00000000-0000-4000-8000-0000000000${slot.toString(16).padStart(2, "0")}` as EventId

/**
 * An event that so many people registered for: a stream of two entries and one for each of them. It is in a slot by chance,
 * so that two streams may be in the same one, unless a slot is named.
 */
const stream = Effect.fnUntraced(function* (people: number, slot?: number) {
  const event = yield* Given.publishedEvent({ capacity: 1_000, ...(slot === undefined ? {} : { id: idInSlot(slot) }) })
  for (let person = 1; person <= people; person++) yield* Given.register(event.id, person)
  return event.id
})

/** A worker; interrupting the fiber stops it. */
const start = (sink: Sink, options: Relay.RelayOptions = {}) =>
  Effect.forkChild(Relay.run(sink, options), { startImmediately: true })

/** Pauses of one second, whatever is drawn. */
const EVERY_SECOND: RetryPolicy = { firstPauseMillis: 1_000, longestPauseMillis: 1_000, maxAttempts: 4 }

const failure = (error = "no", isFinal = false): DeliveryOutcome => ({ _tag: "Failed", error, isFinal })

const unavailable = Effect.fail(new SinkUnavailable({ cause: new Error("the line is dead") }))

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
const run = <A, E>(effect: Effect.Effect<A, E, Turnout.Turnout | Outbox | OutboxOperations>) =>
  Effect.provide(effect, services)

/** The outbox, with some of its operations done otherwise. */
const withOutbox = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  change: (outbox: Outbox["Service"]) => Partial<Outbox["Service"]>
) => Effect.flatMap(Outbox, (outbox) => Effect.provideService(effect, Outbox, { ...outbox, ...change(outbox) }))

const storeIsDown = Effect.fail(
  new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("down") }) })
)

/** Every operation fails while something is so. */
const failing = (isDown: () => boolean) => (outbox: Outbox["Service"]) =>
  Object.fromEntries(
    Object.entries(Struct.omit(outbox, ["onCommit"])).map(([name, operation]) => [
      name,
      (...args: ReadonlyArray<never>) =>
        Effect.suspend(() =>
          isDown() ? storeIsDown : (operation as unknown as (...args: ReadonlyArray<never>) => never)(...args)
        )
    ])
  ) as Partial<Outbox["Service"]>

/** How many slots nobody holds. */
const freeSlots = Effect.gen(function* () {
  const outbox = yield* Outbox
  return (yield* outbox.claim(SINK, { owner: "the test", ttlMillis: 0, limit: SLOTS })).length
})

describe("a relay", () => {
  it.effect("O2, O3: gives the sink everything that is there, each stream in order, once", () =>
    Effect.gen(function* () {
      const streams = yield* Effect.forEach(upTo(20), () => stream(5))
      const { arrived, of, sink } = makeSink()
      yield* start(sink, { batchSize: 3 })
      yield* settle
      for (const eventId of streams) assert.deepStrictEqual(of(eventId), upTo(7))
      assert.strictEqual(arrived.length, 20 * 7)
    }).pipe(run)
  )

  it.effect("gives the sink at once what is committed in the same process", () =>
    Effect.gen(function* () {
      const { of, sink } = makeSink()
      yield* start(sink)
      yield* settle
      const eventId = yield* stream(1)
      yield* settle
      assert.deepStrictEqual(of(eventId), upTo(3))
    }).pipe(run)
  )

  it.effect("L1: sends nothing that it has read if its leases have run out meanwhile", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { given, of, sink } = makeSink()
      let isSlow = true
      yield* withOutbox(start(sink, { ttlMillis: 2_000 }), (outbox) => ({
        read: (...asked) => Effect.suspend(() => Effect.delay(outbox.read(...asked), isSlow ? 1_900 : 0))
      }))
      yield* pass(1_950)
      assert.deepStrictEqual(given, [])
      isSlow = false
      yield* pass(4_000)
      assert.deepStrictEqual(of(eventId), upTo(3))
    }).pipe(run)
  )

  it.effect("finds what other processes commit within the poll interval", () =>
    Effect.gen(function* () {
      const { of, sink } = makeSink()
      yield* withOutbox(start(sink, { pollMillis: 400 }), () => ({ onCommit: () => () => {} }))
      yield* settle
      const eventId = yield* stream(1)
      yield* settle
      assert.deepStrictEqual(of(eventId), [])
      yield* pass(400)
      assert.deepStrictEqual(of(eventId), upTo(3))
    }).pipe(run)
  )

  it.effect("begins where it is told, for a sink that was never given anything", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      yield* start(sink, { startFrom: "now" })
      yield* settle
      yield* Given.register(eventId, 2)
      yield* settle
      assert.deepStrictEqual(of(eventId), [4])
    }).pipe(run)
  )

  it.effect("goes on where it was after a restart", () =>
    Effect.gen(function* () {
      const { arrived, of, sink } = makeSink()
      const first = yield* start(sink)
      const eventId = yield* stream(1)
      yield* settle
      yield* Fiber.interrupt(first)
      yield* Given.register(eventId, 2)
      yield* start(sink)
      yield* settle
      assert.deepStrictEqual(of(eventId), upTo(4))
      assert.strictEqual(arrived.length, 4)
    }).pipe(run)
  )

  it.effect("has no more in hand than it may, and reads no more of a slot at once than it may", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(upTo(100), () => stream(3))
      const gate = yield* Deferred.make<void>()
      const { arrived, sink, state } = makeSink(() => Effect.as(Deferred.await(gate), delivered))
      yield* start(sink, { maxInFlight: 50, batchSize: 2 })
      yield* pass(5_000)
      assert.isAtMost(state.underway, SLOTS)
      assert.isAbove(state.underway, 20)
      yield* Deferred.succeed(gate, undefined)
      yield* pass(1_000)
      assert.strictEqual(arrived.length, 500)
    }).pipe(run)
  )

  describe("among others", () => {
    it.effect("L1: shares the slots evenly with those that come and go", () =>
      Effect.gen(function* () {
        const sinks = upTo(3).map(() => makeSink())
        const streams = yield* Effect.forEach(upTo(200), () => stream(0))
        const share = Effect.gen(function* () {
          sinks.forEach(({ arrived }) => (arrived.length = 0))
          yield* Effect.forEach(streams, (eventId, index) => Given.register(eventId, (persons[index]! += 1)))
          yield* pass(1_000)
          const slots = sinks.map(({ given, arrived }) => {
            const own = new Set(arrived.map(({ id }) => id))
            return new Set(given.filter(({ id }) => own.has(id)).map(({ slot }) => slot)).size
          })
          const all = sinks.flatMap(({ arrived }) => arrived.map(({ id }) => id))
          assert.strictEqual(all.length, streams.length)
          return slots
        })
        const persons = streams.map(() => 0)
        const first = yield* start(sinks[0]!.sink, { owner: "first" })
        yield* pass(1_000)
        const alone = yield* share
        assert.deepStrictEqual(alone.slice(1), [0, 0])

        yield* start(sinks[1]!.sink, { owner: "second" })
        yield* start(sinks[2]!.sink, { owner: "third" })
        yield* pass(3_000)
        const three = yield* share
        assert.isAtMost(Math.max(...three), Math.ceil(SLOTS / 3))
        assert.isAbove(Math.min(...three), 10)

        yield* Fiber.interrupt(first)
        yield* pass(1_000)
        const two = yield* share
        assert.strictEqual(two[0], 0)
        assert.isAtMost(Math.max(...two), SLOTS / 2)
        assert.isAbove(two[1]! + two[2]!, alone[0]! - 1)
      }).pipe(run)
    )

    it.effect("hands over what it has at once when it is stopped, and finishes what is under way", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(1)
        const gate = yield* Deferred.make<void>()
        const { of, sink } = makeSink(() => Effect.as(Deferred.await(gate), delivered))
        const worker = yield* start(sink)
        yield* settle
        assert.strictEqual(yield* freeSlots, 0)
        const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
        yield* settle
        assert.isUndefined(stopping.pollUnsafe())
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.isDefined(stopping.pollUnsafe())
        assert.strictEqual(yield* freeSlots, SLOTS)
        const next = makeSink()
        yield* start(next.sink)
        yield* pass(1_000)
        assert.deepStrictEqual([of(eventId), next.of(eventId)], [upTo(3), []])
      }).pipe(run)
    )

    it.effect("is not kept from stopping by a sink that hangs", () =>
      Effect.gen(function* () {
        yield* stream(1)
        const { sink } = makeSink(() => Effect.never)
        const worker = yield* start(sink, { graceMillis: 2_000 })
        yield* settle
        const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
        yield* pass(1_999)
        assert.isUndefined(stopping.pollUnsafe())
        yield* pass(1)
        assert.isDefined(stopping.pollUnsafe())
        assert.strictEqual(yield* freeSlots, SLOTS)
      }).pipe(run)
    )

    it.effect("L2: is taken over once its lease has run out, if it can neither renew nor give back", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(1)
        const lost = makeSink(() => Effect.never)
        let isCutOff = false
        yield* withOutbox(
          start(lost.sink, { owner: "cut off", ttlMillis: 6_000 }),
          failing(() => isCutOff)
        )
        yield* settle
        const { given, of, sink } = makeSink()
        yield* start(sink, { owner: "next", ttlMillis: 6_000 })
        isCutOff = true
        yield* pass(5_000)
        assert.deepStrictEqual(of(eventId), [])
        // By then, the other one has stopped sending.
        yield* pass(400)
        assert.strictEqual(lost.state.underway, 0)
        yield* pass(1_600)
        assert.deepStrictEqual(of(eventId), upTo(3))
        assert.strictEqual(given[0]!.epoch, lost.given[0]!.epoch + 1)
      }).pipe(run)
    )

    it.effect("rests as before once it has lost a lease in the middle of a delivery", () =>
      Effect.gen(function* () {
        yield* stream(1)
        let isRenewed = false
        const untilRenewed: Effect.Effect<DeliveryOutcome> = Effect.suspend(() =>
          isRenewed ? Effect.succeed(delivered) : Effect.andThen(Effect.sleep(100), untilRenewed)
        )
        const { arrived, sink } = makeSink(() => untilRenewed)
        const clock = yield* Clock.Clock
        let readings = 0
        const counted = new Proxy(clock, {
          get: (target, key: keyof Clock.Clock) => ((readings += 1), target[key])
        })
        yield* withOutbox(start(sink, { ttlMillis: 6_000 }), (outbox) => ({
          renew: (name, held, ttlMillis) =>
            isRenewed ? outbox.renew(name, held, ttlMillis) : Effect.as(outbox.release(name, held), [])
        })).pipe(Effect.provideService(Clock.Clock, counted))
        yield* pass(3_000)
        isRenewed = true
        yield* pass(3_000)
        assert.strictEqual(arrived.length, 3)
        readings = 0
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 50)))
        assert.strictEqual(readings, 0, "no virtual time has passed: there was nothing to do")
      }).pipe(run)
    )

    it.effect("L1: does not move the position of a slot that somebody else has taken over", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(1)
        const gate = yield* Deferred.make<void>()
        const slow = makeSink(() => Effect.as(Deferred.await(gate), delivered))
        // It believes that its leases are renewed.
        yield* withOutbox(start(slow.sink, { owner: "slow", ttlMillis: 6_000 }), () => ({
          renew: (_, held) => Effect.succeed(held.map(({ slot }) => slot)),
          announce: () => Effect.succeed(1)
        }))
        yield* settle
        const { of, sink } = makeSink(() => Effect.fail(new SinkUnavailable({ cause: new Error("not yet") })))
        const next = yield* start(sink, { owner: "next", ttlMillis: 60_000 })
        yield* pass(8_000)
        yield* Deferred.succeed(gate, undefined)
        yield* pass(1_000)
        assert.deepStrictEqual([slow.of(eventId), of(eventId)], [upTo(3), []])
        yield* Fiber.interrupt(next)
        const last = makeSink()
        yield* start(last.sink, { owner: "last" })
        yield* pass(1_000)
        assert.deepStrictEqual(last.of(eventId), upTo(3))
      }).pipe(run)
    )
  })

  describe("with an entry that cannot be delivered", () => {
    it.effect("N3, O3: holds up its stream and no other, and tries again after a pause", () =>
      Effect.gen(function* () {
        const [bad, good] = [yield* stream(3), yield* stream(3)]
        let refusals = 0
        const { given, of, sink } = makeSink(({ eventId, version }) =>
          Effect.succeed(eventId === bad && version === 3 && refusals++ < 2 ? failure() : delivered)
        )
        yield* start(sink, { retryPolicy: EVERY_SECOND })
        yield* settle
        assert.deepStrictEqual([of(bad), of(good)], [[1, 2], upTo(5)])
        yield* Given.register(bad, 4)
        yield* Given.register(good, 4)
        yield* pass(100)
        assert.deepStrictEqual(of(good), upTo(6))
        yield* pass(4_000)
        assert.deepStrictEqual(of(bad), upTo(6))
        assert.deepStrictEqual(of(bad, given), [1, 2, 3, 3, 3, 4, 5, 6])
        yield* Given.register(bad, 5)
        yield* settle
        assert.deepStrictEqual(of(bad), upTo(7))
      }).pipe(run)
    )

    it.effect("O2: parks its stream once the attempts are used up, visibly, and loses nothing of it", () =>
      Effect.gen(function* () {
        const bad = yield* stream(2)
        const { given, of, sink } = makeSink(({ version }) =>
          Effect.succeed(version === 3 ? failure("it is too cold") : delivered)
        )
        const worker = yield* start(sink, { retryPolicy: EVERY_SECOND })
        yield* pass(60_000)
        assert.deepStrictEqual(of(bad, given), [1, 2, 3, 3, 3, 3])
        yield* Given.register(bad, 3)
        yield* pass(60_000)
        assert.deepStrictEqual(of(bad, given), [1, 2, 3, 3, 3, 3])
        yield* Fiber.interrupt(worker)
      }).pipe(run)
    )

    it.effect("N3: lets others of its slot go on, however much of it is waiting", () =>
      Effect.gen(function* () {
        const bad = yield* stream(400)
        const good = yield* Effect.repeat(stream(1), { until: (eventId) => slotOf(eventId) === slotOf(bad) })
        const { of, sink } = makeSink((delivery) =>
          Effect.succeed(delivery.eventId === bad ? failure("no", true) : delivered)
        )
        yield* start(sink, { batchSize: 5 })
        yield* pass(2_000)
        assert.deepStrictEqual(of(good), upTo(3))
      }).pipe(run)
    )

    it.effect("parks its stream at once if trying again is pointless", () =>
      Effect.gen(function* () {
        const bad = yield* stream(2)
        const { given, of, sink } = makeSink(({ version }) =>
          Effect.succeed(version === 2 ? failure("never", true) : delivered)
        )
        yield* start(sink, { retryPolicy: EVERY_SECOND })
        yield* pass(60_000)
        assert.deepStrictEqual(of(bad, given), [1, 2])
      }).pipe(run)
    )

    it.effect("does not let an entry overtake one that failed, even if the sink says that it arrived", () =>
      Effect.gen(function* () {
        const bad = yield* stream(2)
        const seen: Array<number> = []
        let isDown = true
        const sink: Sink = {
          name: SINK,
          deliver: ({ deliveries }) =>
            Effect.sync(() =>
              deliveries.map(({ version }) => {
                seen.push(version)
                return version === 2 && isDown ? failure() : delivered
              })
            )
        }
        yield* start(sink, { retryPolicy: EVERY_SECOND })
        yield* settle
        isDown = false
        yield* pass(2_000)
        assert.deepStrictEqual(seen, [1, 2, 3, 4, 2, 3, 4])
        assert.isString(bad)
      }).pipe(run)
    )

    it.effect("goes through a long backlog of its stream in order once it can be delivered", () =>
      Effect.gen(function* () {
        const bad = yield* stream(180)
        let isDown = true
        const { of, sink } = makeSink(() => Effect.succeed(isDown ? failure() : delivered))
        yield* start(sink, { retryPolicy: EVERY_SECOND, batchSize: 20 })
        yield* pass(500)
        isDown = false
        yield* pass(10_000)
        assert.deepStrictEqual(of(bad), upTo(182))
      }).pipe(run)
    )
  })

  describe("whose sink cannot be reached", () => {
    it.effect("blocks nothing, waits, and then goes on where it was", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(3)
        let isDown = true
        const { given, of, sink } = makeSink(() => (isDown ? unavailable : Effect.succeed(delivered)))
        yield* start(sink)
        yield* pass(60_000)
        const attempts = given.length
        assert.isAbove(attempts, 3)
        assert.isBelow(attempts, 60)
        isDown = false
        yield* pass(31_000)
        assert.deepStrictEqual(of(eventId), upTo(5))
      }).pipe(run)
    )

    it.effect("takes a defect of the sink for that", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(1)
        let isBroken = true
        const { of, sink } = makeSink(() => (isBroken ? Effect.die(new Error("a bug")) : Effect.succeed(delivered)))
        yield* start(sink)
        yield* pass(1_000)
        isBroken = false
        yield* pass(31_000)
        assert.deepStrictEqual(of(eventId), upTo(3))
      }).pipe(run)
    )
  })

  describe("whose sink takes a part of what it is given", () => {
    /** Says of each delivery what has become of it, as it comes to it, up to the first that `outcome` fails for. */
    const makeTalkative = (outcome: (delivery: StoredEntry) => Effect.Effect<DeliveryOutcome, SinkUnavailable>) => {
      const given: Array<StoredEntry> = []
      const sink: Sink = {
        name: SINK,
        deliver: ({ deliveries, settled }) =>
          Effect.forEach(deliveries, (delivery, index) =>
            Effect.tap(outcome(delivery), (result) =>
              Effect.sync(() => {
                given.push(delivery)
                settled!(index, result)
              })
            )
          )
      }
      return { sink, given, of: (eventId: EventId) => given.filter((one) => one.eventId === eventId) }
    }
    const versions = (some: ReadonlyArray<StoredEntry>) => some.map(({ version }) => version)
    const positionOf = (eventId: EventId) =>
      Effect.map(
        Outbox.use((outbox) => outbox.claim(SINK, { owner: "the test", ttlMillis: 0, limit: SLOTS })),
        // A position in memory ends with the number of entries that were given.
        (claims) =>
          Number(
            claims
              .find(({ slot }) => slot === slotOf(eventId))!
              .position.split(" ")
              .at(-1)
          )
      )
    const blockedOf = OutboxOperations.use(({ blocked }) => blocked(SINK, null, { after: null, limit: 100 }))

    it.effect("O2, O3: goes on behind what was taken, and sends nothing of it again", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(28)
        let calls = 0
        const { given, sink } = makeTalkative(() => (++calls % 4 === 0 ? unavailable : Effect.succeed(delivered)))
        const worker = yield* start(sink)
        yield* pass(200)
        const soFar = given.length
        assert.isAtLeast(soFar, 3)
        yield* pass(10_000)
        assert.deepStrictEqual(versions(given), upTo(30))
        yield* Fiber.interrupt(worker)
        assert.strictEqual(yield* positionOf(eventId), 30)
      }).pipe(run)
    )

    it.effect("rests for as short as at first where something gets through, and longer where nothing does", () =>
      Effect.gen(function* () {
        yield* stream(98)
        let calls = 0
        const { given, sink } = makeTalkative(() => (++calls % 2 === 0 ? unavailable : Effect.succeed(delivered)))
        yield* start(sink)
        for (let second = 0; second < 26; second++) yield* pass(1_000)
        assert.strictEqual(given.length, 100)
      }).pipe(run)
    )

    it.effect("moves the position at once, so that a successor is not given again what was taken", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(8)
        const { sink } = makeTalkative(({ version }) => (version === 7 ? unavailable : Effect.succeed(delivered)))
        const worker = yield* start(sink)
        yield* settle
        yield* Fiber.interrupt(worker)
        assert.strictEqual(yield* positionOf(eventId), 6)
        assert.deepStrictEqual(yield* blockedOf, [])
        const { of, sink: next } = makeSink()
        yield* start(next)
        yield* pass(1_000)
        assert.deepStrictEqual(of(eventId), upTo(10, 7))
      }).pipe(run)
    )

    it.effect("remembers what was taken behind what was not, and sends that alone", () =>
      Effect.gen(function* () {
        const slow = yield* stream(2)
        const quick = yield* Effect.repeat(stream(3), { until: (eventId) => slotOf(eventId) === slotOf(slow) })
        let isDown = true
        const given: Array<StoredEntry> = []
        const sink: Sink = {
          name: SINK,
          deliver: ({ deliveries, settled }) =>
            Effect.suspend(() => {
              const isReached = ({ eventId }: StoredEntry) => !isDown || eventId !== slow
              for (const [index, delivery] of deliveries.entries())
                if (isReached(delivery)) {
                  given.push(delivery)
                  settled!(index, delivered)
                }
              return deliveries.every(isReached) ? Effect.succeed(deliveries.map(() => delivered)) : unavailable
            })
        }
        const of = (eventId: EventId) => versions(given.filter((one) => one.eventId === eventId))
        yield* start(sink)
        yield* pass(20_000)
        assert.deepStrictEqual([of(slow), of(quick)], [[], upTo(5)])
        assert.deepStrictEqual(yield* blockedOf, [])
        isDown = false
        yield* pass(31_000)
        assert.deepStrictEqual([of(slow), of(quick)], [upTo(4), upTo(5)])
      }).pipe(run)
    )

    it.effect("does not take what was accepted ahead of its turn for delivered", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(2)
        let isDown = true
        const given: Array<number> = []
        const sink: Sink = {
          name: SINK,
          deliver: ({ deliveries, settled }) =>
            Effect.suspend(() => {
              for (const [index, { version }] of deliveries.entries())
                if (!isDown || version !== 2) {
                  given.push(version)
                  settled!(index, delivered)
                }
              return isDown ? unavailable : Effect.succeed(deliveries.map(() => delivered))
            })
        }
        const worker = yield* start(sink)
        yield* settle
        isDown = false
        yield* pass(2_000)
        assert.deepStrictEqual(given, [1, 3, 4, 2, 3, 4])
        yield* Fiber.interrupt(worker)
        assert.strictEqual(yield* positionOf(eventId), 4)
      }).pipe(run)
    )

    it.effect("N3: blocks a stream that was refused, though the sink cannot be reached for the others", () =>
      Effect.gen(function* () {
        const bad = yield* stream(2)
        const good = yield* Effect.repeat(stream(2), { until: (eventId) => slotOf(eventId) === slotOf(bad) })
        let isDown = true
        const { of, sink } = makeTalkative(({ eventId, version }) => {
          if (eventId === bad && version === 2) return Effect.succeed(failure("never", true))
          return eventId === good && isDown ? unavailable : Effect.succeed(delivered)
        })
        yield* start(sink)
        yield* settle
        assert.deepStrictEqual(
          (yield* blockedOf).map(({ stream, version }) => [stream, version]),
          [[bad, 2]]
        )
        isDown = false
        yield* pass(2_000)
        assert.deepStrictEqual(versions(of(good)), upTo(4))
      }).pipe(run)
    )

    it.effect("uses up no attempt of a blocked stream that it could not be reached for", () =>
      Effect.gen(function* () {
        const bad = yield* stream(60)
        let state: "refuses" | "is down" | "works" = "refuses"
        const { given, sink } = makeTalkative(({ version }) => {
          if (state === "refuses" && version === 3) return Effect.succeed(failure())
          return state === "is down" && version === 10 ? unavailable : Effect.succeed(delivered)
        })
        yield* start(sink, { retryPolicy: { ...EVERY_SECOND, maxAttempts: 2 } })
        yield* settle
        state = "is down"
        yield* pass(60_000)
        const [blocked] = yield* blockedOf
        assert.deepInclude(blocked!, { stream: bad, version: 10, attempts: 0 })
        assert.isNotNull(blocked!.retryAt)
        state = "works"
        yield* pass(40_000)
        assert.deepStrictEqual(yield* blockedOf, [])
        assert.strictEqual(new Set(versions(given)).size, 62)
      }).pipe(run)
    )

    it.effect("counts what was taken before a bug of the sink, and before it is stopped", () =>
      Effect.gen(function* () {
        const eventId = yield* stream(8)
        let isBroken = true
        const { sink } = makeTalkative(({ version }) => {
          if (version === 4 && isBroken) return Effect.die(new Error("a bug"))
          return version === 7 ? Effect.never : Effect.succeed(delivered)
        })
        const worker = yield* start(sink, { graceMillis: 1_000 })
        yield* settle
        isBroken = false
        yield* pass(2_000)
        const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
        yield* pass(1_000)
        assert.isDefined(stopping.pollUnsafe())
        assert.strictEqual(yield* positionOf(eventId), 6)
      }).pipe(run)
    )
  })

  it.effect("tells what it does, and how long that takes", () =>
    Effect.gen(function* () {
      // In two slots: what is read of one slot at once counts once.
      const bad = yield* stream(1, 1)
      yield* stream(2, 2)
      let refusals = 0
      const { sink } = makeSink(({ eventId, version }) =>
        Effect.as(Effect.sleep(100), eventId === bad && version === 3 && refusals++ < 4 ? failure() : delivered)
      )
      const valueOf = <I, S>(metric: Metric.Metric<I, S>) => Metric.value(Metric.withAttributes(metric, { sink: SINK }))
      yield* start(sink, { retryPolicy: EVERY_SECOND })
      yield* pass(10_000)
      assert.deepStrictEqual(
        [
          yield* valueOf(RelayMetrics.deliveries),
          yield* valueOf(RelayMetrics.retries),
          yield* valueOf(RelayMetrics.parks),
          yield* valueOf(RelayMetrics.takeovers),
          yield* valueOf(RelayMetrics.stale)
        ].map(({ count }) => count),
        [6, 3, 1, 0, 0]
      )
      assert.strictEqual((yield* valueOf(RelayMetrics.claimLag)).count, 2)
      const before = yield* valueOf(RelayMetrics.gateLag)
      yield* Given.publishedEvent()
      yield* pass(1_000)
      assert.isAbove((yield* valueOf(RelayMetrics.gateLag)).count, before.count)
      assert.isAtLeast((yield* valueOf(RelayMetrics.sendLag)).min, 0.1)
      const parked = (yield* valueOf(RelayMetrics.parkedLag)).value
      yield* pass(20_000)
      assert.isAtLeast((yield* valueOf(RelayMetrics.parkedLag)).value, parked + 10)
      yield* OutboxOperations.use((operations) => operations.retry(SINK, bad, "ada"))
      yield* pass(12_000)
      assert.strictEqual((yield* valueOf(RelayMetrics.parkedLag)).value, 0)
    }).pipe(run, Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("waits for its store, however long that takes", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(1)
      const { of, sink } = makeSink()
      let isDown = true
      yield* withOutbox(
        start(sink),
        failing(() => isDown)
      )
      yield* pass(120_000)
      isDown = false
      yield* pass(6_000)
      isDown = true
      yield* pass(60_000)
      yield* Given.register(eventId, 2)
      yield* pass(1_000)
      isDown = false
      yield* pass(11_000)
      assert.deepStrictEqual(of(eventId), upTo(4))
    }).pipe(run)
  )
})
