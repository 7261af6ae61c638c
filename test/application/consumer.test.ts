/**
 * The worker, on the queue and the inbox in memory and in virtual time: what it does with each message, and what it does
 * when something fails.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { type Message, toJson } from "@turnout/core/delivery/domain/Message"
import { type HandlerTimedOut, Inbox } from "@turnout/core/consumer/ports/Inbox"
import { type Queue, QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import * as Spans from "@turnout/core/kernel/application/tracing/Spans"
import * as FailedStatement from "@turnout/core/kernel/ports/FailedStatement"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Logger, Metric } from "effect"
import { TestClock } from "effect/testing"
import { randomUUID } from "node:crypto"

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

const stream = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`

const delivery = (n: number, version: number, rest: Partial<StoredEntry> = {}): StoredEntry => ({
  id: randomUUID(),
  eventId: stream(n) as never,
  version,
  type: "EventPublished",
  schemaVersion: 1,
  payload: "{}",
  metadata: { actor: "ada", correlationId: null, causationId: null },
  occurredAt: new Date(0),
  ...rest
})

/** Puts messages into a queue, and gives them. */
const send = Effect.fnUntraced(function* (queue: MemoryQueue.MemoryQueue, deliveries: ReadonlyArray<StoredEntry>) {
  for (const one of deliveries) yield* queue.send(toJson(one), one.eventId)
  return deliveries
})

/** A handler that notes what it is given, and makes of it whatever a test wants. */
const makeHandler = (work: (message: Message) => Effect.Effect<unknown, string> = () => Effect.void) => {
  const begun: Array<string> = []
  const finished: Array<string> = []
  const name = ({ eventId, version }: Message) => `${Number(eventId.slice(-12))}.${version}`
  const handlers: Consumer.Handlers<string> = {
    EventPublished: (_, message) =>
      Effect.gen(function* () {
        begun.push(name(message))
        yield* work(message)
        finished.push(name(message))
      })
  }
  return { begun, finished, handlers }
}

const start = <E>(queue: Queue, handlers: Consumer.Handlers<E>, options: Partial<Consumer.ConsumerOptions> = {}) =>
  // Not a child: stopping it takes time, of which none passes once a test is over.
  Effect.forkDetach(Consumer.run(queue, handlers, { consumer: "test", ...options }), { startImmediately: true })

/** Handlers that do not end in time. */
const ENDLESS: Readonly<Record<string, Effect.Effect<unknown>>> = {
  "never returns": Effect.never,
  "waits for a promise that is never settled": Effect.promise(() => new Promise(() => {})),
  "cannot be interrupted": Effect.uninterruptible(Effect.never)
}

/** Pauses of one second, whatever is drawn. */
const EVERY_SECOND = { firstPauseMillis: 1_000, longestPauseMillis: 1_000, maxAttempts: Infinity }

const run = <A, E>(effect: Effect.Effect<A, E, Inbox>) =>
  effect.pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)), Effect.provideService(Metric.MetricRegistry, new Map()))

const countOf = (fate: keyof typeof Consumer.messages) =>
  Effect.map(Metric.value(Consumer.messages[fate]), ({ count }) => count)

const storeIsDown = Effect.fail(
  new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("down") }) })
)
const queueIsDown = Effect.fail(new QueueUnavailable({ cause: new Error("down") }))
/** What a queue does, unless it cannot be reached at the moment. */
const unless = <A>(isDown: () => boolean, operation: Effect.Effect<A, QueueUnavailable>) =>
  Effect.suspend(() => (isDown() ? queueIsDown : operation))

describe("a worker", () => {
  it.effect("N1, N2: handles each message once, and deletes it", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      yield* send(
        queue,
        Array.from({ length: 40 }, (_, n) => delivery(n % 4, 1 + Math.floor(n / 4)))
      )
      const { finished, handlers } = makeHandler()
      yield* start(queue, handlers)
      yield* pass(2_000)
      assert.strictEqual(finished.length, 40)
      assert.strictEqual(queue.size(), 0)
      for (let n = 0; n < 4; n++) {
        assert.deepStrictEqual(
          finished.filter((one) => one.startsWith(`${n}.`)),
          Array.from({ length: 10 }, (_, version) => `${n}.${version + 1}`)
        )
      }
      assert.strictEqual(yield* countOf("handled"), 40)
    }).pipe(run)
  )

  it.effect(
    "handles a message in the trace that the queue tells, or else its body, and in none that is not valid",
    () =>
      Effect.gen(function* () {
        const traceParent = (n: number) => `00-4bf92f3577b34da6a3ce929d0e0e473${n}-00f067aa0ba902b7-01`
        const inner = yield* MemoryQueue.make()
        const told = [undefined, traceParent(2), "none that is valid", undefined]
        const queue: Queue = {
          ...inner,
          receive: (max) =>
            Effect.map(inner.receive(max), (received) =>
              received.map((message) => {
                const attribute = told[Number(message.group!.slice(-12))]
                return attribute === undefined ? message : { ...message, traceParent: attribute }
              })
            )
        }
        const metadata = { actor: "ada", correlationId: null, causationId: null }
        yield* send(inner, [
          ...[0, 1, 2].map((n) => delivery(n, 1, { metadata: { ...metadata, traceParent: traceParent(1) } })),
          delivery(3, 1, { metadata: { ...metadata, traceParent: "00-not-valid" } })
        ])
        const seen = new Map<number, string | undefined>()
        yield* start(queue, {
          EventPublished: (_, { eventId }) =>
            Effect.withFiber((fiber) =>
              Effect.sync(() => seen.set(Number(eventId.slice(-12)), Spans.traceParentOf(fiber)))
            )
        })
        yield* pass(1_000)
        assert.deepStrictEqual(
          [0, 1, 2, 3].map((n) => seen.get(n)),
          [traceParent(1), traceParent(2), traceParent(1), undefined]
        )
        assert.strictEqual(inner.size(), 0)
      }).pipe(run)
  )

  it.effect("waits for the store with what it has in hand, and no message counts as received more often", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      yield* send(
        queue,
        Array.from({ length: 12 }, (_, n) => delivery(n % 3, 1 + Math.floor(n / 3)))
      )
      const inbox = yield* Inbox
      let isDown = true
      const reasons = [StoreError.Unavailable, StoreError.NotMigrated, StoreError.OutcomeUnknown]
      let asked = 0
      const down = Effect.suspend(() => {
        const Reason = reasons[asked++ % reasons.length]!
        return Effect.fail(new StoreError.StoreError({ reason: new Reason({ cause: new Error("down") }) }))
      })
      const unsteady = Inbox.of({
        ...inbox,
        once: (consumer, key, effect) => Effect.suspend(() => (isDown ? down : inbox.once(consumer, key, effect))),
        ready: Effect.suspend(() => (isDown ? down : inbox.ready))
      })
      const { finished, handlers } = makeHandler()
      const received: Array<number> = []
      const watched: Queue = {
        ...queue,
        receive: (limit) =>
          Effect.tap(queue.receive(limit), (messages) =>
            Effect.sync(() => received.push(...messages.map(({ receiveCount }) => receiveCount)))
          )
      }
      yield* Effect.provideService(start(watched, handlers), Inbox, unsteady)
      yield* pass(10 * 60_000)
      assert.isAbove(asked, 5)
      assert.isBelow(asked, 500, "it waits longer and longer")
      assert.deepStrictEqual(finished, [])
      assert.strictEqual(yield* countOf("failed"), 0)
      isDown = false
      yield* pass(31_000)
      assert.strictEqual(finished.length, 12)
      assert.strictEqual(queue.size(), 0)
      assert.isTrue(received.every((count) => count === 1))
    }).pipe(run)
  )

  it.effect("receives nothing while the store takes no writes, and goes on when it does", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ maxReceiveCount: 3 })
      const inbox = yield* Inbox
      let isDown = false
      const unsteady = Inbox.of({
        ...inbox,
        once: (consumer, key, effect) => (isDown ? storeIsDown : inbox.once(consumer, key, effect)),
        ready: Effect.suspend(() => (isDown ? storeIsDown : inbox.ready))
      })
      const { finished, handlers } = makeHandler()
      let received = 0
      const counting: Queue = {
        ...queue,
        receive: (max) => Effect.tap(queue.receive(max), ({ length }) => Effect.sync(() => (received += length)))
      }
      yield* send(queue, [delivery(1, 1)])
      yield* Effect.provideService(start(counting, handlers), Inbox, unsteady)
      yield* pass(500)
      assert.strictEqual(received, 1)
      isDown = true
      yield* send(queue, [delivery(2, 1)])
      yield* pass(2_000)
      // One poll was under way, and what it brings stays in hand.
      assert.strictEqual(received, 2)
      yield* send(
        queue,
        Array.from({ length: 50 }, (_, n) => delivery(3 + n, 1))
      )
      yield* pass(10 * 60_000)
      assert.strictEqual(received, 2)
      isDown = false
      yield* pass(31_000)
      assert.strictEqual(finished.length, 52)
      assert.deepStrictEqual([received, queue.size(), yield* queue.deadLetters.count], [52, 0, 0])
    }).pipe(run)
  )

  it.effect("that starts again and again while the store takes no writes receives nothing", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ maxReceiveCount: 2 })
      yield* send(queue, [delivery(1, 1), delivery(2, 1)])
      const down = Inbox.of({ ...(yield* Inbox), once: () => storeIsDown, ready: storeIsDown })
      for (let time = 0; time < 5; time++) {
        const worker = yield* Effect.provideService(start(queue, makeHandler().handlers), Inbox, down)
        yield* pass(60_000)
        const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
        yield* settle
        assert.isDefined(stopping.pollUnsafe())
      }
      const { finished, handlers } = makeHandler()
      yield* start(queue, handlers)
      yield* pass(2_000)
      assert.sameMembers(finished, ["1.1", "2.1"])
      assert.strictEqual(yield* queue.deadLetters.count, 0)
    }).pipe(run)
  )

  it.effect("stops at once while it waits for the store", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      yield* send(queue, [delivery(1, 1)])
      const reason = new StoreError.Unavailable({ cause: new Error("down") })
      const down = Inbox.of({
        ...(yield* Inbox),
        once: () => Effect.fail(new StoreError.StoreError({ reason })),
        ready: Effect.fail(new StoreError.StoreError({ reason }))
      })
      const fiber = yield* Effect.provideService(start(queue, makeHandler().handlers), Inbox, down)
      yield* pass(60_000)
      const stopped = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* settle
      assert.isDefined(stopped.pollUnsafe())
      assert.strictEqual(queue.size(), 1)
    }).pipe(run)
  )

  it.effect("gives a handler the event in its own form, and the message", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const [sent] = yield* send(queue, [
        delivery(1, 1, { type: "CapacityChanged", payload: JSON.stringify({ from: 1, to: 2 }) })
      ])
      const seen: Array<unknown> = []
      yield* start(queue, {
        CapacityChanged: ({ from, to }, message) =>
          Effect.sync(() => seen.push([from, to, message.id, message.version]))
      })
      yield* settle
      assert.deepStrictEqual(seen, [[1, 2, sent!.id, 1]])
    }).pipe(run)
  )

  it.effect("N1: deletes a message that comes again without handling it again, and handles a replay of it", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const { finished, handlers } = makeHandler()
      yield* start(queue, handlers)
      const one = delivery(1, 1)
      const replay = randomUUID()
      for (const body of [toJson(one), toJson(one), toJson(one, replay), toJson(one, replay)]) {
        yield* queue.send(body, one.eventId)
        yield* pass(1_000)
      }
      assert.deepStrictEqual([finished, queue.size()], [["1.1", "1.1"], 0])
      assert.strictEqual(yield* countOf("repeated"), 2)
    }).pipe(run)
  )

  it.effect(
    "N3, N4: gives back a message that fails and those behind it in its group, and goes on with other groups",
    () =>
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ maxReceiveCount: 10 })
        let failures = 2
        const { begun, finished, handlers } = makeHandler(({ eventId, version }) =>
          eventId === stream(1) && version === 2 && failures-- > 0 ? Effect.fail("no") : Effect.void
        )
        yield* send(
          queue,
          [1, 2, 3].flatMap((version) => [delivery(1, version), delivery(2, version)])
        )
        yield* start(queue, handlers, { retryPolicy: EVERY_SECOND })
        yield* settle
        assert.sameMembers(finished, ["1.1", "2.1", "2.2", "2.3"])
        yield* pass(5_000)
        assert.deepStrictEqual(
          begun.filter((one) => one.startsWith("1.")),
          ["1.1", "1.2", "1.2", "1.2", "1.3"]
        )
        assert.strictEqual(queue.size(), 0)
      }).pipe(run)
  )

  it.effect(
    "N3: leaves poison to the dead letters of the queue, with what was received behind it, and no other group",
    () =>
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ maxReceiveCount: 3 })
        const { begun, finished, handlers } = makeHandler(({ eventId, version }) =>
          eventId === stream(1) && version === 1 ? Effect.die(new Error("a bug")) : Effect.void
        )
        const poison = yield* send(queue, [delivery(1, 1), delivery(1, 2)])
        yield* send(queue, [delivery(2, 1), delivery(2, 2)])
        yield* start(queue, handlers, { retryPolicy: EVERY_SECOND })
        yield* pass(10_000)
        assert.deepStrictEqual(
          begun.filter((one) => one.startsWith("1.")),
          ["1.1", "1.1", "1.1"]
        )
        assert.deepStrictEqual([finished, queue.size()], [["2.1", "2.2"], 0])
        assert.deepStrictEqual(
          (yield* queue.deadLetters.list(10)).map(({ body }) => body),
          poison.map((one) => toJson(one))
        )
        yield* send(queue, [delivery(1, 3)])
        yield* pass(2_000)
        assert.include(finished, "1.3")
      }).pipe(run)
  )

  it.effect.each(Object.keys(ENDLESS))(
    "N3, N5: gives up a handler that %s after its limit, as one that failed, and goes on with its one place",
    (what) =>
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ maxReceiveCount: 3 })
        const { begun, finished, handlers } = makeHandler(({ eventId }) =>
          eventId === stream(1) ? ENDLESS[what]! : Effect.void
        )
        yield* send(queue, [delivery(1, 1), delivery(2, 1), delivery(3, 1)])
        yield* start(queue, handlers, { retryPolicy: EVERY_SECOND, concurrency: 1 })
        yield* pass(59_000)
        assert.deepStrictEqual([begun, finished], [["1.1"], []], "the others wait for the place")
        yield* pass(3_000)
        assert.sameMembers(finished, ["2.1", "3.1"])
        for (let waited = 0; waited < 4; waited++) yield* pass(63_000)
        assert.deepStrictEqual([queue.size(), yield* queue.deadLetters.count], [0, 1])
        assert.deepStrictEqual(begun.filter((one) => one === "1.1").length, 3)
        assert.strictEqual(yield* countOf("failed"), 3)
      }).pipe(run)
  )

  it.effect("N5: throws away what a handler comes to after its limit", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const gate = yield* Deferred.make<void>()
      let runs = 0
      const { handlers } = makeHandler(() =>
        Effect.suspend(() => (++runs === 1 ? Effect.uninterruptible(Deferred.await(gate)) : Effect.never))
      )
      yield* send(queue, [delivery(1, 1)])
      yield* start(queue, handlers, { handlerTimeoutMillis: 2_000, retryPolicy: EVERY_SECOND })
      yield* pass(5_000)
      yield* Deferred.succeed(gate, undefined)
      yield* pass(1_000)
      assert.deepStrictEqual([runs, queue.size()], [2, 1])
      assert.strictEqual(yield* countOf("handled"), 0)
    }).pipe(run)
  )

  it.effect("N5: hides a message until the limit of its handler, and no longer", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 3_000, maxReceiveCount: 10 })
      const stuck = makeHandler(() => Effect.uninterruptible(Effect.never))
      yield* send(queue, [delivery(1, 1)])
      yield* start(queue, stuck.handlers, { handlerTimeoutMillis: 30_000, graceMillis: 1_000 })
      yield* pass(1_000)
      const other = makeHandler()
      yield* start(queue, other.handlers)
      yield* pass(28_000)
      assert.deepStrictEqual(other.finished, [])
      yield* pass(5_000)
      assert.deepStrictEqual(other.finished, ["1.1"])
    }).pipe(run)
  )

  it.effect("is not kept from stopping by a handler that cannot be interrupted, whose message comes back", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const { handlers } = makeHandler(() => Effect.uninterruptible(Effect.never))
      yield* send(queue, [delivery(1, 1)])
      const worker = yield* start(queue, handlers, { graceMillis: 3_000 })
      yield* settle
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
      yield* pass(3_000)
      yield* pass(1_000)
      assert.isDefined(stopping.pollUnsafe())
      const next = makeHandler()
      yield* start(queue, next.handlers)
      yield* settle
      assert.deepStrictEqual([next.finished, queue.size()], [["1.1"], 0])
    }).pipe(run)
  )

  it.effect.each([0, -1, 3_600_001, Infinity, NaN])("refuses a limit of %d ms for its handlers", (millis) =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const exit = yield* Effect.exit(
        Consumer.run(queue, makeHandler().handlers, { consumer: "test", handlerTimeoutMillis: millis })
      )
      assert.include(String(Exit.isFailure(exit) && Cause.squash(exit.cause)), "handlerTimeoutMillis")
    }).pipe(run)
  )

  /** An inbox that fails with a `StoreError` at some messages. */
  const failingAt = (isAt: (key: string) => boolean, reason: () => StoreError.StoreErrorReason) =>
    Effect.map(Inbox, (inbox) => {
      const tries: Array<string> = []
      const failing = Inbox.of({
        ...inbox,
        once: <E, R>(consumer: string, key: string, effect: Effect.Effect<unknown, E, R>, timeoutMillis?: number) =>
          Effect.suspend((): Effect.Effect<boolean, E | HandlerTimedOut | StoreError.StoreError, R> => {
            if (!isAt(key)) return inbox.once(consumer, key, effect, timeoutMillis)
            tries.push(key)
            return Effect.fail(new StoreError.StoreError({ reason: reason() }))
          })
      })
      return { failing, tries }
    })

  const CAUSE = { cause: new Error("not you") }
  /** What a store may answer again and again at one message, while it takes the writes of others; and how often it is asked. */
  const AT_ONE_MESSAGE = [
    ["Unexpected", () => new StoreError.Unexpected(CAUSE), 1],
    ["Contention", () => new StoreError.Contention(CAUSE), 5],
    ["Unavailable", () => new StoreError.Unavailable(CAUSE), 6],
    ["NotMigrated", () => new StoreError.NotMigrated(CAUSE), 6],
    ["OutcomeUnknown", () => new StoreError.OutcomeUnknown(CAUSE), 6]
  ] as const

  it.effect.each(AT_ONE_MESSAGE)(
    "N3: a message that the store answers with %s fails after some tries, while others get through",
    ([, reason, times]) =>
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ maxReceiveCount: 2 })
        const [poison] = yield* send(queue, [delivery(1, 1)])
        const { failing, tries } = yield* failingAt((key) => key === poison!.id, reason)
        const { finished, handlers } = makeHandler()
        yield* Effect.provideService(
          start(queue, handlers, { concurrency: 1, retryPolicy: EVERY_SECOND }),
          Inbox,
          failing
        )
        yield* pass(500)
        yield* send(
          queue,
          Array.from({ length: 30 }, (_, n) => delivery(2 + n, 1))
        )
        // The message has the only place for some seconds at most.
        yield* pass(20_000)
        assert.strictEqual(finished.length, 30)
        yield* pass(20_000)
        assert.deepStrictEqual([queue.size(), yield* queue.deadLetters.count], [0, 1])
        assert.deepStrictEqual(tries.length, 2 * times)
        assert.strictEqual(yield* countOf("failed"), 2)
      }).pipe(run)
  )

  it.effect("receives others while the store refuses one message", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const [poison] = yield* send(queue, [delivery(1, 1)])
      const { failing } = yield* failingAt(
        (key) => key === poison!.id,
        () => new StoreError.Unavailable(CAUSE)
      )
      const { finished, handlers } = makeHandler()
      yield* Effect.provideService(start(queue, handlers, { concurrency: 2 }), Inbox, failing)
      yield* pass(300)
      for (let n = 2; n < 6; n++) {
        yield* send(queue, [delivery(n, 1)])
        yield* pass(50)
        assert.strictEqual(finished.length, n - 1)
      }
    }).pipe(run)
  )

  it.effect("handles a message that was contended for a few times, at its first reception", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ maxReceiveCount: 1 })
      let left = 4
      const { failing } = yield* failingAt(
        () => left-- > 0,
        () => new StoreError.Contention(CAUSE)
      )
      const { finished, handlers } = makeHandler()
      yield* send(queue, [delivery(1, 1)])
      yield* Effect.provideService(start(queue, handlers), Inbox, failing)
      yield* pass(10_000)
      assert.deepStrictEqual([finished, queue.size(), yield* queue.deadLetters.count], [["1.1"], 0, 0])
    }).pipe(run)
  )

  it.effect("does not blame a message for a store that goes away again and again, and is back in between", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ maxReceiveCount: 1 })
      const inbox = yield* Inbox
      let isDown = true
      const unsteady = Inbox.of({
        ...inbox,
        once: (consumer, key, effect) => (isDown ? storeIsDown : inbox.once(consumer, key, effect)),
        ready: Effect.suspend(() => (isDown ? storeIsDown : inbox.ready))
      })
      const { finished, handlers } = makeHandler()
      yield* Effect.provideService(start(queue, handlers), Inbox, unsteady)
      for (let n = 1; n <= 20; n++) {
        isDown = false
        yield* send(queue, [delivery(n, 1)])
        yield* pass(31_000)
        isDown = true
        yield* send(queue, [delivery(n, 2)])
        yield* pass(5_000)
      }
      isDown = false
      yield* pass(31_000)
      assert.strictEqual(finished.length, 40)
      assert.strictEqual(yield* queue.deadLetters.count, 0)
    }).pipe(run)
  )

  it.effect("names the statement that a message fails at, in its log", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const logged: Array<string> = []
      const logging = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
      const told = { statement: "INSERT INTO mails VALUES ($1)", sqlState: "23505" }
      const { handlers } = makeHandler(({ eventId }) =>
        Effect.failCause(
          FailedStatement.annotate(
            Cause.fail("no mail"),
            eventId === stream(1) ? told : { statement: "SELECT 1", sqlState: null }
          )
        )
      )
      yield* send(queue, [delivery(1, 1), delivery(2, 1)])
      yield* Effect.provide(start(queue, handlers), logging)
      yield* pass(100)
      assert.lengthOf(logged, 2)
      assert.match(
        logged[0]!,
        /^memory: message [\w-]+ could not be dealt with \(SQLSTATE 23505: INSERT INTO mails VALUES \(\$1\)\)/
      )
      assert.match(logged[1]!, /could not be dealt with \(SELECT 1\)/)
    }).pipe(run)
  )

  it.effect("N2: does not delete a message whose effect has not happened yet", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const gate = yield* Deferred.make<void>()
      const { handlers } = makeHandler(() => Deferred.await(gate))
      yield* send(queue, [delivery(1, 1)])
      yield* start(queue, handlers)
      yield* pass(1_000)
      assert.strictEqual(queue.size(), 1)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual(queue.size(), 0)
    }).pipe(run)
  )

  it.effect(
    "leaves alone what it has no handler for, what is no message, and what a later version wrote, and counts it",
    () =>
      Effect.gen(function* () {
        const queue = yield* MemoryQueue.make({ visibilityMillis: 1_000, maxReceiveCount: 2 })
        const { begun, handlers } = makeHandler()
        yield* send(queue, [
          delivery(1, 1, { type: "EventCancelled" }),
          delivery(2, 1, { type: "SomethingNew" }),
          delivery(3, 1, { schemaVersion: 99 }),
          delivery(4, 1, { type: "__proto__" }),
          delivery(5, 1)
        ])
        yield* queue.send("no JSON", null)
        yield* queue.send("{}", null)
        yield* start(queue, handlers)
        yield* settle
        assert.deepStrictEqual([begun, queue.size()], [["5.1"], 6])
        assert.strictEqual(yield* countOf("ignored"), 6)
        yield* pass(5_000)
        assert.deepStrictEqual([queue.size(), yield* queue.deadLetters.count], [0, 6])
      }).pipe(run)
  )

  it.effect("hides a message for as long as its handler runs", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 3_000 })
      const { begun, finished, handlers } = makeHandler(() => Effect.sleep(60_000))
      yield* send(queue, [delivery(1, 1), delivery(1, 2)])
      yield* start(queue, handlers)
      yield* start(queue, handlers)
      yield* pass(50_000)
      assert.deepStrictEqual(begun, ["1.1"])
      yield* pass(80_000)
      assert.deepStrictEqual(finished, ["1.1", "1.2"])
    }).pipe(run)
  )

  it.effect("hides every message that it has in hand, and deletes every one that is done", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 3_000 })
      const { begun, finished, handlers } = makeHandler(() => Effect.sleep(20_000))
      const groups = Array.from({ length: 12 }, (_, n) => n + 1)
      yield* send(
        queue,
        groups.flatMap((n) => [delivery(n, 1), delivery(n, 2)])
      )
      yield* start(queue, handlers, { concurrency: 12 })
      yield* start(queue, handlers, { concurrency: 12 })
      yield* pass(60_000)
      const all = groups.flatMap((n) => [`${n}.1`, `${n}.2`]).toSorted()
      assert.deepStrictEqual(begun.toSorted(), all)
      assert.deepStrictEqual(finished.toSorted(), all)
      assert.strictEqual(queue.size(), 0)
    }).pipe(run)
  )

  it.effect("gives back every message that it has in hand when it is stopped, so that others have them at once", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 600_000 })
      const stuck = makeHandler(() => Effect.never)
      const groups = Array.from({ length: 8 }, (_, n) => n + 1)
      yield* send(
        queue,
        groups.map((n) => delivery(n, 1))
      )
      const worker = yield* start(queue, stuck.handlers, { concurrency: 2, graceMillis: 1_000 })
      yield* pass(2_000)
      assert.strictEqual(stuck.begun.length, 2)
      yield* Effect.forkDetach(Fiber.interrupt(worker), { startImmediately: true })
      yield* pass(3_000)
      const { finished, handlers } = makeHandler()
      yield* start(queue, handlers)
      yield* pass(3_000)
      assert.deepStrictEqual(finished.toSorted(), groups.map((n) => `${n}.1`).toSorted())
    }).pipe(run)
  )

  it.effect("N1: deals with a message once for each consumer, whatever others have done about it", () =>
    Effect.gen(function* () {
      const one = delivery(1, 1)
      const done: Array<string> = []
      for (const consumer of ["mail", "sales", "mail"]) {
        const queue = yield* MemoryQueue.make()
        yield* send(queue, [one])
        const handlers: Consumer.Handlers = { EventPublished: () => Effect.sync(() => done.push(consumer)) }
        yield* start(queue, handlers, { consumer })
        yield* pass(1_000)
        assert.strictEqual(queue.size(), 0)
      }
      assert.deepStrictEqual(done, ["mail", "sales"])
    }).pipe(run)
  )

  it.effect("has no more in hand, and deals with no more groups at once, than it may", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const gate = yield* Deferred.make<void>()
      let received = 0
      const counting: Queue = {
        ...queue,
        receive: (max) => Effect.tap(queue.receive(max), ({ length }) => Effect.sync(() => (received += length)))
      }
      const { begun, finished, handlers } = makeHandler(() => Deferred.await(gate))
      yield* send(
        queue,
        Array.from({ length: 50 }, (_, n) => delivery(n, 1))
      )
      yield* start(counting, handlers, { maxInFlight: 15, concurrency: 4 })
      yield* pass(5_000)
      assert.deepStrictEqual([received, begun.length], [15, 4])
      yield* Deferred.succeed(gate, undefined)
      yield* pass(5_000)
      assert.strictEqual(finished.length, 50)
    }).pipe(run)
  )

  it.effect("stops at once while it waits for its queue", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const away: Queue = { ...queue, receive: () => queueIsDown }
      const worker = yield* start(away, makeHandler().handlers)
      // Long enough for pauses of many seconds.
      for (let waited = 0; waited < 20; waited++) yield* pass(10_000)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
      yield* settle
      assert.isDefined(stopping.pollUnsafe())
    }).pipe(run)
  )

  it.effect("waits for its queue, however long that takes", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      let isDown = true
      const flaky: Queue = { ...queue, receive: (max) => unless(() => isDown, queue.receive(max)) }
      const { finished, handlers } = makeHandler()
      yield* send(queue, [delivery(1, 1)])
      yield* start(flaky, handlers)
      yield* pass(120_000)
      assert.deepStrictEqual(finished, [])
      isDown = false
      yield* pass(31_000)
      assert.deepStrictEqual(finished, ["1.1"])
    }).pipe(run)
  )

  it.effect("N1: handles a message once even if it cannot be deleted", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 3_000, maxReceiveCount: 100 })
      let isDown = true
      const flaky: Queue = { ...queue, remove: (receipts) => unless(() => isDown, queue.remove(receipts)) }
      const { finished, handlers } = makeHandler()
      yield* send(queue, [delivery(1, 1)])
      yield* start(flaky, handlers)
      yield* pass(20_000)
      assert.deepStrictEqual([finished, queue.size()], [["1.1"], 1])
      isDown = false
      yield* pass(5_000)
      assert.deepStrictEqual([finished, queue.size()], [["1.1"], 0])
    }).pipe(run)
  )

  it.effect("that is stopped finishes what it has begun, and gives back the rest at once", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const gate = yield* Deferred.make<void>()
      const { begun, finished, handlers } = makeHandler(() => Deferred.await(gate))
      yield* send(queue, [delivery(1, 1), delivery(1, 2), delivery(2, 1), delivery(3, 1)])
      const worker = yield* start(queue, handlers, { concurrency: 2 })
      yield* settle
      assert.deepStrictEqual(begun, ["1.1", "2.1"])
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
      yield* pass(1_000)
      assert.isUndefined(stopping.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* pass(1_000)
      assert.isDefined(stopping.pollUnsafe())
      assert.deepStrictEqual([finished, queue.size()], [["1.1", "2.1"], 2])
      const next = makeHandler()
      yield* start(queue, next.handlers)
      yield* settle
      assert.sameMembers(next.finished, ["1.2", "3.1"])
    }).pipe(run)
  )

  it.effect("is not kept from stopping by a handler that hangs, whose message comes back", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make()
      const { handlers } = makeHandler(() => Effect.never)
      yield* send(queue, [delivery(1, 1)])
      const worker = yield* start(queue, handlers, { graceMillis: 3_000 })
      yield* settle
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker), { startImmediately: true })
      yield* pass(2_999)
      assert.isUndefined(stopping.pollUnsafe())
      yield* pass(1)
      assert.isDefined(stopping.pollUnsafe())
      const next = makeHandler()
      yield* start(queue, next.handlers)
      yield* settle
      assert.deepStrictEqual([next.finished, queue.size()], [["1.1"], 0])
    }).pipe(run)
  )
})
