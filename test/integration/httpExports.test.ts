/**
 * Downloads of registrations and waitlists as CSV over HTTP: streamed page by page, no faster than the client reads.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Memory from "@turnout/adapters/memory"
import { StoreError, Unavailable } from "@turnout/core/kernel/ports/StoreError"
import * as Client from "@turnout/http/Client"
import { Context, Effect, Layer, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const BYTE_ORDER_MARK = "\uFEFF"
const PEOPLE = 1_200

const given = Effect.fnUntraced(function* (people: number, capacity: number) {
  const turnout = yield* Turnout
  const { id } = yield* turnout.createEvent(Given.eventInput({ capacity }))
  yield* turnout.publishEvent(id)
  // Many bytes, so that sockets and streams hold few pages.
  const notes = "€".repeat(1_000)
  for (let n = 1; n <= people; n++)
    yield* turnout.register(id, { attendee: { email: `p${n}@example.com`, name: "=1+1" }, notes })
  return id
})

const emails = (text: string) =>
  text
    .split("\r\n")
    .slice(1, -1)
    .map((row) => /[^,]+@example\.com/.exec(row)![0])

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `p${from + index}@example.com`)

/** Reads of registrations that the server has made, and a wish to fail them. */
const reads = { count: 0, failAfter: Number.POSITIVE_INFINITY }

const store = Layer.effectContext(
  Effect.gen(function* () {
    const real = yield* AdmissionReads
    const counted: AdmissionReads["Service"] = {
      ...real,
      registrations: (...args) =>
        Effect.suspend(() => {
          reads.count += 1
          return reads.count > reads.failAfter
            ? Effect.fail(new StoreError({ reason: new Unavailable({ cause: new Error("away") }) }))
            : real.registrations(...args)
        })
    }
    return Context.make(AdmissionReads, counted).pipe(Context.add(AdmissionStore, yield* AdmissionStore))
  })
).pipe(Layer.provide(Memory.layer))

withLayer(Http.layer({ store }), { excludeTestServices: true })("HTTP exports", (it) => {
  it.effect("registrations are a file of CSV, in the order of entry", () =>
    Effect.gen(function* () {
      const id = yield* given(3, 2)
      const { headers, status, text } = yield* Http.get(`/events/${id}/registrations.csv`)
      assert.deepStrictEqual(
        [status, ...["content-type", "content-disposition", "cache-control"].map((name) => headers.get(name))],
        [200, "text/csv; charset=utf-8; header=present", `attachment; filename="registrations-${id}.csv"`, "no-store"]
      )
      // `fetch` takes the byte order mark away.
      assert.match(text, /^email,name,notes,state,registered_at,changed_at,attendee_id,registration_id\r\n/)
      assert.deepStrictEqual(emails(text), numbered(1, 3))
      assert.include(text, ",'=1+1,")
      const { text: confirmed } = yield* Http.get(`/events/${id}/registrations.csv?state=confirmed`)
      assert.deepStrictEqual(emails(confirmed), numbered(1, 2))
      const raw = yield* Http.raw(`GET /events/${id}/registrations.csv HTTP/1.0\r\n\r\n`)
      assert.include(Buffer.from(raw.text, "latin1").toString(), `\r\n\r\n${BYTE_ORDER_MARK}email,`)
    })
  )

  it.effect("waitlists are a file of CSV, first in line first", () =>
    Effect.gen(function* () {
      const id = yield* given(3, 1)
      const { headers, text } = yield* Http.get(`/events/${id}/waitlist.csv`)
      assert.strictEqual(headers.get("content-disposition"), `attachment; filename="waitlist-${id}.csv"`)
      assert.deepStrictEqual(
        text.split("\r\n").map((row) => row.split(",").slice(0, 2).join(" ")),
        ["position email", "1 p2@example.com", "2 p3@example.com", ""]
      )
    })
  )

  it.effect("what is wrong is a problem, as with the lists", () =>
    Effect.gen(function* () {
      const id = yield* given(0, 1)
      const gone = "00000000-0000-4000-8000-000000000000"
      for (const list of ["registrations", "waitlist"]) {
        Http.assertProblem(yield* Http.get(`/events/${gone}/${list}.csv`), 404, "event_not_found", { eventId: gone })
        Http.assertInvalid(yield* Http.get(`/events/${id}/${list}.csv?limit=5`), "query /limit")
        Http.assertProblem(yield* Http.post(`/events/${id}/${list}.csv`), 405, "method_not_allowed")
        const head = yield* Http.call("HEAD", `/events/${id}/${list}.csv`)
        assert.deepStrictEqual([head.status, head.text], [200, ""])
      }
      Http.assertInvalid(yield* Http.get(`/events/${id}/registrations.csv?state=gone`), "query /state")
      Http.assertInvalid(yield* Http.get(`/events/x/registrations.csv`), "path /eventId")
    })
  )

  it.effect("a failure of the store in the middle cuts the answer off, and never ends it as if it were whole", () =>
    Effect.gen(function* () {
      const id = yield* given(PEOPLE, 5_000)
      yield* Effect.addFinalizer(() => Effect.sync(() => (reads.failAfter = Number.POSITIVE_INFINITY)))
      reads.failAfter = reads.count + 1
      const { url } = yield* Http.TestServer
      const outcome = yield* Effect.promise(() =>
        fetch(`${url}/events/${id}/registrations.csv`).then(async (response) => {
          assert.strictEqual(response.status, 200)
          return response.text().then(
            () => "whole",
            () => "cut off"
          )
        })
      )
      assert.strictEqual(outcome, "cut off")
      const { logged } = yield* Http.TestServer
      assert.isTrue(
        logged.some((line) => line.includes("a download is cut off: away")),
        logged.join("\n")
      )
      reads.failAfter = reads.count
      const reply = yield* Http.get(`/events/${id}/registrations.csv`)
      Http.assertProblem(reply, 503, "store_unavailable")
    })
  )

  it.effect("no page is read before the client has taken those before it, and none after it has gone", () =>
    Effect.gen(function* () {
      // 24 megabytes in 16 pages: more than sockets and streams hold.
      const id = yield* given(8_000, 50_000)
      const { port } = yield* Http.TestServer
      reads.count = 0
      const connection = yield* Http.openConnection(port)
      connection.socket.pause()
      connection.socket.write(`GET /events/${id}/registrations.csv HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      yield* Http.until(() => reads.count > 1)
      yield* Effect.sleep(1_000)
      const held = reads.count
      assert.isBelow(held, 14, "of 16 pages")
      connection.socket.destroy()
      yield* Effect.sleep(500)
      assert.isAtMost(reads.count, held + 1)
    })
  )

  it.effect("the typed client reads the bytes as a stream", () =>
    Effect.gen(function* () {
      const id = yield* given(2, 5)
      const { url } = yield* Http.TestServer
      const text = yield* Effect.gen(function* () {
        const client = yield* Client.TurnoutClient
        const { body, headers } = yield* client.registrations.export({ params: { eventId: id }, query: {} })
        assert.include(headers["content-disposition"], id)
        return (yield* Stream.runCollect(Stream.decodeText(Stream.orDie(body)))).join("")
      }).pipe(Effect.provide(Client.layer(url).pipe(Layer.provide(FetchHttpClient.layer))))
      assert.deepStrictEqual(emails(text), numbered(1, 2))
    })
  )
})
