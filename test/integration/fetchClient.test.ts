/**
 * The client of pages, against a real server: every kind of call, and what it makes of servers that answer late, wrongly or not at all.
 */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Api } from "@turnout/http/Api"
import * as ApiDocument from "@turnout/http/internal/document/Document"
import {
  type CallOptions,
  type ClientOptions,
  createClient,
  TurnoutProblem,
  TurnoutUnreachable
} from "@turnout/http/fetch"
import { Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import * as FetchClient from "../../scripts/fetchClient.ts"
import { readFileSync } from "node:fs"
import * as Http from "../support/HttpServerFixture.ts"

const talk = (capacity = 1) => ({
  title: "A talk",
  organizer: "Ada",
  startsAt: "2099-05-01T18:00:00.000Z",
  endsAt: "2099-05-01T20:00:00.000Z",
  timeZone: "Europe/London",
  capacity
})

const person = (name: string) => ({ attendee: { email: `${name}@example.com` } })

const rejection = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("the call was to be rejected"),
    (error: unknown) => error
  )

withLayer(Http.layer(), { excludeTestServices: true })("the client of pages", (it) => {
  const test = (name: string, use: (client: ReturnType<typeof createClient>) => Promise<void>) =>
    it.effect(name, () =>
      Effect.flatMap(Http.TestServer, ({ url }) => Effect.promise(() => use(createClient({ baseUrl: `${url}/` }))))
    )

  test("makes, publishes, fills and reads an event", async (turnout) => {
    const { id: eventId, version } = await turnout.createEvent({ body: talk() })
    const changed = await turnout.updateEvent({ eventId, body: { title: "A longer talk" }, ifMatch: `"${version}"` })
    assert.strictEqual(changed.title, "A longer talk")
    assert.strictEqual((await turnout.publishEvent({ eventId })).status, "published")
    const ada = await turnout.register({ eventId, body: person("ada") })
    const bob = await turnout.register({ eventId, body: person("bob") })
    assert.deepStrictEqual(
      [ada.registration.state, bob.registration.state, bob.waitlistPosition],
      ["confirmed", "waitlisted", 1]
    )
    const registrationId = ada.registration.id
    assert.isTrue((await turnout.cancelRegistration({ eventId, registrationId })).changed)
    const { items } = await turnout.listRegistrations({
      eventId,
      state: "confirmed,cancelled",
      order: "newest",
      limit: 10
    })
    assert.deepStrictEqual(
      items.map(({ attendee, state }) => [attendee.email, state]),
      [
        ["bob@example.com", "confirmed"],
        ["ada@example.com", "cancelled"]
      ]
    )
    const { items: ofBob } = await turnout.listAttendeeRegistrations({ attendeeId: "mailto:bob@example.com" })
    assert.include(
      ofBob.map(({ eventId }) => eventId),
      eventId
    )
    const csv = await (await turnout.exportRegistrations({ eventId })).text()
    assert.include(csv, "bob@example.com")
    assert.isUndefined(await turnout.getLiveness())
  })

  test("repeats nothing of its own accord that has an effect: a key of the caller's is used, and answers tell", async (turnout) => {
    const answers: Array<string | null> = []
    const options: CallOptions = { onResponse: ({ headers }) => answers.push(headers.get("idempotent-replayed")) }
    const request = { body: talk(), idempotencyKey: "form 1" }
    const first = await turnout.createEvent(request, options)
    const second = await turnout.createEvent(request, options)
    assert.strictEqual(second.id, first.id)
    assert.deepStrictEqual(answers, [null, "true"])
    assert.notStrictEqual(
      (await turnout.createEvent({ body: talk() })).id,
      (await turnout.createEvent({ body: talk() })).id
    )
  })

  test("rejects with the problem of the server, by its code, with its facts", async (turnout) => {
    const { id: eventId } = await turnout.createEvent({ body: { ...talk(0), waitlist: "closed" } })
    await turnout.publishEvent({ eventId })
    const full = await rejection(turnout.register({ eventId, body: person("ada") }))
    if (!(full instanceof TurnoutProblem)) return assert.fail(String(full))
    assert.deepInclude(full.problem, { code: "capacity_full", status: 409, capacity: 0 })
    assert.strictEqual(full.message, full.problem.detail)
    const invalid = await rejection(turnout.createEvent({ body: { ...talk(), title: "" } }))
    if (!(invalid instanceof TurnoutProblem) || invalid.problem.code !== "validation_failed")
      return assert.fail(String(invalid))
    assert.deepStrictEqual(
      invalid.problem.violations.map(({ pointer }) => pointer),
      ["/title"]
    )
  })
})

/** A server that does what the test says, the first of these handlers for the first request, and the last for all others. */
const withServer = async (
  handlers: ReadonlyArray<RequestListener>,
  use: (client: ReturnType<typeof createClient>, keys: ReadonlyArray<unknown>) => Promise<void>,
  options: Partial<ClientOptions> = {}
) => {
  const keys: Array<unknown> = []
  const server = createServer((request, response) => {
    keys.push(request.headers["idempotency-key"])
    handlers[Math.min(keys.length, handlers.length) - 1]!(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  try {
    await use(createClient({ baseUrl: `http://127.0.0.1:${port}/turnout`, ...options }), keys)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const cut: RequestListener = (request) => void request.socket.destroy()
const busy: RequestListener = (_request, response) =>
  void response
    .writeHead(503, { "content-type": "application/problem+json", "retry-after": "0" })
    .end(
      JSON.stringify({ type: "urn:turnout:problem:overloaded", title: "Overloaded", status: 503, code: "overloaded" })
    )
const cutInTheMiddle: RequestListener = (_request, response) => {
  response.writeHead(201, { "content-type": "application/json", "content-length": "1000" }).write("{")
  setTimeout(() => response.destroy(), 20)
}
const made: RequestListener = (request, response) =>
  void response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ id: request.url }))

describe("a server that the client of pages does not understand", () => {
  it("is asked again with the same key: after a cut, half an answer, and a refusal for now", () =>
    withServer([cut, cutInTheMiddle, busy, made], async (turnout, keys) => {
      assert.deepInclude(await turnout.createEvent({ body: talk() }), { id: "/turnout/events" })
      assert.lengthOf(keys, 4)
      assert.match(String(keys[0]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.lengthOf([...new Set(keys)], 1)
    }))

  it("is given up in the end, with the key to go on with, and the reason", () =>
    withServer(
      [cut],
      async (turnout, keys) => {
        const error = await rejection(turnout.createEvent({ body: talk(), idempotencyKey: "form 1" }))
        assert.instanceOf(error, TurnoutUnreachable)
        assert.deepInclude(error, { idempotencyKey: "form 1" })
        assert.lengthOf(keys, 2)
      },
      { retries: 1 }
    ))

  it("is not asked again for a page that is none of Turnout's", () =>
    withServer(
      [(_request, response) => void response.writeHead(404, { "content-type": "text/html" }).end("<h1>Nothing</h1>")],
      async (turnout, keys) => {
        const error = await rejection(turnout.getEvent({ eventId: "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1" }))
        assert.match(String(error), /404/)
        assert.lengthOf(keys, 1)
      }
    ))

  it("is waited for as long as the caller says, and no longer", () =>
    withServer(
      [() => {}],
      async (turnout) => {
        assert.match(String(await rejection(turnout.listEvents())), /nothing came for 50 ms/)
        const reason = new Error("the page was closed")
        assert.strictEqual(await rejection(turnout.listEvents({}, { signal: AbortSignal.abort(reason) })), reason)
        const controller = new AbortController()
        const waiting = rejection(turnout.listEvents({}, { signal: controller.signal }))
        controller.abort(reason)
        assert.strictEqual(await waiting, reason)
      },
      { timeoutMillis: 50, retries: 0 }
    ))
})

describe("the files of the client of pages", () => {
  it("are those that the document makes, with every operation in them", async () => {
    for (const [path, text] of await FetchClient.files())
      assert.strictEqual(readFileSync(path, "utf8"), text, "run `npm run fetch-client`")
    const { paths } = ApiDocument.of(Api as never, "")
    const names = Object.values(paths).flatMap((operations) =>
      Object.values(operations).map(({ operationId }) => operationId)
    )
    assert.sameMembers(Object.keys(createClient({ baseUrl: "http://127.0.0.1" })), names)
  })
})
