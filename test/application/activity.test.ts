/**
 * What relays and workers tell of their work, in virtual time: failures once, recoveries, a line a minute, totals; and the names of
 * the owners of leases.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { toJson } from "@turnout/core/delivery/domain/Message"
import { newOwner, processName, processOf } from "@turnout/core/delivery/application/HeldLease"
import * as Relay from "@turnout/core/delivery/application/Relay"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { type Sink, SinkUnavailable } from "@turnout/core/delivery/ports/Sink"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { Effect, Fiber, Layer, Logger, Metric, Random, References } from "effect"
import { TestClock } from "effect/testing"
import { randomUUID } from "node:crypto"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import * as Activity from "../../packages/cli/src/activity/Activity.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as ConsumerActivity from "../../packages/cli/src/activity/ConsumerActivity.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as RelayActivity from "../../packages/cli/src/activity/RelayActivity.ts"
import * as Given from "../support/Given.ts"

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

/** A log that a test reads. */
const makeLog = () => {
  const told: Array<Line> = []
  const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
    const fields = fiber.getRef(References.CurrentLogAnnotations) as Readonly<Record<string, unknown>>
    const [text] = Array.isArray(message) ? (message as ReadonlyArray<unknown>) : [message]
    told.push({ level: logLevel, message: String(text), fields })
  })
  return { told, layer: Logger.layer([logger]) }
}

/** Runs relays of a sink whose state a test sets, and gives the lines of their log. */
const relaying = <A, E>(
  use: (given: {
    readonly state: { isDown: boolean; isBroken: boolean; cause: string }
    readonly told: ReadonlyArray<Line>
    readonly stop: Effect.Effect<unknown>
  }) => Effect.Effect<A, E, Turnout.Turnout | OutboxOperations>
) => {
  const { layer, told } = makeLog()
  const state = { isDown: false, isBroken: false, cause: "refused" }
  const sink: Sink = {
    name: "mail",
    deliver: ({ deliveries }) =>
      state.isDown
        ? Effect.fail(new SinkUnavailable({ cause: new Error(state.cause) }))
        : Effect.succeed(
            deliveries.map(() => (state.isBroken ? { _tag: "Failed", error: "poison", isFinal: true } : delivered))
          )
  }
  return Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Activity.around(RelayActivity.activity, Relay.run(sink)), {
      startImmediately: true
    })
    yield* pass(1_000)
    return yield* use({ state, told, stop: Fiber.interrupt(fiber) })
  }).pipe(
    Effect.provide(Turnout.layer().pipe(Layer.provideMerge(Layer.fresh(Memory.layer)))),
    Effect.provide(layer),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )
}

const matching = (told: ReadonlyArray<Line>, pattern: RegExp) => told.filter(({ message }) => pattern.test(message))

describe("the log of a relay", () => {
  it.effect("tells that the sink is away once, however often it is tried, and once that it works again", () =>
    relaying(({ state, told }) =>
      Effect.gen(function* () {
        state.isDown = true
        yield* Given.publishedEvent()
        yield* pass(120_000)
        assert.lengthOf(matching(told, /the sink mail failed/), 1)
        state.cause = "forbidden"
        yield* pass(120_000)
        assert.lengthOf(matching(told, /the sink mail failed/), 2)
        assert.lengthOf(matching(told, /works again/), 0)
        state.isDown = false
        yield* pass(60_000)
        const [again, ...others] = matching(told, /the sink mail works again after \d+ s$/)
        assert.deepStrictEqual([again?.level, others], ["Info", []])
      })
    )
  )

  it.effect("tells that streams are parked, in one line for all of them", () =>
    relaying(({ state, told }) =>
      Effect.gen(function* () {
        state.isBroken = true
        for (let n = 0; n < 5; n++) yield* Given.publishedEvent()
        yield* pass(5_000)
        const parked = matching(told, /parked for mail: .* from version 1 on: poison$|are parked, the first/)
        assert.isAtLeast(parked.length, 1)
        assert.isAtMost(parked.length, 5)
        assert.isTrue(parked.every(({ level }) => level === "Warn"))
      })
    )
  )

  it.effect("has a line a minute with counts and the lag, and one with the totals", () =>
    relaying(({ state, stop, told }) =>
      Effect.gen(function* () {
        yield* Given.publishedEvent()
        yield* pass(60_000)
        const [first] = matching(told, /^in the last minute: /)
        assert.strictEqual(first?.message, "in the last minute: 2 delivered, 0 failed, 0 parked; lag 0 s")
        assert.deepInclude(first?.fields, { delivered: 2, failed: 0, parked: 0, lagMillis: 0 })
        state.isDown = true
        yield* Given.publishedEvent()
        yield* pass(60_000)
        const [, second] = matching(told, /^in the last minute: /)
        assert.match(second!.message, /^in the last minute: 0 delivered, 0 failed, 0 parked; lag \d\d s \(mail\)$/)
        assert.isAbove(second!.fields["lagMillis"] as number, 20_000)
        state.isDown = false
        state.isBroken = true
        yield* pass(60_000)
        yield* stop
        const [total, ...others] = matching(told, /^stopped after /)
        assert.deepStrictEqual(others, [])
        assert.match(total!.message, /^stopped after 3 min: 2 delivered, 0 failed, 1 parked$/)
      })
    )
  )
})

describe("the log of a worker", () => {
  it.effect("has a line a minute with what became of the messages, and one with the totals", () => {
    const { layer, told } = makeLog()
    const group = "00000000-0000-7000-8000-000000000001"
    const message = (type: StoredEntry["type"], version: number) =>
      toJson({
        id: randomUUID(),
        eventId: group as never,
        version,
        type,
        schemaVersion: 1,
        payload: "{}",
        metadata: { actor: "ada", correlationId: null, causationId: null },
        occurredAt: new Date(0)
      })
    const handlers: Consumer.Handlers<string> = {
      EventPublished: () => Effect.void,
      EventCancelled: () => Effect.fail("no room")
    }
    return Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const work = Consumer.run(queue, handlers, { consumer: "test" })
      const fiber = yield* Effect.forkChild(Activity.around(ConsumerActivity.activity, work), {
        startImmediately: true
      })
      const published = message("EventPublished", 1)
      yield* queue.send(published, group)
      yield* pass(30_000)
      yield* queue.send(published, group)
      yield* queue.send("not a message", "another")
      yield* pass(30_000)
      const [first] = matching(told, /^in the last minute: /)
      assert.strictEqual(first?.message, "in the last minute: 1 handled, 1 handled before, 0 failed, 1 left alone")
      assert.deepInclude(first?.fields, { handled: 1, repeated: 1, failed: 0, ignored: 1 })
      yield* queue.send(message("EventCancelled", 2), group)
      yield* pass(60_000)
      const [, second] = matching(told, /^in the last minute: /)
      assert.match(
        second!.message,
        /^in the last minute: 0 handled, 0 handled before, [1-9]\d* failed, \d+ left alone$/
      )
      yield* Effect.forkDetach(Fiber.interrupt(fiber), { startImmediately: true })
      yield* pass(30_000)
      const [total, ...others] = matching(told, /^stopped after /)
      assert.deepStrictEqual(others, [])
      assert.match(
        total!.message,
        /^stopped after [23] min: 1 handled, 1 handled before, [1-9]\d* failed, \d+ left alone$/
      )
    }).pipe(
      Effect.provide(Layer.fresh(MemoryInbox.layer)),
      Effect.provide(layer),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })
})

describe("the owner of leases", () => {
  it.effect("is named by host, process and chance, so that two are never equal", () =>
    Effect.gen(function* () {
      const random = yield* Random.Random
      const owners = Array.from({ length: 1_000 }, () => newOwner(random))
      assert.strictEqual(new Set(owners).size, 1_000)
      assert.isTrue(
        owners.every((owner) => owner.startsWith(`${processName()}:`) && processOf(owner) === processName())
      )
      assert.isTrue(processName().endsWith(`:${process.pid}`))
      assert.isUndefined(processOf("chosen"))
    })
  )

  it.effect("is that by which the outbox knows a relay", () =>
    relaying(() =>
      Effect.gen(function* () {
        const { sinks } = yield* OutboxOperations.use(({ status }) => status)
        const owners = new Set(sinks[0]!.slots.map(({ owner }) => processOf(owner ?? "")))
        assert.deepStrictEqual([...owners], [processName()])
      })
    )
  )
})
