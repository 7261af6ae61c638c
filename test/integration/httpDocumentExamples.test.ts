/**
 * The examples in the OpenAPI documents work: each is sent to a server as it stands, in an order in which it can work, with the ids
 * of what there is in the place of the ids of its path.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import * as ApiDocument from "../support/ApiDocument.ts"
import { TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as Mailbox from "../support/Mailbox.ts"
import * as SignedIn from "../support/SignedIn.ts"

interface Answer {
  readonly id: string
  readonly registration: { readonly id: string }
  readonly webhook: { readonly id: string }
  readonly key: { readonly id: string }
  readonly session: { readonly id: string }
  readonly text: string
}

/** The token that is sent, and values in the place of those of a body that are good once. */
type Sent = Readonly<Record<string, string>> & { readonly token?: string }

type Ids = Readonly<Record<string, string>>

/** Sends the examples of one document. */
const sender = (documented: ApiDocument.Documented, address: string) => {
  const operations = Object.entries(documented.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation }))
  )
  const sent = new Set<string>()
  const send = (id: string, ids: Ids = {}, { token = TOKEN, ...values }: Sent = {}): Effect.Effect<Answer> =>
    Effect.promise(async () => {
      const { method, operation, path } = operations.find(({ operation }) => operation.operationId === id)!
      const given = operation.parameters.filter(({ example }) => example !== undefined)
      const of = (part: string) => given.filter((parameter) => parameter.in === part)
      const query = new URLSearchParams(
        Object.fromEntries(of("query").map(({ example, name }) => [name, String(example)]))
      )
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(ids[name] ?? String(given.find((parameter) => parameter.name === name)!.example))
      )
      const example = operation.requestBody?.content["application/json"]?.example
      const body = example === undefined ? undefined : { ...(example as object), ...values }
      const url = `${target}${query.size === 0 ? "" : `?${query}`}`
      const response = await fetch(address + url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...Object.fromEntries(of("header").map(({ example, name }) => [name, String(example)])),
          ...(body === undefined ? {} : { "content-type": "application/json" })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const text = await response.text()
      assert.isTrue(response.ok, `${id}: ${method} ${url} ${JSON.stringify(body)} was answered with ${text}`)
      ApiDocument.check(method, target, { status: response.status, headers: response.headers, text })
      sent.add(id)
      return (text.startsWith("{") ? JSON.parse(text) : {}) as Answer
    })
  return { send, unsent: () => operations.map(({ operation }) => operation.operationId).filter((id) => !sent.has(id)) }
}

const HOUR = 60 * 60 * 1_000

/** An event that has begun, with a person who is registered. */
const begun = Effect.gen(function* () {
  const { id: eventId } = yield* Given.publishedEvent({
    startsAt: new Date(Date.now() - HOUR),
    endsAt: new Date(Date.now() + HOUR)
  })
  const { id: registrationId } = yield* Given.register(eventId, 1)
  return { eventId, registrationId }
})

/** An event without a free seat, with a person who waits. */
const full = Effect.gen(function* () {
  const { id: eventId } = yield* Given.publishedEvent({ capacity: 0 })
  const { id: registrationId } = yield* Given.register(eventId, 1)
  return { eventId, registrationId }
})

/** A stream whose first entry could not be delivered to a sink. */
const parked = Effect.fnUntraced(function* (sink: string) {
  const { id } = yield* Given.publishedEvent()
  const outbox = yield* Outbox
  const claims = yield* outbox.claim(sink, { owner: "relay", ttlMillis: 60_000, limit: 64 })
  const slices = yield* outbox.read(sink, claims, 100)
  const slice = slices.find(({ deliveries }) => deliveries.some(({ eventId }) => eventId === id))!
  const lease = claims.find(({ slot }) => slot === slice.slot)!
  const block = { stream: id, version: 1, attempts: 20, error: "550", retryAfterMillis: null }
  yield* outbox.acknowledge(sink, [{ ...lease, position: slice.position, blocked: [block] }])
  return id
})

const services = Turnout.layer().pipe(Layer.provideMerge(Memory.layer))
const silent = Logger.layer([])
const mailbox = Effect.runSync(Mailbox.make)

describe("the examples of the API", () => {
  it.live("work when they are sent", () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const { send, unsent } = sender(ApiDocument.api(), HttpServer.formatAddress(address))
      for (const id of ["getLiveness", "getReadiness", "getHealth"]) yield* send(id)

      const { id: eventId } = yield* send("createEvent")
      for (const id of ["updateEvent", "publishEvent", "getEvent", "changeCapacity", "listEvents"])
        yield* send(id, { eventId })
      const { registration } = yield* send("register", { eventId })
      const ids = { eventId, registrationId: registration.id }
      yield* send("registerGuest", { eventId })
      for (const id of [
        "getRegistration",
        "listRegistrations",
        "exportRegistrations",
        "listAttendeeRegistrations",
        "correctRegistration",
        "markAttended",
        "clearAttendance",
        "replaceAttendeeLink",
        "cancelRegistration",
        "reinstateRegistration"
      ])
        yield* send(id, ids)

      const waiting = yield* full
      for (const id of ["listWaitlist", "exportWaitlist", "getWaitlistPlace", "confirmRegistration"])
        yield* send(id, waiting)
      const over = yield* begun
      for (const id of ["markNoShow", "releaseSeat", "completeEvent", "reopenEvent", "cancelEvent"])
        yield* send(id, over)
      yield* send("unpublishEvent", { eventId: (yield* Given.publishedEvent()).id })
      yield* send("deleteEvent", { eventId: (yield* Given.draftEvent()).id })

      yield* send("requestSignIn")
      const link = yield* mailbox.linkTo("ada@example.com")
      const { session, text: token } = yield* send("redeemSignInLink", {}, { link })
      const other = yield* SignedIn.by("ada@example.com")
      for (const id of ["getMe", "listMyRegistrations", "listSessions"]) yield* send(id, {}, { token })
      yield* send("endSession", { sessionId: session.id }, { token })
      yield* send("endAllSessions", {}, { token: other.text })
      assert.deepStrictEqual(unsent(), [])
    }).pipe(
      Effect.provide(
        Layer.fresh(
          Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), mailer: mailbox.mailer }).pipe(
            Layer.provideMerge(services)
          )
        )
      ),
      Effect.provide(silent)
    )
  )
})

/** The values that a schema says absent fields stand for. */
const defaultsOf = (name: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(ApiDocument.api().document.components.schemas[name]!.properties!).flatMap(
      ([field, { description }]) => {
        const [, value] = /Default: (.*)$/.exec(description ?? "") ?? []
        return value === undefined ? [] : [[field, JSON.parse(value) as unknown]]
      }
    )
  )

describe("the defaults that the document names", () => {
  it.live("are what absent fields stand for", () =>
    Effect.gen(function* () {
      const defaults = defaultsOf("EventInput")
      assert.sameMembers(Object.keys(defaults), [
        "description",
        "location",
        "registrationOpensAt",
        "registrationClosesAt",
        "waitlist",
        "waitlistLimit",
        "registration",
        "cancellationClosesAt"
      ])
      const { id } = yield* Given.draftEvent()
      assert.deepInclude(yield* Turnout.Turnout.use((turnout) => turnout.getEvent(id)), defaults)
      assert.deepStrictEqual(defaultsOf("EventChanges"), {})
      assert.deepStrictEqual(defaultsOf("RegistrationInput"), { notes: "" })
      yield* Turnout.Turnout.use((turnout) => turnout.publishEvent(id))
      assert.deepInclude(yield* Given.register(id, 1), { notes: "" })
      assert.deepStrictEqual(defaultsOf("CapacityInput"), { keepOverhang: false })
    }).pipe(Effect.provide(Layer.fresh(services)), Effect.provide(silent))
  )
})

const letters = Effect.gen(function* () {
  const queue = yield* MemoryQueue.make({ name: "mail", maxReceiveCount: 0, waitMillis: 0 })
  yield* queue.send("{}", null)
  yield* queue.receive(1)
  return queue.deadLetters
})

describe("the examples of the API for operators", () => {
  it.live("work when they are sent", () =>
    Effect.gen(function* () {
      const deadLetters = yield* letters
      const work = Effect.gen(function* () {
        const { address } = yield* HttpServer.HttpServer
        const { send, unsent } = sender(ApiDocument.adminApi(), HttpServer.formatAddress(address))
        const sink = "sales"
        yield* Outbox.use((outbox) => outbox.register(sink, "beginning"))
        const stream = yield* parked(sink)
        const ids = { sink, stream, eventId: stream, queue: deadLetters.name }
        for (const id of [
          "getOutboxStatus",
          "listBlockedStreams",
          "getBlockedStream",
          "skipEntry",
          "retryBlockedStream",
          "discardBlockedStream",
          "retryAllBlockedStreams",
          "readJournal",
          "pruneJournal",
          "repairOutbox",
          "rebuildSales",
          "getSales",
          "listSales",
          "countReplay",
          "listDeadLetterQueues",
          "listDeadLetters",
          "redriveDeadLetters"
        ])
          yield* send(id, ids)

        const { id: organization } = yield* send("createOrganization")
        for (const id of ["getOrganization", "listOrganizations", "updateOrganization"])
          yield* send(id, { organization })

        const { id: memberId } = yield* send("addMember", { organization })
        for (const id of ["getMember", "listMembers", "changeMember", "removeMember"])
          yield* send(id, { organization, memberId })

        const { personId } = yield* SignedIn.by("ada@example.com")
        yield* send("listPeople", { organization })
        yield* send("findPeople")
        for (const id of ["getPerson", "deactivatePerson", "reactivatePerson"]) yield* send(id, { personId })

        const { key } = yield* send("createApiKey")
        yield* send("listApiKeys")
        const { key: next } = yield* send("replaceApiKey", { keyId: key.id })
        yield* send("revokeApiKey", { keyId: next.id })

        const { webhook } = yield* send("createWebhook")
        for (const id of [
          "getWebhook",
          "listWebhooks",
          "updateWebhook",
          "rotateWebhookSecret",
          "disableWebhook",
          "enableWebhook",
          "listWebhookAttempts",
          "removeWebhook"
        ])
          yield* send(id, { webhookId: webhook.id })

        const { id: replayId } = yield* send("startReplay")
        const replays = yield* Replays
        const { epoch, owner, place } = (yield* replays.claim(sink, "relay", 60_000))!
        yield* replays.advance({ id: replayId, epoch, owner, place, sent: 0, state: "stopped", error: "550" }, 60_000)
        for (const id of ["getReplay", "listReplays", "resumeReplay", "cancelReplay"]) yield* send(id, { replayId })

        yield* send("reloadIssuers")
        yield* send("forgetSink", { sink })
        for (const id of ["listAuditEntries", "exportAuditEntries", "exportAuditLines"]) yield* send(id)
        assert.deepStrictEqual(unsent(), [])
      })
      const server = Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), deadLetters: [deadLetters] })
      yield* Effect.provide(work, Layer.fresh(server.pipe(Layer.provideMerge(services))))
    }).pipe(Effect.scoped, Effect.provide(silent))
  )
})
