/**
 * From the journal to the effects of a consumer, over a queue: relay, the client of AWS, an SQS in this process, worker, and
 * an inbox on a server.
 */
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { assert, describe, it } from "@effect/vitest"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as SqsSink from "@turnout/adapters/sqs"
import * as SqsQueue from "@turnout/adapters/sqs/queue"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import type { Queue } from "@turnout/core/consumer/ports/Queue"
import { Effect, Fiber, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as SqsServer from "../support/SqsServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const sqs = SqsServer.use()

let queues = 0
const makeQueue = (attributes: Readonly<Record<string, string>> = {}, suffix: "" | ".fifo" = ".fifo") => {
  const name = `worker-${++queues}${suffix}`
  const { queueUrl } = sqs.queues().createQueue(name, {
    attributes: { VisibilityTimeout: "2", ...(suffix === ".fifo" ? { FifoQueue: "true" } : {}), ...attributes }
  })
  return { name, queueUrl, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` }
}

const open = (queueUrl: string, waitSeconds = 1) => SqsQueue.make({ queueUrl, waitSeconds, ...sqs.access() })

const client = Effect.acquireRelease(
  Effect.sync(() => new SQSClient(sqs.access())),
  (sqs) => Effect.sync(() => sqs.destroy())
)

/** Waits until something is so, for as long as a test may take. */
const until = (holds: () => boolean | Promise<boolean>) =>
  Effect.promise(async () => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
  })

const receiveAll = (queue: Queue, count: number) =>
  Effect.gen(function* () {
    const received = [...(yield* queue.receive(10))]
    while (received.length < count) received.push(...(yield* queue.receive(10)))
    return received
  })

describe("a queue of SQS", { timeout: 60_000 }, () => {
  it.live("gives messages with their groups, hides them, and deletes them", () =>
    Effect.gen(function* () {
      const { queueUrl } = makeQueue()
      const sender = yield* client
      yield* Effect.promise(() =>
        sender.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: ["a", "b", "c"].map((group) => ({
              Id: group,
              MessageBody: `body ${group}`,
              MessageGroupId: group,
              MessageDeduplicationId: group,
              ...(group === "b"
                ? { MessageAttributes: { traceparent: { DataType: "String", StringValue: "a span" } } }
                : {})
            }))
          })
        )
      )
      const queue = yield* open(queueUrl)
      assert.strictEqual(queue.visibilityMillis, 2_000)
      const received = yield* receiveAll(queue, 3)
      assert.deepStrictEqual(
        received.map(({ body, group, receiveCount, traceParent }) => [body, group, receiveCount, traceParent]),
        [
          ["body a", "a", 1, undefined],
          ["body b", "b", 1, "a span"],
          ["body c", "c", 1, undefined]
        ]
      )
      const [a, b] = received.map(({ receipt }) => receipt)
      assert.deepStrictEqual(yield* queue.remove([a!]), [])
      assert.deepStrictEqual(yield* queue.hide([b!], 0), [])
      const [again] = yield* receiveAll(queue, 1)
      assert.deepStrictEqual([again!.body, again!.receiveCount], ["body b", 2])
      assert.deepStrictEqual(yield* queue.hide(["no such receipt", again!.receipt], 60_000), ["no such receipt"])
    }).pipe(Effect.scoped)
  )

  it.live("is asked about any number of messages, ten at a time", () =>
    Effect.gen(function* () {
      const { name, queueUrl } = makeQueue({}, "")
      const sender = yield* client
      yield* Effect.promise(() =>
        Promise.all(
          Array.from({ length: 34 }, (_, n) =>
            sender.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: String(n) }))
          )
        )
      )
      const queue = yield* open(queueUrl)
      const received = yield* receiveAll(queue, 34)
      const receipts = received.map(({ receipt }) => receipt)
      assert.isTrue(received.every(({ group }) => group === null))
      assert.deepStrictEqual(yield* queue.hide(receipts, 30_000), [])
      assert.deepStrictEqual(yield* queue.remove(receipts), [])
      const { messages } = sqs.queues().inspectQueue(name)!
      assert.deepStrictEqual([messages.ready.length, messages.inflight.length], [0, 0])
    }).pipe(Effect.scoped)
  )

  it.live("that cannot be reached, or is not there, is told as such", () =>
    Effect.gen(function* () {
      const missing = yield* Effect.flip(open("http://127.0.0.1/000000000000/missing.fifo"))
      assert.strictEqual(missing._tag, "QueueUnavailable")
      assert.include(missing.message, "missing.fifo")
      const unreachable = yield* SqsQueue.make({
        ...sqs.access(),
        queueUrl: "http://127.0.0.1:1/000000000000/away.fifo",
        endpoint: "http://127.0.0.1:1",
        visibilityMillis: 1_000,
        waitSeconds: 0
      })
      const error = yield* Effect.flip(unreachable.receive(10))
      assert.include(error.message, "ECONNREFUSED")
      const bad = yield* Effect.flip(SqsQueue.make({ queueUrl: "queue", waitSeconds: 21 }))
      assert.strictEqual(bad._tag, "InvalidInput")
      assert.include(bad.message, "queueUrl")
    }).pipe(Effect.scoped)
  )
})

describe("from the journal to an effect", { timeout: 60_000 }, () => {
  const services = Turnout.layer().pipe(
    Layer.provideMerge(Layer.merge(PostgresOutbox.layerFromClient(), PostgresInbox.layerFromClient())),
    Layer.provideMerge(TestDatabase.layer({ poolSize: 20 }))
  )

  it.live(
    "N1, N2, N3, O3: each entry has one effect, each stream in order, though handlers fail and poison is among them",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql.unsafe(
          "CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY, message uuid, stream uuid, version int)"
        )
        const dead = makeQueue()
        const { name, queueUrl } = makeQueue({
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 5 })
        })
        const sink = yield* SqsSink.make({ queueUrl, ...sqs.access() })
        yield* Effect.forkChild(Relay.run(sink))

        const poisoned = yield* Given.publishedEvent({ title: "Poison" })
        const events = yield* Effect.forEach(Array.from({ length: 8 }), () => Given.publishedEvent({ capacity: 3 }))
        for (let person = 1; person <= 6; person++)
          yield* Effect.forEach(events, ({ id }) => Given.register(id, person))
        yield* Given.register(poisoned.id, 1)

        let dice = 1
        const effect = (_: unknown, { eventId, id, version }: { eventId: string; id: string; version: number }) =>
          sql
            .unsafe(`INSERT INTO effects (message, stream, version) VALUES ('${id}', '${eventId}', ${version})`)
            .pipe(Effect.andThen(Effect.suspend(() => (dice++ % 7 === 0 ? Effect.fail("bad luck") : Effect.void))))
        const handlers: Consumer.Handlers<unknown> = {
          EventCreated: effect,
          EventPublished: (event, message) =>
            message.eventId === poisoned.id ? Effect.die(new Error("poison")) : effect(event, message),
          AttendeeRegistered: effect,
          AttendeeWaitlisted: effect
        }
        const retryPolicy = { firstPauseMillis: 50, longestPauseMillis: 50, maxAttempts: Infinity }
        const workers = yield* Effect.forEach(["one", "two"], () =>
          Effect.flatMap(open(queueUrl), (queue) =>
            Effect.forkChild(Consumer.run(queue, handlers, { consumer: "effects", graceMillis: 3_000, retryPolicy }))
          )
        )
        const inQueue = () => {
          const { messages } = sqs.queues().inspectQueue(name)!
          return messages.ready.length + messages.inflight.length + messages.delayed.length
        }
        const countEffects = Effect.map(sql.unsafe("SELECT 1 FROM effects"), ({ length }) => length)
        const expected = 8 * 8 + 2
        const context = yield* Effect.context()
        yield* until(() =>
          Effect.runPromiseWith(context)(Effect.map(countEffects, (count) => count >= expected && inQueue() === 0))
        )
        yield* Fiber.interruptAll(workers)

        const rows = yield* sql.unsafe<{ message: string; stream: string; version: number }>(
          "SELECT message, stream, version FROM effects ORDER BY n"
        )
        assert.strictEqual(new Set(rows.map(({ message }) => message)).size, rows.length)
        for (const { id } of events) {
          assert.deepStrictEqual(
            rows.filter(({ stream }) => stream === id).map(({ version }) => version),
            [1, 2, 3, 4, 5, 6, 7, 8]
          )
        }
        // The poison itself is a dead letter; the entry behind it came later, and was dealt with.
        const letters = sqs.queues().inspectQueue(dead.name)!.messages
        const bodies = [...letters.ready, ...letters.inflight.map((one) => one.message ?? one)].map(
          (letter) => JSON.parse((letter as { body: string }).body) as { eventId: string; version: number }
        )
        assert.deepStrictEqual(
          bodies.map(({ eventId, version }) => [eventId, version]),
          [[poisoned.id, 2]]
        )
        assert.deepStrictEqual(
          rows.filter(({ stream }) => stream === poisoned.id).map(({ version }) => version),
          [1, 3]
        )
        // What fails is logged, and much fails here.
      }).pipe(Effect.scoped, Effect.provide(services), Effect.provide(Logger.layer([])))
  )
})
