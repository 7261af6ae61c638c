/**
 * Blocked streams that are tried again together: more of them than at once, and more entries than at once, each stream with
 * an outcome of its own.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Given from "../support/Given.ts"

const SINK = "sink"
/** How many blocked streams of a slot are tried again together, and how many entries of each. */
const STREAMS_AT_ONCE = 20
const DEPTH = 50

const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** The n-th stream of a slot: two entries and one for each of so many people. */
const stream = Effect.fnUntraced(function* (slot: number, n: number, people: number) {
  const last = slot.toString(16).padStart(2, "0")
  const id = `00000000-0000-4000-8000-${n.toString(16).padStart(10, "0")}${last}` as EventId
  yield* Given.publishedEvent({ id, capacity: 1_000 })
  yield* Given.registerAll(id, people)
  return id
})

const makeSink = (outcome: (delivery: StoredEntry) => DeliveryOutcome) => {
  const arrived: Array<StoredEntry> = []
  const sink: Sink = {
    name: SINK,
    deliver: ({ deliveries }) =>
      Effect.sync(() => {
        const failing = new Set<EventId>()
        return deliveries.map((delivery) => {
          const result = failing.has(delivery.eventId) ? failure() : outcome(delivery)
          if (result._tag === "Delivered") arrived.push(delivery)
          else failing.add(delivery.eventId)
          return result
        })
      })
  }
  const of = (id: EventId) => arrived.flatMap(({ eventId, version }) => (eventId === id ? [version] : []))
  return { sink, arrived, of }
}

const failure = (isFinal = false): DeliveryOutcome => ({ _tag: "Failed", error: "no", isFinal })

const start = (sink: Sink) =>
  Effect.forkChild(
    Relay.run(sink, { retryPolicy: { firstPauseMillis: 500, longestPauseMillis: 500, maxAttempts: 1_000 } }),
    { startImmediately: true }
  )

const blocked = OutboxOperations.use((operations) =>
  Effect.map(operations.blocked(SINK, null, { after: null, limit: 1_000 }), (blocks) =>
    blocks.map(({ retryAt, stream, version }) => [stream, version, retryAt === null])
  )
)

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
const run = <A, E>(effect: Effect.Effect<A, E, Turnout.Turnout | Outbox | OutboxOperations>) =>
  Effect.provide(effect, Layer.fresh(services))

describe("blocked streams of a slot", () => {
  it.effect("have outcomes of their own, though they are tried again together, in several slots at once", () =>
    Effect.gen(function* () {
      const streams: Array<EventId> = []
      for (const slot of [1, 2, 3]) for (const n of upTo(4)) streams.push(yield* stream(slot, n, 3))
      // By the number of the stream: it arrives at the second time, at the fourth, not from version 4 on, or never again.
      const refused = new Map<EventId, number>()
      const { of, sink } = makeSink(({ eventId, version }) => {
        const n = Number.parseInt(eventId.slice(-12, -2), 16)
        const times = refused.get(eventId) ?? 0
        const isRefused =
          (version === 2 && times < [0, 1, 3, 1, 1][n]!) || (n === 3 && version === 4) || (n === 4 && version === 3)
        if (!isRefused) return delivered
        refused.set(eventId, times + 1)
        return failure(n > 2 && version > 2)
      })
      yield* start(sink)
      yield* pass(10_000)
      for (const [index, id] of streams.entries())
        assert.deepStrictEqual(of(id), [upTo(5), upTo(5), upTo(3), upTo(2)][index % 4])
      const parked = streams.flatMap((id, index) =>
        index % 4 < 2 ? [] : [[id, index % 4 === 2 ? 4 : 3, true] as const]
      )
      assert.sameDeepMembers(
        [...(yield* blocked)],
        parked.map((one) => [...one])
      )
    }).pipe(run)
  )

  it.effect.each([STREAMS_AT_ONCE - 1, STREAMS_AT_ONCE, STREAMS_AT_ONCE + 1, 2 * STREAMS_AT_ONCE + 3])(
    "%i of them are all delivered in the end, once",
    (count) =>
      Effect.gen(function* () {
        const streams: Array<EventId> = []
        for (const n of upTo(count)) streams.push(yield* stream(5, n, 1))
        let isDown = true
        const { arrived, of, sink } = makeSink(() => (isDown ? failure() : delivered))
        yield* start(sink)
        yield* pass(1_000)
        isDown = false
        yield* pass(10_000)
        for (const id of streams) assert.deepStrictEqual(of(id), upTo(3))
        assert.strictEqual(arrived.length, 3 * count)
        assert.deepStrictEqual(yield* blocked, [])
      }).pipe(run)
  )

  it.effect.each([DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH, 2 * DEPTH + 1])(
    "with %i entries that wait are delivered to the last, in order, and what comes then",
    (waiting) =>
      Effect.gen(function* () {
        const id = yield* stream(6, 1, waiting - 2)
        const other = yield* stream(6, 2, 1)
        let isDown = true
        const { of, sink } = makeSink(() => (isDown ? failure() : delivered))
        yield* start(sink)
        yield* pass(1_000)
        isDown = false
        yield* pass(10_000)
        assert.deepStrictEqual([of(id), of(other)], [upTo(waiting), upTo(3)])
        assert.deepStrictEqual(yield* blocked, [])
        yield* Given.register(id, 900)
        yield* settle
        assert.deepStrictEqual(of(id), upTo(waiting + 1))
      }).pipe(run)
  )
})
