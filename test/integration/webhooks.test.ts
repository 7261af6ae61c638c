/**
 * Webhooks, posted over real sockets to endpoints that answer whatever a test wants.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as WebhookRelays from "@turnout/adapters/webhooks"
import * as WebhookSink from "@turnout/adapters/webhooks/sink"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { fromJson } from "@turnout/core/delivery/domain/Message"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { sinkOf, type Webhook, type WebhookAttempt } from "@turnout/core/webhooks/domain/Webhook"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer, Logger, Result, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Webhook as Verifier } from "standardwebhooks"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"
import * as ApiDocument from "../support/ApiDocument.ts"
import * as Given from "../support/Given.ts"

interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly at: number
}

type Answer = (response: ServerResponse, request: Request, count: number) => void

const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(body)

/** An endpoint on a free port. */
const endpoint = (initial: Answer = answering(204)) =>
  Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<{ url: string; requests: Array<Request>; answer: Answer; close: () => Promise<void> }>(
          (resolve) => {
            const requests: Array<Request> = []
            const server = createServer((incoming, response) => {
              let body = ""
              incoming.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
              incoming.on("end", () => {
                const request = { headers: incoming.headers, body, at: Date.now() }
                requests.push(request)
                own.answer(response, request, requests.length)
              })
            })
            const own = {
              url: "",
              requests,
              answer: initial,
              close: () => new Promise<void>((done) => (server.closeAllConnections(), server.close(() => done())))
            }
            server.listen(0, "127.0.0.1", () => {
              own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
              resolve(own)
            })
          }
        )
    ),
    ({ close }) => Effect.promise(close)
  )

const messageOf = ({ body }: Request) => Result.getOrThrow(fromJson(body))
const versionsOf = (requests: ReadonlyArray<Request>, eventId: string) =>
  requests.map(messageOf).flatMap((message) => (message.eventId === eventId ? [message.version] : []))

/** Pauses that tests can wait for. */
const FAST: WebhookRelays.WebhookRelayOptions = {
  allowPrivate: true,
  refreshMillis: 50,
  timeoutMillis: 500,
  openMillis: 100,
  longestOpenMillis: 400,
  relay: {
    pollMillis: 50,
    retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 200, maxAttempts: 4 },
    graceMillis: 500
  }
}

const services = AnyEndpoint.webhooks.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(Memory.layer))
type Services = Layer.Success<typeof services>

const silent = Logger.layer([])

const run = <A, E>(work: Effect.Effect<A, E, Services | Scope.Scope>) =>
  work.pipe(Effect.scoped, Effect.provide(Layer.fresh(services)), Effect.provide(silent))

/** Delivers to webhooks until the test ends. */
const relaying = (options: WebhookRelays.WebhookRelayOptions = {}) =>
  Layer.build(WebhookRelays.layer({ ...FAST, ...options }))

const add = (url: string, input: Partial<{ types: ReadonlyArray<"EventCreated" | "AttendeeRegistered"> }> = {}) =>
  Webhooks.Webhooks.use((webhooks) => webhooks.create({ url, ...input }, { who: "ada" }))

/** What has happened to an event that had as many kinds of things happen to it as there are in a few commands. */
const lifeOfAnEvent = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  const { id } = yield* Given.publishedEvent({ capacity: 1 })
  const first = yield* Given.register(id, 1)
  const second = yield* Given.register(id, 2)
  yield* turnout.updateEvent(id, { location: "elsewhere" })
  yield* turnout.correctRegistration(id, first.id, { notes: "by the window" })
  yield* turnout.cancelRegistration(id, first.id)
  yield* turnout.reinstateRegistration(id, first.id)
  yield* turnout.confirmRegistration(id, first.id, { beyond: "raise" })
  yield* turnout.markAttended(id, second.id, { early: true })
  yield* turnout.clearAttendance(id, second.id)
  yield* turnout.cancelEvent(id)
  yield* turnout.reopenEvent(id)
  return id
})

const find = (id: string) => WebhookStore.use((store) => store.get(id))
const logOf = (id: string) => WebhookStore.use((store) => store.attempts(id, { after: null, limit: 200 }))

/** Waits until something is so. */
const until = Effect.fnUntraced(function* <A, E, R>(what: Effect.Effect<A, E, R>, holds: (value: A) => boolean) {
  while (true) {
    const value = yield* what
    if (holds(value)) return value
    yield* Effect.sleep(20)
  }
})
const untilCount = (requests: ReadonlyArray<unknown>, count: number) =>
  until(
    Effect.sync(() => requests.length),
    (length) => length >= count
  )

describe("webhooks", { timeout: 30_000 }, () => {
  it.live("O2, O3: are posted every message once, each stream in order, signed by the standard", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { secret, webhook } = yield* add(hooks.url)
      yield* relaying()
      const first = yield* Given.publishedEvent({ capacity: 50, title: "Ünïcode 🎟️" })
      const second = yield* Given.publishedEvent({ capacity: 50 })
      for (let n = 1; n <= 10; n++) for (const { id } of [first, second]) yield* Given.register(id, n)
      yield* untilCount(hooks.requests, 24)
      yield* Effect.sleep(100)
      assert.strictEqual(hooks.requests.length, 24)
      for (const { id } of [first, second])
        assert.deepStrictEqual(
          versionsOf(hooks.requests, id),
          Array.from({ length: 12 }, (_, index) => index + 1)
        )
      for (const { body, headers } of hooks.requests) {
        const message = new Verifier(secret).verify(body, headers as Record<string, string>) as { readonly id: string }
        assert.strictEqual(headers["webhook-id"], message.id)
        assert.strictEqual(headers["content-type"], "application/json")
        assert.closeTo(Number(headers["webhook-timestamp"]), Date.now() / 1_000, 30)
      }
      assert.throws(() =>
        new Verifier(secret).verify(`${hooks.requests[0]!.body} `, hooks.requests[0]!.headers as Record<string, string>)
      )
      const log = yield* until(logOf(webhook.id), ({ length }) => length === 24)
      assert.isTrue(log.every(({ error, status }) => status === 204 && error === null))
    }).pipe(run)
  )

  it.live("are posted what the document of the API says, in replays too", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { webhook } = yield* add(hooks.url)
      yield* relaying()
      const stream = yield* lifeOfAnEvent
      const { items } = yield* Turnout.Turnout.use((turnout) => turnout.listJournal(stream))
      assert.isAbove(new Set(items.map(({ type }) => type)).size, 11)
      yield* untilCount(hooks.requests, items.length)
      const replays = yield* Replays
      const selection = { ...everything, stream }
      yield* replays.start({ sink: sinkOf(webhook.id), selection, perSecond: null, who: "ada" })
      yield* untilCount(hooks.requests, 2 * items.length)
      assert.isTrue(hooks.requests.some(({ body }) => body.includes('"replay":')))
      for (const request of hooks.requests) ApiDocument.checkPost(request)
    }).pipe(run)
  )

  it.live("are posted what they want only, and what happens from when they were added on", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { id } = yield* Given.publishedEvent({ capacity: 5 })
      yield* Given.register(id, 1)
      yield* add(hooks.url, { types: ["AttendeeRegistered"] })
      yield* Given.register(id, 2)
      yield* relaying()
      const other = yield* Given.publishedEvent()
      yield* Given.register(other.id, 1)
      yield* untilCount(hooks.requests, 2)
      yield* Effect.sleep(100)
      assert.deepStrictEqual([versionsOf(hooks.requests, id), versionsOf(hooks.requests, other.id)], [[4], [3]])
    }).pipe(run)
  )

  it.live("sign with every secret until the time that was promised for it", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { secret: before, webhook } = yield* add(hooks.url)
      yield* relaying()
      const { secret: after } = yield* Webhooks.Webhooks.use((webhooks) =>
        webhooks.rotate(webhook.id, { overlapMillis: 60_000 }, "ada")
      )
      yield* Effect.sleep(200)
      yield* Given.draftEvent()
      yield* untilCount(hooks.requests, 1)
      const { body, headers } = hooks.requests[0]!
      for (const secret of [before, after]) new Verifier(secret).verify(body, headers as Record<string, string>)
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.rotate(webhook.id, { overlapMillis: 0 }, "ada"))
      yield* Effect.sleep(200)
      yield* Given.draftEvent()
      yield* untilCount(hooks.requests, 2)
      const next = hooks.requests[1]!
      new Verifier(before).verify(next.body, next.headers as Record<string, string>)
      assert.throws(() => new Verifier(after).verify(next.body, next.headers as Record<string, string>))
      // Twice in a row: the first secret, which was promised until tomorrow, signs until tomorrow.
      const secrets: Array<string> = []
      for (let n = 0; n < 2; n++)
        secrets.push((yield* Webhooks.Webhooks.use((webhooks) => webhooks.rotate(webhook.id, {}, "ada"))).secret)
      yield* Effect.sleep(200)
      yield* Given.draftEvent()
      yield* untilCount(hooks.requests, 3)
      const last = hooks.requests[2]!
      for (const secret of [before, ...secrets])
        new Verifier(secret).verify(last.body, last.headers as Record<string, string>)
    }).pipe(run)
  )

  it.live("O3, N3: hold up the stream of a message that fails, and no other, and try it again", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 100 })
      const bad = yield* Given.publishedEvent({ capacity: 5 })
      const good = yield* Given.publishedEvent({ capacity: 5 })
      yield* untilCount(hooks.requests, 4)
      let isBroken = true
      hooks.answer = (response, request) =>
        answering(isBroken && messageOf(request).eventId === bad.id ? 500 : 200, {}, "what?")(response, request, 0)
      for (let n = 1; n <= 3; n++) for (const { id } of [bad, good]) yield* Given.register(id, n)
      const count = () => versionsOf(hooks.requests, bad.id).filter((version) => version === 3).length
      yield* until(Effect.sync(count), (times) => times >= 2)
      assert.deepStrictEqual(versionsOf(hooks.requests, good.id), [1, 2, 3, 4, 5])
      assert.notInclude(versionsOf(hooks.requests, bad.id), 4)
      isBroken = false
      yield* until(
        Effect.sync(() => versionsOf(hooks.requests, bad.id)),
        (versions) => versions.includes(5)
      )
      assert.deepStrictEqual([...new Set(versionsOf(hooks.requests, bad.id))], [1, 2, 3, 4, 5])
    }).pipe(run)
  )

  it.live("O2: park a stream once its attempts are used up, and say why", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint(answering(500, {}, "no such tenant"))
      const { webhook } = yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 100 })
      const { id } = yield* Given.draftEvent()
      const blocked = OutboxOperations.use((operations) =>
        operations.blocked(sinkOf(webhook.id), true, { after: null, limit: 10 })
      )
      const [parked] = yield* until(blocked, ({ length }) => length === 1)
      assert.deepInclude(parked!, { stream: id, attempts: 4, error: "HTTP 500: no such tenant" })
      assert.strictEqual(hooks.requests.length, 4)
      const log = yield* logOf(webhook.id)
      assert.deepStrictEqual(
        log.map(({ error, status }) => [status, error]),
        Array.from({ length: 4 }, () => [500, "HTTP 500: no such tenant"])
      )
      assert.isNotNull((yield* find(webhook.id)).failingSince)
      hooks.answer = answering(200)
      yield* OutboxOperations.use((operations) => operations.retry(sinkOf(webhook.id), id, "ada"))
      yield* untilCount(hooks.requests, 5)
      yield* until(find(webhook.id), ({ failingSince }) => failingSince === null)
    }).pipe(run)
  )

  it.live("leave an endpoint that is down alone, but for a probe, and lose nothing", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint(answering(503))
      yield* add(hooks.url)
      const slow = { firstPauseMillis: 50, longestPauseMillis: 100, maxAttempts: 1_000 }
      yield* relaying({ failuresToOpen: 3, relay: { ...FAST.relay, retryPolicy: slow } })
      const ids = []
      for (let n = 0; n < 30; n++) ids.push((yield* Given.draftEvent()).id)
      yield* Effect.sleep(1_500)
      assert.isAtMost(hooks.requests.length, 20, "closed again and again, it would have been hundreds")
      hooks.answer = answering(200)
      yield* until(
        Effect.sync(() => new Set(hooks.requests.map((request) => messageOf(request).eventId)).size),
        (size) => size === 30
      )
      yield* Effect.sleep(500)
      const last = hooks.requests.slice(-30).map((request) => messageOf(request).eventId)
      assert.isAtLeast(new Set(last).size, 25)
    }).pipe(run)
  )

  it.live("wait for as long as the endpoint asks for", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint(answering(429, { "retry-after": "1" }))
      yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 1 })
      yield* Given.draftEvent()
      yield* untilCount(hooks.requests, 1)
      hooks.answer = answering(200)
      yield* untilCount(hooks.requests, 2)
      assert.isAtLeast(hooks.requests[1]!.at - hooks.requests[0]!.at, 950)
    }).pipe(run)
  )

  it.live("are disabled by 410, and go on where they were once they are enabled", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { webhook } = yield* add(hooks.url)
      yield* relaying()
      hooks.answer = answering(410)
      const { id } = yield* Given.publishedEvent({ capacity: 5 })
      const disabled = yield* until(find(webhook.id), ({ state }) => state === "disabled")
      assert.strictEqual(disabled.disabledBecause, "it answered 410 Gone")
      yield* Given.register(id, 1)
      yield* Effect.sleep(300)
      assert.strictEqual(hooks.requests.length, 1)
      hooks.answer = answering(200)
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.enable(webhook.id, "ada"))
      yield* until(
        Effect.sync(() => versionsOf(hooks.requests, id)),
        (versions) => versions.includes(3)
      )
      assert.deepStrictEqual(versionsOf(hooks.requests, id), [1, 1, 2, 3])
    }).pipe(run)
  )

  it.live("are disabled after failing for too long", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint((response) => response.destroy())
      const { webhook } = yield* add(hooks.url)
      yield* relaying({ disableAfterMillis: 300, failuresToOpen: 100 })
      yield* Given.draftEvent()
      const { disabledBecause } = yield* until(find(webhook.id), ({ state }) => state === "disabled")
      assert.match(disabledBecause!, /^it has failed since 20\d\d-.*; at last: UND_ERR_SOCKET/)
    }).pipe(run)
  )

  const outcomes: ReadonlyArray<readonly [what: string, answer: Answer, error: RegExp]> = [
    ["is not followed", answering(302, { location: "http://127.0.0.1:1/" }), /^HTTP 302$/],
    ["takes too long", () => {}, /within 500 milliseconds|HEADERS_TIMEOUT/],
    ["begins and never ends", (response) => void response.writeHead(500).write("wait"), /HTTP 500|milliseconds/],
    ["hangs up", (response) => response.destroy(), /UND_ERR_SOCKET/]
  ]
  it.live.each(outcomes)("note an answer that %s as a failure", ([, answer, error]) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint(answer)
      const { webhook } = yield* add(hooks.url)
      yield* relaying()
      yield* Given.draftEvent()
      const [first] = yield* until(logOf(webhook.id), ({ length }) => length > 0)
      assert.match(first!.error!, error)
    }).pipe(run)
  )

  it.live("carry the id of a replay, and a message id of their own for it", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      const { secret, webhook } = yield* add(hooks.url)
      yield* relaying()
      const { id } = yield* Given.publishedEvent()
      yield* untilCount(hooks.requests, 2)
      const sink = sinkOf(webhook.id)
      const replay = yield* Replays.use((replays) =>
        replays.start({ sink, selection: { ...everything, stream: id }, perSecond: null, who: "ada" })
      )
      yield* untilCount(hooks.requests, 4)
      const [first, , again] = hooks.requests
      assert.strictEqual(again!.headers["webhook-id"], `${first!.headers["webhook-id"]}_${replay.id}`)
      assert.deepStrictEqual(messageOf(again!), { ...messageOf(first!), replay: replay.id })
      new Verifier(secret).verify(again!.body, again!.headers as Record<string, string>)
    }).pipe(run)
  )

  it.live("come, change and go while they are delivered to", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* endpoint(), yield* endpoint()]
      yield* relaying()
      const { webhook } = yield* add(one.url)
      yield* Given.draftEvent()
      yield* untilCount(one.requests, 1)
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.update(webhook.id, { url: other.url }, "ada"))
      yield* Effect.sleep(200)
      yield* Given.draftEvent()
      yield* untilCount(other.requests, 1)
      assert.strictEqual(one.requests.length, 1)
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.remove(webhook.id, "ada"))
      yield* Effect.sleep(200)
      yield* Given.draftEvent()
      yield* Effect.sleep(300)
      assert.strictEqual(other.requests.length, 1)
      const { sinks } = yield* OutboxOperations.use(({ status }) => status)
      assert.deepStrictEqual(sinks, [])
    }).pipe(run)
  )

  describe("are kept away from private addresses", () => {
    const attemptAt = (url: string) =>
      Effect.gen(function* () {
        const { webhook } = yield* add(url)
        yield* relaying({ allowPrivate: false })
        yield* Given.draftEvent()
        const [first] = yield* until(logOf(webhook.id), ({ length }) => length > 0)
        return first as WebhookAttempt
      }).pipe(run)

    it.live.each([
      "https://127.0.0.1/",
      "https://10.1.2.3/",
      "https://192.168.0.1:8443/",
      "https://169.254.169.254/latest/meta-data",
      "https://100.64.0.1/",
      "https://0.0.0.0/",
      "https://[::1]/",
      "https://[fd00::1]/",
      "https://[fe80::1]/",
      "https://[::ffff:10.0.0.1]/",
      "https://2130706433/",
      "https://0x7f.1/",
      "https://localhost/"
    ])("%s", (url) =>
      Effect.map(attemptAt(url), ({ error, status }) => {
        assert.isNull(status)
        assert.match(error!, /is not a public address/)
      })
    )

    it.live("and from plain http", () =>
      Effect.map(attemptAt("http://example.com/"), ({ error }) => assert.match(error!, /must begin with https:\/\//))
    )

    it.live("unless that is allowed", () =>
      Effect.gen(function* () {
        const hooks = yield* endpoint()
        yield* add(hooks.url.replace("127.0.0.1", "localhost"))
        yield* relaying({ allowPrivate: true })
        yield* Given.draftEvent()
        yield* untilCount(hooks.requests, 1)
      }).pipe(run)
    )
  })

  it.effect("say what is wrong with their input", () =>
    Effect.gen(function* () {
      const wrong = (input: object) =>
        Effect.map(
          Effect.flip(Webhooks.Webhooks.use((webhooks) => webhooks.create(input as never, { who: "ada" }))),
          (error) =>
            error._tag === "InvalidInput" ? error.issues.map(({ field, rule }) => `${field}: ${rule}`) : error
        )
      assert.deepStrictEqual(yield* wrong({ url: "example.com" }), [
        "url: must be a URL, such as https://example.com/hooks/turnout"
      ])
      for (const [url, rule] of [
        ["ftp://example.com", /must begin with https/],
        ["https://user:pass@example.com", /must not contain a user/],
        ["https://example.com/#top", /must not contain a #fragment/],
        [`https://example.com/${"a".repeat(2_000)}`, /at most 2000 characters/]
      ] as const)
        assert.match(String(yield* wrong({ url })), rule)
      const fine = "https://example.com"
      assert.match(String(yield* wrong({ url: fine, types: [] })), /^types: /)
      assert.match(String(yield* wrong({ url: fine, types: ["Nothing"] })), /^types\.0: /)
      assert.match(String(yield* wrong({ url: fine, description: "a\u0000b" })), /control characters/)
      assert.match(String(yield* wrong({ url: fine, secret: "mine" })), /^secret: /)
      const { webhook } = yield* add(fine)
      const change = Webhooks.Webhooks.use((webhooks) => webhooks.update(webhook.id, { url: "no" }, "ada"))
      assert.strictEqual((yield* Effect.flip(change))._tag, "InvalidInput")
      assert.deepStrictEqual(yield* find(webhook.id), webhook satisfies Webhook)
    }).pipe(run)
  )

  it.live("have no more requests under way than they may", () =>
    Effect.gen(function* () {
      let underway = 0
      let most = 0
      const hooks = yield* endpoint((response) => {
        most = Math.max(most, ++underway)
        setTimeout(() => {
          underway -= 1
          response.writeHead(200).end()
        }, 20)
      })
      yield* add(hooks.url)
      for (let n = 0; n < 30; n++) yield* Given.draftEvent()
      yield* relaying({ concurrency: 3 })
      yield* untilCount(hooks.requests, 30)
      assert.isAtMost(most, 3)
      assert.isAbove(most, 1)
    }).pipe(run)
  )

  it.live("say what has arrived, and count nothing as failed that was not posted, once the circuit is open", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint()
      hooks.answer = (response, request, count) => answering(count === 4 ? 503 : 200)(response, request, count)
      yield* add(hooks.url, { types: ["EventCreated"] })
      const sinks = yield* WebhookSink.make({ allowPrivate: true, concurrency: 1, failuresToOpen: 1 })
      const [target] = yield* WebhookStore.use(({ targets }) => targets)
      const sink = yield* sinks.make(() => target!)
      const delivery = (stream: number, version: number, type = "EventCreated") =>
        ({
          id: `message-${stream}-${version}`,
          eventId: `stream-${stream}`,
          version,
          type,
          schemaVersion: 1,
          payload: "{}",
          metadata: { actor: "ada", correlationId: null, causationId: null },
          occurredAt: new Date("2027-05-01T18:00:00.000Z")
        }) as never
      const known = new Map<number, string>()
      const error = yield* Effect.flip(
        sink.deliver({
          slot: 0,
          epoch: 1,
          deliveries: [
            delivery(1, 1),
            delivery(1, 2),
            ...[2, 3, 4, 5, 6].map((stream) => delivery(stream, 1)),
            delivery(7, 1, "EventPublished")
          ],
          settled: (index, outcome) => void known.set(index, outcome._tag)
        })
      )
      assert.include(error.message, "nothing is posted")
      assert.strictEqual(hooks.requests.length, 4)
      assert.deepStrictEqual(
        [...known].toSorted(([a], [b]) => a - b),
        [
          [0, "Delivered"],
          [1, "Delivered"],
          [2, "Delivered"],
          [3, "Failed"],
          [7, "Delivered"]
        ]
      )
    }).pipe(run)
  )

  it.effect("do nothing about a consignment without anything that they want", () =>
    Effect.gen(function* () {
      const { webhook } = yield* add("https://example.invalid", { types: ["EventCreated"] })
      const sinks = yield* WebhookSink.make()
      const [target] = yield* WebhookStore.use(({ targets }) => targets)
      const sink = yield* sinks.make(() => target!)
      assert.strictEqual(sink.name, sinkOf(webhook.id))
      const outcomes = yield* sink.deliver({
        slot: 0,
        epoch: 1,
        deliveries: [{ type: "EventPublished", eventId: "e" } as never]
      })
      assert.deepStrictEqual(outcomes, [{ _tag: "Delivered" }])
      assert.deepStrictEqual(yield* logOf(webhook.id), [])
    }).pipe(run)
  )
})
