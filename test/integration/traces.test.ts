/**
 * One trace from the click to the mail: the engine, the journal on Postgres, relays to a queue and to a webhook, and a consumer, with a
 * collector of OTLP that takes their spans.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SqsSink from "@turnout/adapters/sqs"
import * as SqsQueue from "@turnout/adapters/sqs/queue"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { Effect, Layer, Logger } from "effect"
import { randomUUID } from "node:crypto"
import * as Database from "turnout/database"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import * as OtlpExport from "../../packages/cli/src/telemetry/OtlpExport.ts"
import * as Given from "../support/Given.ts"
import * as HookReceivers from "../support/HookReceivers.ts"
import * as OtlpCollector from "../support/OtlpCollector.ts"
import * as SqsServer from "../support/SqsServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const sqs = SqsServer.use()

const FLUSH_MILLIS = 500

/** Variables that send everything to a collector, soon. */
const variables = (url: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "50"
})

const until = (isSo: () => boolean, tries = 1_000) =>
  Effect.promise(async () => {
    for (let n = 0; n < tries && !isSo(); n++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.isTrue(isSo())
  })

const using = <A extends AsyncDisposable>(make: () => Promise<A> | A) =>
  Effect.acquireRelease(
    Effect.promise(async () => make()),
    (made) => Effect.promise(async () => made[Symbol.asyncDispose]())
  )

describe("a registration", { timeout: 120_000 }, () => {
  it.live("is in one trace from the click to the mail, and nobody's data is in it", () =>
    Effect.gen(function* () {
      const collector = yield* using(() => OtlpCollector.start())
      const receivers = yield* using(HookReceivers.make)
      const receiver = yield* Effect.promise(() => receivers.open("mailer"))
      const database = yield* TestDatabase.make
      const { queueUrl } = sqs.queues().createQueue(`${randomUUID()}.fifo`, { attributes: { FifoQueue: "true" } })
      const services = Layer.mergeAll(Turnout.layer(), Webhooks.layer).pipe(
        Layer.provideMerge(Database.layer({ database })),
        Layer.merge(Database.layerInbox({ database }))
      )
      const mails: Array<string> = []
      const work = Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 9 })
        yield* Webhooks.Webhooks.use((webhooks) => webhooks.create({ url: receiver.url }, { who: "ada" }))
        yield* Given.register(event.id, 1).pipe(Effect.withSpan("click"))
        yield* Given.register(event.id, 2).pipe(Effect.withSpan("another click"))

        const relay = { pollMillis: 50, graceMillis: 500 }
        yield* Effect.forkScoped(Relay.run(yield* SqsSink.make({ queueUrl, ...sqs.access() }), relay))
        yield* Effect.forkScoped(WebhookRelays.run({ refreshMillis: 50, relay }).pipe(Effect.provide(receivers.post)))
        const queue = yield* SqsQueue.make({ queueUrl, waitSeconds: 1, ...sqs.access() })
        const handlers: Consumer.Handlers = {
          EventCreated: () => Effect.void,
          EventPublished: () => Effect.void,
          AttendeeRegistered: ({ registration }) =>
            Effect.sync(() => mails.push(registration.attendee.email)).pipe(Effect.withSpan("mail"))
        }
        yield* Effect.forkScoped(Consumer.run(queue, handlers, { consumer: "mailer", graceMillis: 500 }))
        yield* until(() => mails.length === 2 && receiver.posted.length === 2)
      }).pipe(Effect.scoped, Effect.provide(services), Effect.provide(Logger.layer([])))
      yield* OtlpExport.around(work, variables(collector.url), 5_000)

      const { spans } = collector
      const click = spans.find(({ name }) => name === "click")!
      const own = spans.filter(({ traceId }) => traceId === click.traceId)
      assert.deepStrictEqual(
        own
          .filter(({ name }) => ["click", "mail"].includes(name) || name.startsWith("turnout."))
          .map(({ kind, name, parentSpanId }) => [
            name,
            kind,
            own.find(({ spanId }) => spanId === parentSpanId)?.name ?? null
          ])
          .toSorted(),
        [
          ["click", 1, null],
          // The handler runs in the transaction of the inbox, which has a span of its own.
          ["mail", 1, "sql.transaction"],
          ["turnout.consume", 5, "click"],
          ["turnout.post", 3, "click"]
        ]
      )
      const deliveries = spans.filter(({ name }) => name === "turnout.deliver")
      for (const kind of ["sqs:", "webhook:"]) {
        const to = deliveries.filter(({ attributes }) => JSON.stringify(attributes).includes(`"${kind}`))
        assert.isTrue(
          to.some(({ links }) =>
            links.some(({ spanId, traceId }) => traceId === click.traceId && spanId === click.spanId)
          ),
          kind
        )
        assert.isTrue(to.every(({ kind: of, parentSpanId }) => of === 4 && parentSpanId === undefined))
      }
      const header = `00-${click.traceId}-${click.spanId}-01`
      const [first, second] = receiver.posted
      assert.strictEqual(first!.headers["traceparent"], header)
      assert.strictEqual(first!.message.metadata.traceParent, header)
      assert.notInclude(String(second!.headers["traceparent"]), click.traceId)
      assert.deepStrictEqual([...collector.services], ["turnout"])
      for (const secret of ["person-1", "Person 1", receiver.url, "INSERT"])
        assert.notInclude(JSON.stringify(spans), secret)
    }).pipe(Effect.scoped)
  )
})

describe("a collector", { timeout: 30_000 }, () => {
  const work = Effect.forEach([1, 2, 3], () => Effect.withSpan(Effect.sleep(100), "work"), { discard: true }).pipe(
    Effect.as("done")
  )
  /** The milliseconds that the work has taken, with its telemetry, and the lines of the log. */
  const timed = (given: Readonly<Record<string, string>>) => {
    const logged: Array<string> = []
    return Effect.gen(function* () {
      const began = performance.now()
      assert.strictEqual(yield* OtlpExport.around(work, given, FLUSH_MILLIS), "done")
      return { millis: performance.now() - began, logged }
    }).pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])))
  }

  it.live("that is down, or hangs, holds up nothing", () =>
    Effect.gen(function* () {
      const hanging = yield* using(() => OtlpCollector.start({ hangs: true }))
      const { url } = yield* Effect.scoped(using(() => OtlpCollector.start()))
      const down = yield* timed(variables(url))
      assert.isBelow(down.millis, 1_500)
      assert.deepStrictEqual(down.logged, ["telemetry cannot be sent, and is dropped: ECONNREFUSED"])
      assert.isBelow((yield* timed(variables(hanging.url))).millis, 1_500)
      assert.isNotEmpty(hanging.requests)
      // Effect's exporter would go on trying for three seconds.
      yield* until(() => hanging.waiting() === 0, 50)
    }).pipe(Effect.scoped)
  )

  it.live("that does not answer in time is told of once, and is left alone", () =>
    Effect.gen(function* () {
      const hanging = yield* using(() => OtlpCollector.start({ hangs: true }))
      const { logged } = yield* timed({ ...variables(hanging.url), OTEL_EXPORTER_OTLP_TIMEOUT: "60" })
      assert.deepStrictEqual(logged, ["telemetry cannot be sent, and is dropped: no answer within 60 ms"])
      assert.lengthOf(
        hanging.requests.filter(({ path }) => path === "/v1/traces"),
        1
      )
    }).pipe(Effect.scoped)
  )

  it.live("is not found by a variable that is wrong, of which the log tells", () =>
    Effect.gen(function* () {
      const { logged } = yield* timed({ OTEL_EXPORTER_OTLP_ENDPOINT: "no URL" })
      assert.match(logged[0]!, /^no telemetry is sent/)
    })
  )

  it.live("is told the name of the service, the attributes and the headers that the variables say", () =>
    Effect.gen(function* () {
      const collector = yield* using(() => OtlpCollector.start())
      yield* timed({
        ...variables(collector.url),
        OTEL_SERVICE_NAME: "box office",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20token"
      })
      assert.deepStrictEqual([...collector.services], ["box office"])
      assert.isTrue(collector.requests.every(({ authorization }) => authorization === "Bearer token"))
      assert.include(collector.bodies.join(), "deployment.environment.name")
      assert.includeMembers(
        collector.spans.map(({ name }) => name),
        ["work", "work", "work"]
      )
    }).pipe(Effect.scoped)
  )
})
