/**
 * HTTP itself: routes, methods, media types and sizes, each answered as a problem when it is not as it should be.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const ANY_ID = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"
const JSON_TYPE = "Content-Type: application/json"
const CLOSE = "Connection: close"

const small = JSON.stringify(Http.eventJson())
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

describe("HTTP protocol", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    describe("routes and methods", () => {
      it.effect.each(["/nothing", `/events/${ANY_ID}/nothing`, "/docs/x", "/health/nothing", "/api/events"])(
        "an unknown route is a problem: %s",
        (path) =>
          Effect.gen(function* () {
            Http.assertProblem(yield* Http.get(path), 404, "route_not_found")
            Http.assertProblem(yield* Http.post(path, {}), 404, "route_not_found")
          })
      )

      it.effect.each([
        ["DELETE", "/events", "GET, HEAD, POST"],
        ["PUT", "/events?limit=1", "GET, HEAD, POST"],
        ["OPTIONS", "/events", "GET, HEAD, POST"],
        ["PUT", `/events/${ANY_ID}`, "GET, HEAD, PATCH, DELETE"],
        ["POST", `/events/${ANY_ID}/capacity`, "PUT"],
        ["GET", `/events/${ANY_ID}/publish`, "POST"],
        ["HEAD", `/events/${ANY_ID}/publish`, "POST"],
        ["DELETE", `/events/${ANY_ID}/registrations/${ANY_ID}`, "GET, HEAD, PATCH"],
        ["POST", `/events/${ANY_ID}/waitlist`, "GET, HEAD"],
        ["POST", "/attendees/ada/registrations", "GET, HEAD"],
        ["POST", "/health/live", "GET, HEAD"],
        ["POST", "/", "GET, HEAD"],
        ["POST", "/openapi.json", "GET, HEAD"],
        ["PATCH", "/docs", "GET, HEAD"]
      ])("a method that a resource does not have: %s %s, but %s", ([method, path, allowed]) =>
        Effect.gen(function* () {
          const reply = yield* Http.call(method!, path!)
          assert.strictEqual(reply.status, 405)
          assert.sameMembers(reply.headers.get("allow")!.split(", "), allowed!.split(", "))
          if (method !== "HEAD") Http.assertProblem(reply, 405, "method_not_allowed")
        })
      )

      it.effect("a method that nobody has heard of is not allowed", () =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(`${Http.head("PROPFIND", "/events", CLOSE)}\r\n`)
          Http.assertProblem(reply, 405, "method_not_allowed")
          assert.match(reply.head, /^allow: /im)
        })
      )

      it.effect("an absolute URL in the request line is answered like its path", () =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(
            "GET http://localhost/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
          )
          assert.isBelow(reply.status, 500)
          assert.isAbove(reply.status, 199)
        })
      )
    })

    describe("media types", () => {
      it.effect.each(["text/plain", "text/xml", "application/x-www-form-urlencoded", "application/json+x", "json", ""])(
        "a body as %j is refused",
        (type) =>
          Effect.gen(function* () {
            const reply = yield* Http.post("/events", small, { headers: { "content-type": type } })
            Http.assertProblem(reply, 415, "unsupported_media_type", { supported: ["application/json"] })
          })
      )

      it.effect("a body without a content type is refused", () =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(`${Http.head("POST", "/events", CLOSE, "Content-Length: 2")}\r\n{}`)
          Http.assertProblem(reply, 415, "unsupported_media_type")
        })
      )

      it.effect.each([
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json ;x=1"
      ])("a body as %s is taken", (type) =>
        Effect.gen(function* () {
          const reply = yield* Http.post("/events", small, { headers: { "content-type": type } })
          assert.strictEqual(reply.status, 201)
        })
      )
    })

    describe("sizes", () => {
      it.effect("a body of 64 KiB is taken, a byte more is refused", () =>
        Effect.gen(function* () {
          const fits = small + " ".repeat(64 * 1024 - small.length)
          assert.strictEqual((yield* Http.post("/events", fits)).status, 201)
          Http.assertProblem(yield* Http.post("/events", `${fits} `), 413, "payload_too_large", { maxBytes: 65_536 })
        })
      )

      it.effect("bytes are counted, not characters", () =>
        Effect.gen(function* () {
          const body = JSON.stringify({ title: "日".repeat(22_000) })
          Http.assertProblem(yield* Http.post("/events", body), 413, "payload_too_large")
        })
      )

      it.effect("a declared size that is too large is refused before the body is sent", () =>
        Effect.gen(function* () {
          const request = `${Http.head("POST", "/events", JSON_TYPE, "Content-Length: 50000000")}\r\n{`
          const reply = yield* Http.raw(request)
          Http.assertProblem(reply, 413, "payload_too_large")
          assert.isTrue(reply.closed)
          assert.isBelow(reply.millis, 2_000)
        })
      )

      it.effect("a client that asks first is told before it sends", () =>
        Effect.gen(function* () {
          const request = Http.head("POST", "/events", JSON_TYPE, "Content-Length: 50000000", "Expect: 100-continue")
          const reply = yield* Http.raw(`${request}\r\n`)
          Http.assertProblem(reply, 413, "payload_too_large")
          assert.notInclude(reply.text, "100 Continue")
        })
      )

      it.effect("a client that asks first may send what fits", () =>
        Effect.gen(function* () {
          const request = Http.head(
            "POST",
            "/events",
            JSON_TYPE,
            CLOSE,
            `Content-Length: ${small.length}`,
            "Expect: 100-continue"
          )
          const reply = yield* Http.raw(`${request}\r\n${small}`)
          assert.include(reply.text, "HTTP/1.1 201 Created")
        })
      )

      it.effect("a chunked body that fits is taken", () =>
        Effect.gen(function* () {
          const request = `${Http.head("POST", "/events", JSON_TYPE, CLOSE, "Transfer-Encoding: chunked")}\r\n`
          const reply = yield* Http.raw(`${request}${chunk(small.slice(0, 10))}${chunk(small.slice(10))}0\r\n\r\n`)
          assert.strictEqual(reply.status, 201)
        })
      )

      it.effect("a chunked body that is too large is refused", () =>
        Effect.gen(function* () {
          const request = `${Http.head("POST", "/events", JSON_TYPE, "Transfer-Encoding: chunked")}\r\n`
          const reply = yield* Http.raw(`${request}${chunk("x".repeat(0x8000)).repeat(5)}0\r\n\r\n`, { millis: 1_000 })
          Http.assertProblem(reply, 413, "payload_too_large")
        })
      )

      it.effect("a chunked body without an end is refused as soon as it is too large", () =>
        Effect.gen(function* () {
          const request = `${Http.head("POST", "/events", JSON_TYPE, "Transfer-Encoding: chunked")}\r\n`
          const reply = yield* Http.raw(`${request}${chunk("x".repeat(0x8000)).repeat(3)}`, { millis: 1_000 })
          assert.strictEqual(reply.status, 413)
          assert.include(reply.text, "payload_too_large")
        })
      )

      it.effect("the limit holds for the body of an action too", () =>
        Effect.gen(function* () {
          const request = Http.head("POST", `/events/${ANY_ID}/publish`, "Transfer-Encoding: chunked")
          const reply = yield* Http.raw(`${request}\r\n${chunk(" ".repeat(0x8000)).repeat(3)}`, { millis: 1_000 })
          assert.strictEqual(reply.status, 413)
        })
      )
    })

    describe("connections", () => {
      it.effect("requests that are sent ahead are answered in order", () =>
        Effect.gen(function* () {
          const live = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
          const last = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
          const { text } = yield* Http.raw(live + live + last)
          assert.deepStrictEqual(
            Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status),
            ["204", "204", "404"]
          )
        })
      )

      it.effect("a refused body does not spoil the next request on the connection", () =>
        Effect.gen(function* () {
          const refused = `${Http.head("POST", "/nothing", JSON_TYPE, "Content-Length: 2")}\r\n{}`
          const { text } = yield* Http.raw(
            `${refused}GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
          )
          assert.deepStrictEqual(
            Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status),
            ["404", "204"]
          )
        })
      )

      it.effect("a write that offers an upgrade to h2c, as some clients do, is done over HTTP/1.1", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent()
          const body = JSON.stringify(Given.person(1))
          const request = Http.head(
            "POST",
            `/events/${event.id}/registrations`,
            JSON_TYPE,
            `Content-Length: ${body.length}`,
            "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c",
            "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA"
          )
          const reply = yield* Http.raw(`${request}\r\n${body}`, { millis: 1_000 })
          assert.strictEqual(reply.status, 201)
        })
      )

      it.effect("an upgrade to a WebSocket is answered like any other request", () =>
        Effect.gen(function* () {
          const request = Http.head(
            "GET",
            "/nothing",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13"
          )
          Http.assertProblem(yield* Http.raw(`${request}\r\n`, { millis: 1_000 }), 404, "route_not_found")
        })
      )
    })
  })

  withLayer(Http.layer({ server: { maxBodyBytes: 100 } }), { excludeTestServices: true })("with maxBodyBytes", (it) => {
    it.effect("the limit is the one that is set", () =>
      Effect.gen(function* () {
        const capacity = (spaces: number) =>
          Http.call("PUT", `/events/${ANY_ID}/capacity`, { body: `{"capacity":1}${" ".repeat(spaces)}` })
        Http.assertProblem(yield* capacity(86), 404, "event_not_found")
        Http.assertProblem(yield* capacity(87), 413, "payload_too_large", { maxBytes: 100 })
      })
    )
  })
})
