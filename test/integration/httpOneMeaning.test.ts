/**
 * A request means one thing: to the server, and to whatever stands in front of it and compares its path, its query and its
 * headers as text.
 */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Server from "@turnout/http/Server"
import { Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { request as adminRequest, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const ANY_ID = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"
const CLOSE = "Connection: close"
const JSON_TYPE = "Content-Type: application/json"

/** Sends a request line as it is; `fetch` would put the path in order. */
const send = (line: string, ...headers: ReadonlyArray<string>) =>
  Http.raw([`${line} HTTP/1.1`, "Host: localhost", CLOSE, ...headers, "", ""].join("\r\n"))
const get = (path: string) => send(`GET ${path}`)

const createWith = (...headers: ReadonlyArray<string>) => {
  const body = JSON.stringify(Http.eventJson({ title: "Twice" }))
  return Http.raw(
    ["POST /events HTTP/1.1", CLOSE, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n")
  )
}
const events = Effect.map(Http.get("/events"), ({ body }) => body.items.length)

withLayer(Http.layer(), { excludeTestServices: true })("a request means one thing", (it) => {
  describe("paths", () => {
    it.effect.each([
      "/EVENTS",
      "/Events",
      "/events/",
      "//events",
      "/events//",
      "/%65vents",
      "/event%73",
      "/%45vents",
      "/./events",
      "/events/.",
      "/x/../events",
      "/%2e/events",
      "/x/%2e%2e/events",
      "/x/.%2E/events",
      "/events;v=1",
      "/events;",
      "/events%3Bv=1",
      "/events%2F",
      "/events%3Flimit=1",
      "\\events",
      "/\\events",
      "/events\\",
      "/events%5C",
      "/events#x",
      "/events%00",
      "/events%20",
      "/events%",
      "/events/%zz",
      "/health%2Flive",
      "/health/LIVE",
      "/Docs",
      "/docs/",
      "/openapi.JSON",
      "/openapi%2Ejson",
      "/attendees/ada/registrations/",
      "/ATTENDEES/ada/registrations",
      "//attendees/ada/registrations",
      "/attendees//registrations",
      "/attendees/ada//registrations",
      "/%61ttendees/ada/registrations",
      "/attendees/ada/Registrations",
      "/attendees/ada%2Fregistrations",
      "/attendees%2Fada/registrations",
      "/attendees/ada;x/registrations",
      "/attendees/ada\\/registrations",
      "/attendees/x/../ada/registrations",
      "/attendees/./registrations",
      "/attendees/../registrations",
      "/attendees/%2e%2e/registrations",
      "/attendees/x%2F..%2Fada/registrations",
      "/attendees/x%5C..%5Cada/registrations",
      `/events/${ANY_ID}/registrations/${ANY_ID}/./position`,
      `/events/${ANY_ID}/%77aitlist`
    ])("%s is no path of a resource", (path) =>
      Effect.gen(function* () {
        const reply = yield* get(path)
        // What is no URL at all does not pass the parser.
        if (reply.status === 400) Http.assertProblem(reply, 400, "malformed_request")
        else Http.assertProblem(reply, 404, "route_not_found")
      })
    )

    it.effect("a write to such a path changes nothing", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        for (const path of [`/events/${id}/publish/`, `/Events/${id}/publish`, `/events/${id}/publis%68`]) {
          Http.assertProblem(yield* Http.post(path), 404, "route_not_found")
        }
        assert.strictEqual((yield* Http.get(`/events/${id}`)).body.status, "draft")
      })
    )

    it.effect.each([
      ["ada@example.com", "ada@example.com"],
      ["ada@example.com", "ada%40example.com"],
      ["ada@example.com", "%61da%40example%2ecom"],
      ["日", "%e6%97%a5"],
      ["日", "%E6%97%A5"],
      ["a/b", "a%2Fb"],
      ["a/b", "a%2fb"],
      ["a%2Fb", "a%252Fb"],
      ["a;b", "a%3Bb"],
      ["50%", "50%25"],
      ["a+b", "a+b"],
      ["a...b", "a...b"],
      ["Ada", "Ada"]
    ])("a parameter is decoded once: %s as %s", ([id, written]) =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const attendee = { id, email: "one@example.com" }
        assert.strictEqual((yield* Http.post(`/events/${event.id}/registrations`, { attendee })).status, 201)
        const { body, status } = yield* get(`/attendees/${written}/registrations`)
        assert.deepStrictEqual([status, body.items.at(-1)?.eventId], [200, event.id])
      })
    )

    it.effect("a path that is longer than any can be is refused before it is decoded", () =>
      Effect.gen(function* () {
        const longest = yield* get(`/attendees/${"%E6%97%A5".repeat(254)}/registrations`)
        assert.strictEqual(longest.status, 200)
        for (const path of [`/${"a".repeat(10_000)}`, `/attendees/${"%25".repeat(4_000)}/registrations`]) {
          Http.assertProblem(yield* get(path), 414, "uri_too_long")
        }
      })
    )
  })

  describe("targets", () => {
    it.effect("a URL is answered like its path, and its path is judged as it came", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* get("http://localhost/events?limit=1")).status, 200)
        assert.strictEqual((yield* get("HTTP://other:1/events")).status, 200)
        assert.strictEqual((yield* get("http://localhost")).status, 200)
        Http.assertInvalid(yield* get("http://localhost?limit=1"), "query /limit")
        for (const url of [
          "http://localhost/EVENTS",
          "http://localhost//events",
          "http://localhost/x/../events",
          "http://localhost/%2e%2e/events",
          "http://localhost/%65vents",
          "http://localhost/events/"
        ]) {
          Http.assertProblem(yield* get(url), 404, "route_not_found")
        }
        Http.assertInvalid(yield* get("http://localhost/events?nope=1"), "query /nope")
      })
    )

    it.effect("a write to a URL keeps its headers", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        const publish = () => send(`POST http://localhost/events/${id}/publish`, "Idempotency-Key: absolute")
        assert.strictEqual((yield* publish()).status, 200)
        assert.match((yield* publish()).head, /^idempotent-replayed: true$/im)
      })
    )

    it.effect.each([
      "http:///events",
      "http://a@b/events",
      "ftp://localhost/events",
      "http://a b/events",
      "events",
      "*"
    ])("%s is no target", (target) =>
      Effect.gen(function* () {
        Http.assertProblem(yield* get(target), 400, "malformed_request")
      })
    )

    it.effect("OPTIONS * tells the methods that there are", () =>
      Effect.gen(function* () {
        const reply = yield* send("OPTIONS *")
        Http.assertProblem(reply, 405, "method_not_allowed")
        assert.match(reply.head, /^allow: .*GET, HEAD.*PATCH/im)
      })
    )
  })

  describe("queries", () => {
    it.effect("a parameter that an endpoint does not have is named, and nothing is done", () =>
      Effect.gen(function* () {
        const before = yield* events
        Http.assertInvalid(yield* Http.post("/events?dryRun=true", Http.eventJson()), "query /dryRun")
        assert.strictEqual(yield* events, before)
        const event = yield* Given.publishedEvent()
        const path = `/events/${event.id}`
        Http.assertInvalid(yield* Http.post(`${path}/cancel?force=1&force=2&x`), "query /force", "query /x")
        Http.assertInvalid(yield* Http.call("PATCH", `${path}?a=1`, { body: { title: "New" } }), "query /a")
        Http.assertInvalid(yield* Http.call("PUT", `${path}/capacity?a/b=1`, { body: { capacity: 9 } }), "query /a~1b")
        const attendee = { email: "ada@example.com" }
        Http.assertInvalid(yield* Http.post(`${path}/registrations?waitlist=no`, { attendee }), "query /waitlist")
        const { body } = yield* Http.get(path)
        assert.deepStrictEqual([body.status, body.title, body.counts["confirmed"]], ["published", event.title, 0])
      })
    )

    it.effect.each([
      `/events/${ANY_ID}`,
      `/events/${ANY_ID}/registrations/${ANY_ID}`,
      `/events/${ANY_ID}/registrations/${ANY_ID}/position`,
      "/events",
      `/events/${ANY_ID}/waitlist`,
      "/attendees/ada/registrations",
      "/health/live",
      "/health/ready",
      "/docs",
      "/openapi.json"
    ])("on every resource: %s", (path) =>
      Effect.gen(function* () {
        Http.assertInvalid(yield* Http.get(`${path}?nope=1`), "query /nope")
        Http.assertInvalid(yield* Http.get(`${path}?%6eope=1`), "query /nope")
        Http.assertInvalid(yield* Http.get(`${path}?=1`), "query /")
      })
    )

    it.effect("a parameter is there once, and is written in one way", () =>
      Effect.gen(function* () {
        for (const [query, name] of [
          ["limit=1&limit=1", "limit"],
          ["limit=1&%6cimit=2", "limit"],
          ["%6cimit=1", "limit"],
          ["lim%69t=1", "limit"],
          ["organizer=a&organizer=b", "organizer"],
          ["organizer=%ff", "organizer"],
          ["organizer=%", "organizer"],
          ["organizer=%ed%a0%80", "organizer"]
        ] as const) {
          Http.assertInvalid(yield* get(`/events?${query}`), `query /${name}`)
        }
      })
    )

    it.effect("an empty query, or one with empty parts, is none", () =>
      Effect.gen(function* () {
        for (const query of ["?", "?&", "?limit=1&", "?&&limit=1"]) {
          assert.strictEqual((yield* get(`/events${query}`)).status, 200, query)
        }
        assert.strictEqual((yield* get("/health/live?")).status, 204)
      })
    )

    it.effect("a value means what it says after one decoding", () =>
      Effect.gen(function* () {
        yield* Http.post("/events", Http.eventJson({ organizer: "a%2Fb +c" }))
        for (const written of ["a%252Fb%20%2Bc", "a%252Fb+%2Bc"]) {
          assert.lengthOf((yield* get(`/events?organizer=${written}`)).body.items, 1, written)
        }
      })
    )
  })

  describe("headers", () => {
    const twice = [
      ["Host", "a", "b"],
      ["Host", "a", "a"],
      ["Idempotency-Key", "one", "two"],
      ["Idempotency-Key", "same", "same"],
      ["IDEMPOTENCY-KEY", "one", "two"],
      ["Content-Type", "application/json", "text/plain"],
      ["Content-Type", "application/json", "application/json"],
      ["Authorization", "Bearer a", "Bearer b"],
      ["Transfer-Encoding", "chunked", "chunked"]
    ] as const
    it.effect.each(twice)("two %s headers, %s and %s, are refused, and nothing is done", ([name, one, two]) =>
      Effect.gen(function* () {
        const before = yield* events
        const given = [`${name}: ${one}`, `${name.toLowerCase()}: ${two}`]
        const others = ["Host: x", "Idempotency-Key: k", JSON_TYPE].filter(
          (line) => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`)
        )
        const reply = yield* name === "Transfer-Encoding"
          ? send("POST /events", "Idempotency-Key: k", JSON_TYPE, ...given)
          : createWith(...others, ...given)
        if (reply.body.code === "malformed_request") Http.assertProblem(reply, 400, "malformed_request")
        else Http.assertInvalid(reply, `header /${name.toLowerCase()}`)
        assert.isTrue(reply.closed)
        assert.strictEqual(yield* events, before)
      })
    )

    it.effect("a second header after very many is not passed over", () =>
      Effect.gen(function* () {
        const fill = (n: number) => Array.from({ length: n }, (_, index) => `a${index}:`)
        const key = "Idempotency-Key: k"
        Http.assertInvalid(yield* send("GET /events", key, ...fill(100), key), "header /idempotency-key")
        for (const n of [201, 1_500]) {
          Http.assertProblem(yield* send("GET /events", key, ...fill(n), key), 431, "headers_too_large")
        }
      })
    )

    it.effect("HTTP/1.1 has one Host that can be one; HTTP/1.0 may have none", () =>
      Effect.gen(function* () {
        const live = (version: string, ...headers: ReadonlyArray<string>) =>
          Http.raw([`GET /health/live HTTP/${version}`, CLOSE, ...headers, "", ""].join("\r\n"))
        Http.assertInvalid(yield* live("1.1"), "header /host")
        for (const host of ["a b", "a/b", "user@a", "a:b", "[::1", "a, b"]) {
          Http.assertInvalid(yield* live("1.1", `Host: ${host}`), "header /host")
        }
        for (const host of ["a", "a:80", "127.0.0.1:3000", "[::1]", "[::1]:80", "a.example.com", ""]) {
          assert.strictEqual((yield* live("1.1", `Host: ${host}`)).status, 204, host)
        }
        assert.strictEqual((yield* live("1.0")).status, 204)
        Http.assertInvalid(yield* live("1.0", "Host: a", "Host: b"), "header /host")
      })
    )

    it.effect.each(["gzip, chunked", "identity", "chunked, identity", "xchunked"])(
      "a body in the transfer coding %s is refused",
      (coding) =>
        Effect.gen(function* () {
          const before = yield* events
          const reply = yield* send("POST /events", "Idempotency-Key: k", JSON_TYPE, `Transfer-Encoding: ${coding}`)
          assert.strictEqual(reply.status, 400)
          Http.assertProblem(reply, 400, reply.body.code)
          assert.isTrue(reply.closed)
          assert.strictEqual(yield* events, before)
        })
    )

    it.effect.each([
      ["Content-Length: 2", "Content-Length: 2"],
      ["Content-Length: 2", "Content-Length: 3"],
      ["Content-Length: 2", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Content-Length: 2"],
      ["Content-Length: +2"],
      ["Content-Length: 2, 2"],
      ["Content-Length: -1"],
      ["Content-Length: 0x2"]
    ])("a body of which nobody knows the end is refused: %s %s", (headers) =>
      Effect.gen(function* () {
        const reply = yield* send("POST /events", "Idempotency-Key: k", JSON_TYPE, ...headers)
        Http.assertProblem(reply, 400, "malformed_request")
        assert.isTrue(reply.closed)
      })
    )
  })
})

describe("a request to the API for operators means one thing", () => {
  const layer = () =>
    Server.layer({ port: 0, adminToken: Redacted.make(TOKEN) }).pipe(
      Layer.provideMerge(Turnout.layer().pipe(Layer.provideMerge(Memory.layer)))
    )
  const withServer = <A, E>(work: (url: string) => Effect.Effect<A, E>) =>
    HttpServer.HttpServer.use(({ address }) => work(HttpServer.formatAddress(address))).pipe(
      Effect.provide(layer()),
      Effect.provide(Logger.layer([]))
    )

  it.live("its paths are written in one way, and its queries have nothing else", () =>
    withServer((url) =>
      Effect.promise(async () => {
        const call = (method: string, path: string, token: string | null = TOKEN) =>
          adminRequest(url, method, path, { token })
        for (const path of [
          "/Admin/outbox",
          "/admin/OUTBOX",
          "/admin/outbox/",
          "//admin/outbox",
          "/admin//outbox",
          "/%61dmin/outbox",
          "/admin%2Foutbox",
          "/admin/replays/%63ount",
          `/admin/sinks/mail/blocked/%72etry`
        ]) {
          const { body, status } = await call("POST", path)
          assert.deepStrictEqual([status, body.code], [404, "route_not_found"], path)
        }
        for (const path of ["/admin/outbox", "/admin/audit", "/admin/docs", "/admin/openapi.json"]) {
          const { body, status } = await call("GET", `${path}?nope=1`)
          assert.deepStrictEqual([status, body.code], [400, "validation_failed"], path)
          assert.strictEqual(body.violations[0].pointer, "/nope")
        }
        const { body, status } = await call("POST", "/admin/outbox/repair?dryRun=1")
        assert.deepStrictEqual([status, body.violations[0].pointer], [400, "/dryRun"])
        assert.deepStrictEqual((await call("GET", "/admin/audit")).body.items, [])
        // The token comes first.
        assert.strictEqual((await call("GET", "/admin/outbox?nope=1", null)).status, 401)
      })
    )
  )
})
