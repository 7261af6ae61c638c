/**
 * Endpoints that ask to be left alone, over real sockets, in every form that HTTP has for it: they are, from the first time on,
 * by every process.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Database from "turnout/database"
import * as Memory from "@turnout/adapters/memory"
import * as WebhookRelays from "@turnout/adapters/webhooks"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

type Headers = Record<string, string | Array<string>>

interface Answer {
  readonly status: number
  readonly headers?: Headers
  /** Whether the body never ends. */
  readonly isEndless?: boolean
}

/** An endpoint on a free port, with the times of the requests. */
const endpoint = (initial: Answer) =>
  Effect.acquireRelease(
    Effect.callback<{ url: string; times: Array<number>; answer: Answer; close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        request.resume().on("end", () => {
          own.times.push(performance.now())
          const { headers = {}, isEndless = false, status } = own.answer
          response.sendDate = false
          response.writeHead(status, headers)
          if (isEndless) response.write("wait")
          else response.end()
        })
      })
      const own = {
        url: "",
        times: [] as Array<number>,
        answer: initial,
        close: () => (server.closeAllConnections(), void server.close())
      }
      server.listen(0, "127.0.0.1", () => {
        own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
        resume(Effect.succeed(own))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const withWebhooks = <E>(stores: Layer.Layer<Layer.Success<typeof Memory.layer>, E>) =>
  AnyEndpoint.webhooks.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(stores))

const onMemory = withWebhooks(Memory.layer)
const onPostgres = withWebhooks(
  Layer.unwrap(
    Effect.map(TestDatabase.make, (url) => Layer.orDie(Database.layer({ database: url, migrate: "always" })))
  )
)

type Services = Layer.Success<typeof onMemory>

const runOn =
  (services: Layer.Layer<Services, unknown>) =>
  <A, E>(work: Effect.Effect<A, E, Services | Scope.Scope>) =>
    work.pipe(Effect.scoped, Effect.provide(Layer.fresh(services)), Effect.provide(Logger.layer([])))
const run = runOn(onMemory)

/** Pauses that tests can wait for. */
const relaying = Layer.build(
  WebhookRelays.layer({
    allowPrivate: true,
    refreshMillis: 50,
    timeoutMillis: 5_000,
    relay: {
      pollMillis: 50,
      graceMillis: 200,
      retryPolicy: { firstPauseMillis: 100, longestPauseMillis: 100, maxAttempts: 1_000 }
    }
  })
)

const add = (url: string) =>
  Effect.map(
    Webhooks.Webhooks.use((webhooks) => webhooks.create({ url }, { who: "ada" })),
    ({ webhook }) => webhook.id
  )
const find = (id: string) => WebhookStore.use((store) => store.get(id))

const until = (what: string, holds: () => boolean) =>
  Effect.sleep(5).pipe(
    Effect.repeat({ until: holds }),
    Effect.timeoutOrElse({ duration: "15 seconds", orElse: () => Effect.die(new Error(`${what}: never`)) })
  )

const NOW = Date.UTC(2027, 4, 1, 18)
const DATE = new Date(NOW).toUTCString()

/** For a second, more or less: a date has no smaller parts. */
const FORMS: ReadonlyArray<readonly [what: string, headers: Headers]> = [
  ["seconds", { "retry-after": "1" }],
  ["seconds, with blanks around", { "retry-after": " 1 " }],
  ["seconds, in two headers", { "retry-after": ["0", "1"] }],
  ["a date, by the clock of the endpoint", { date: DATE, "retry-after": "Sat, 01 May 2027 18:00:01 GMT" }],
  ["a date as RFC 850 has it", { date: DATE, "retry-after": "Saturday, 01-May-27 18:00:01 GMT" }],
  ["a date as asctime has it", { date: DATE, "retry-after": "Sat May  1 18:00:01 2027" }]
]

describe("an endpoint that asks to be left alone", { timeout: 30_000, concurrent: true }, () => {
  it.live.each(FORMS)("O7: is, about every stream, if it says for how long by %s", ([, headers]) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint({ status: 429, headers })
      yield* add(hooks.url)
      yield* relaying
      yield* Given.draftEvent()
      yield* until("a request", () => hooks.times.length === 1)
      hooks.answer = { status: 204 }
      for (let n = 0; n < 5; n++) yield* Given.draftEvent()
      yield* until("all requests", () => hooks.times.length >= 7)
      assert.isAtLeast(hooks.times[1]! - hooks.times[0]!, 990)
    }).pipe(run)
  )

  it.live.each([302, 404, 413, 500, 503])("O7: is, if its status is %i, whatever its body does", (status) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint({ status, headers: { "retry-after": "2", location: "/" }, isEndless: true })
      yield* add(hooks.url)
      yield* relaying
      yield* Given.draftEvent()
      yield* until("a request", () => hooks.times.length === 1)
      yield* Given.draftEvent()
      yield* Effect.sleep(1_500)
      hooks.answer = { status: 204 }
      yield* until("all requests", () => hooks.times.length >= 3)
      assert.isAtLeast(hooks.times[1]! - hooks.times[0]!, 1_990)
    }).pipe(run)
  )

  it.live.each(["0", "-120", "1.5", "soon", "120 seconds", "", "Thu, 01 Jan 2099 00:00:00", "2099-01-01T00:00:00Z"])(
    "is posted to again after the usual pauses if it says %j",
    (value) =>
      Effect.gen(function* () {
        const hooks = yield* endpoint({ status: 429, headers: { "retry-after": value } })
        const id = yield* add(hooks.url)
        yield* relaying
        yield* Given.draftEvent()
        yield* until("three requests", () => hooks.times.length >= 3)
        assert.isNull((yield* find(id)).leftAloneUntil)
      }).pipe(run)
  )

  it.live.each(["99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "is for twelve hours at most, though it says %s",
    (value) =>
      Effect.gen(function* () {
        const hooks = yield* endpoint({ status: 503, headers: { "retry-after": value } })
        const id = yield* add(hooks.url)
        yield* relaying
        yield* Given.draftEvent()
        const before = Date.now()
        yield* until("a request", () => hooks.times.length === 1)
        yield* Effect.sleep(300)
        const { leftAloneUntil } = yield* find(id)
        assert.closeTo(leftAloneUntil!.getTime() - before, 12 * 60 * 60 * 1_000, 5_000)
      }).pipe(run)
  )

  for (const [name, services] of [
    ["memory", onMemory],
    ["Postgres", onPostgres]
  ] as const)
    it.live(
      `O7: is asked nothing more, by processes that begin later as well, until an operator says so: ${name}`,
      () =>
        Effect.gen(function* () {
          const hooks = yield* endpoint({ status: 429, headers: { "retry-after": "120" } })
          const id = yield* add(hooks.url)
          const first = yield* Scope.make()
          yield* Scope.provide(relaying, first)
          const { id: stream } = yield* Given.draftEvent()
          yield* until("a request", () => hooks.times.length === 1)
          yield* Effect.sleep(500)
          yield* Scope.close(first, Exit.void)
          const [block] = yield* OutboxOperations.use((operations) =>
            operations.blocked(sinkOf(id), null, { after: null, limit: 10 })
          )
          assert.deepInclude(block, { stream, attempts: 1 })
          assert.isAtLeast(block!.retryAt!.getTime(), Date.now() + 115_000)
          hooks.answer = { status: 204 }
          yield* relaying
          for (let n = 0; n < 10; n++) yield* Given.draftEvent()
          yield* Effect.sleep(1_500)
          assert.lengthOf(hooks.times, 1)
          yield* Webhooks.Webhooks.use((webhooks) => webhooks.enable(id, "ada"))
          yield* until("the other streams", () => hooks.times.length === 11)
          yield* OutboxOperations.use(({ retry }) => retry(sinkOf(id), stream, "ada"))
          yield* until("the first one", () => hooks.times.length === 12)
        }).pipe(runOn(services))
    )
})
