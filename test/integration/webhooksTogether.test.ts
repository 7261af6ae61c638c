/**
 * Several webhooks beside each other, and several of everything that a webhook has: what is one's own is not another's, and
 * what is said of a list is true of all of it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as WebhookRelays from "@turnout/adapters/webhooks"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { fromJson, type Message } from "@turnout/core/delivery/domain/Message"
import type { WebhookAttempt } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer, Logger, Result, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"
import * as Given from "../support/Given.ts"

type Posted = Pick<Message, "eventId" | "type" | "version">

/** An endpoint on a free port that answers with a status, and the messages that it was posted. */
const endpoint = (statusOf: (message: Posted) => number = () => 204) =>
  Effect.acquireRelease(
    Effect.callback<{ url: string; posted: Array<Posted>; close: () => Promise<void> }>((resume) => {
      const posted: Array<Posted> = []
      const server = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
        request.on("end", () => {
          const message = Result.getOrThrow(fromJson(body))
          posted.push(message)
          response.writeHead(statusOf(message)).end()
        })
      })
      const close = () => new Promise<void>((done) => (server.closeAllConnections(), server.close(() => done())))
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/hooks`, posted, close }))
      })
    }),
    ({ close }) => Effect.promise(close)
  )

const services = AnyEndpoint.webhooks.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(Memory.layer))

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<typeof services> | Scope.Scope>) =>
  work.pipe(Effect.scoped, Effect.provide(Layer.fresh(services)), Effect.provide(Logger.layer([])))

/** Delivers to webhooks until the test ends. */
const relayingWith = (options: WebhookRelays.WebhookRelayOptions) =>
  Layer.build(WebhookRelays.layer({ allowPrivate: true, refreshMillis: 50, ...options }))
const relay = { pollMillis: 50, graceMillis: 500 }
/** One failure, and nothing is posted for longer than any test. */
const relaying = relayingWith({ failuresToOpen: 1, openMillis: 20_000, relay })

const add = (url: string, types?: ReadonlyArray<"EventCreated" | "AttendeeRegistered">) =>
  Effect.map(
    Webhooks.Webhooks.use((webhooks) =>
      webhooks.create(types === undefined ? { url } : { url, types }, { who: "ada" })
    ),
    ({ webhook }) => webhook.id
  )

const until = (what: string, holds: Effect.Effect<boolean, unknown, WebhookStore>) =>
  Effect.repeat(Effect.delay(holds, 20), { until: (value) => value }).pipe(
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.die(new Error(what)) })
  )

const untilPosted = ({ posted }: { readonly posted: ReadonlyArray<unknown> }, count: number) =>
  until(
    `${count} requests`,
    Effect.sync(() => posted.length >= count)
  )

describe("webhooks together", { timeout: 30_000 }, () => {
  it.live("are posted every type that they want, the first and the last, and no other", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* endpoint(), yield* endpoint()]
      yield* add(one.url, ["EventCreated", "AttendeeRegistered"])
      yield* add(other.url, ["AttendeeRegistered", "EventCreated"])
      yield* relaying
      const { id } = yield* Given.publishedEvent({ capacity: 5 })
      yield* Given.registerAll(id, 2)
      for (const hooks of [one, other]) {
        yield* untilPosted(hooks, 3)
        yield* Effect.sleep(100)
        assert.deepStrictEqual(
          hooks.posted.map(({ type }) => type),
          ["EventCreated", "AttendeeRegistered", "AttendeeRegistered"]
        )
      }
    }).pipe(run)
  )

  it.live("are posted to while another one is down, for which nothing is posted for a while", () =>
    Effect.gen(function* () {
      const [down, up] = [yield* endpoint(() => 503), yield* endpoint()]
      yield* add(down.url)
      yield* add(up.url)
      yield* relaying
      yield* Given.draftEvent()
      yield* untilPosted(down, 1)
      yield* untilPosted(up, 1)
      const { length } = up.posted
      for (let n = 0; n < 5; n++) yield* Given.draftEvent()
      yield* untilPosted(up, length + 5)
      assert.strictEqual(down.posted.length, 1)
    }).pipe(run)
  )

  it.live("are posted every stream that there is at once, the last as well", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      yield* add(hooks.url)
      const ids: Array<string> = []
      // In one slot, and so in one consignment.
      for (let n = 1; n <= 5; n++) {
        const id = `00000000-0000-4000-8000-0000000${n}0000`.replace(/0000$/, "0007")
        ids.push((yield* Given.draftEvent({ id: id as never })).id)
      }
      // What is left out would be tried again too late for this test.
      const retryPolicy = { firstPauseMillis: 3_600_000, longestPauseMillis: 3_600_000, maxAttempts: 10 }
      yield* relayingWith({ relay: { ...relay, retryPolicy } })
      yield* untilPosted(hooks, ids.length)
      yield* Effect.sleep(100)
      assert.sameMembers(
        hooks.posted.map(({ eventId }) => eventId),
        ids
      )
    }).pipe(run)
  )

  it.live("O3: are posted nothing of a stream behind a message that fails, though all of it is there", () =>
    Effect.gen(function* () {
      let refusals = 0
      const hooks = yield* endpoint(({ version }) => (version === 2 && refusals++ < 3 ? 500 : 204))
      yield* add(hooks.url)
      const { id } = yield* Given.publishedEvent({ capacity: 5 })
      yield* Given.registerAll(id, 3)
      const retryPolicy = { firstPauseMillis: 20, longestPauseMillis: 20, maxAttempts: 100 }
      yield* relayingWith({ failuresToOpen: 100, relay: { ...relay, retryPolicy } })
      yield* untilPosted(hooks, 8)
      assert.deepStrictEqual(
        hooks.posted.map(({ version }) => version),
        [1, 2, 2, 2, 2, 3, 4, 5]
      )
    }).pipe(run)
  )

  it.live("are no longer posted to once they are gone, however many go at once, and the others are", () =>
    Effect.gen(function* () {
      const hooks = [yield* endpoint(), yield* endpoint(), yield* endpoint(), yield* endpoint()]
      const ids = yield* Effect.forEach(hooks, ({ url }) => add(url))
      yield* relaying
      yield* Given.draftEvent()
      for (const one of hooks) yield* untilPosted(one, 1)
      for (const id of ids.slice(0, 2)) yield* Webhooks.Webhooks.use((webhooks) => webhooks.remove(id, "ada"))
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.disable(ids[2]!, "ada"))
      yield* Effect.sleep(300)
      yield* Given.draftEvent()
      yield* untilPosted(hooks[3]!, 2)
      yield* Effect.sleep(300)
      assert.deepStrictEqual(
        hooks.map(({ posted }) => posted.length),
        [1, 1, 1, 2]
      )
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.enable(ids[2]!, "ada"))
      yield* untilPosted(hooks[2]!, 2)
    }).pipe(run)
  )

  it.live("forget every request that is too old, however many there are", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const id = yield* add(hooks.url)
      const attempt = (at: Date): Omit<WebhookAttempt, "id"> => ({
        at,
        message: randomUUID(),
        eventId: randomUUID(),
        version: 1,
        type: "EventCreated",
        replay: null,
        millis: 1,
        status: 204,
        error: null
      })
      // One more than are forgotten at once.
      const old = Array.from({ length: 5_001 }, () => attempt(new Date("2001-01-01T00:00:00Z")))
      const now = attempt(new Date())
      yield* WebhookStore.use((store) => store.record(id, [...old, now]))
      yield* relaying
      const log = WebhookStore.use((store) => store.attempts(id, { after: null, limit: 6_000 }))
      yield* until(
        "one that is left",
        Effect.map(log, ({ length }) => length <= 1)
      )
      assert.deepStrictEqual(
        (yield* log).map(({ message }) => message),
        [now.message]
      )
    }).pipe(run)
  )
})
