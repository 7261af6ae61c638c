/**
 * What never becomes a request: refused by the parser, by its limits of time and size, or before a handler is asked. The
 * answer is a problem like any other, ends the connection, and comes after the answers that the client waits for.
 */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { connect } from "node:net"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const LIVE = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
const CLOSE = "Connection: close"
const JSON_TYPE = "Content-Type: application/json"
const statuses = (text: string) => Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status))

/** A problem with all of its members, after which the server ends the connection. */
const assertLast = (reply: Http.RawReply, status: number, code: string): void => {
  Http.assertProblem(reply, status, code)
  assert.isNotEmpty(reply.body.detail)
  assert.match(reply.head, /^connection: close$/im)
  const length = Number(/^content-length: (\d+)$/im.exec(reply.head)?.[1])
  assert.strictEqual(length, reply.text.length - reply.head.length - 4)
  assert.match(reply.head, /^date: .* GMT$/im)
  assert.isTrue(reply.closed)
}

describe("HTTP parser", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    it.effect.each([
      ["GARBAGE\r\n\r\n", 400, "malformed_request"],
      ["\u0016\u0003\u0001\u0002\u0000\u0001", 400, "malformed_request"],
      ["GET /ev ents HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request"],
      ["GET /events HTXP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request"],
      ["GET /events HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400, "malformed_request"],
      ["GET /events HTTP/1.1\r\nHost: x\r\nSpace : 1\r\n\r\n", 400, "malformed_request"],
      ["GET /events HTTP/1.1\r\nHost: x\r\nA: \u0000\r\n\r\n", 400, "malformed_request"],
      ["GET /events HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400, "malformed_request"],
      [`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, "headers_too_large"],
      [`GET /events HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
      [`GET /events HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(4_000)}\r\n`, 431, "headers_too_large"],
      ["FOO /events HTTP/1.1\r\nHost: x\r\n\r\n", 501, "method_not_implemented"],
      ["get /events HTTP/1.1\r\nHost: x\r\n\r\n", 501, "method_not_implemented"],
      ["CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 501, "method_not_implemented"],
      ["GET /events HTTP/3.0\r\nHost: x\r\n\r\n", 505, "http_version_not_supported"],
      ["GET /events HTTP/2.0\r\nHost: x\r\n\r\n", 505, "http_version_not_supported"],
      ["GET /events\r\n\r\n", 505, "http_version_not_supported"],
      ["GET /events HTTP/0.9\r\nHost: x\r\n\r\n", 505, "http_version_not_supported"],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported"],
      ["GET /events HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n", 417, "expectation_failed"]
    ] as const)("%j is answered with %d %s", ([data, status, code]) =>
      Effect.gen(function* () {
        assertLast(yield* Http.raw(Buffer.from(data, "latin1")), status, code)
      })
    )

    it.effect.each(["TRACE", "PROPFIND", "QUERY", "DELETE"])(
      "%s of a resource is answered with what it has",
      (method) =>
        Effect.gen(function* () {
          const reply = yield* Http.raw(`${method} /events HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n\r\n`)
          Http.assertProblem(reply, 405, "method_not_allowed")
          assert.match(reply.head, /^allow: GET, HEAD, POST$|^allow: POST, GET, HEAD$/im)
        })
    )

    it.effect("an expectation is refused before the body, and a HEAD gets none", () =>
      Effect.gen(function* () {
        const head = (method: string) =>
          Http.head(method, "/events", JSON_TYPE, "Content-Length: 2", "Expect: magic, more")
        assertLast(yield* Http.raw(`${head("POST")}\r\n`), 417, "expectation_failed")
        const { text } = yield* Http.raw(`${head("HEAD")}\r\n`)
        assert.match(text, /^HTTP\/1\.1 417 [^]*\r\n\r\n$/)
      })
    )

    it.effect.each([
      ["zz\r\n", 400, "malformed_request"],
      ["2\r\n{}x\r\n", 400, "malformed_request"],
      [`2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`, 413, "payload_too_large"]
    ] as const)("a body that is not well chunked is refused, and nothing is done: %j", ([body, status, code]) =>
      Effect.gen(function* () {
        const before = (yield* Http.get("/events")).body.items.length
        const head = Http.head("POST", "/events", JSON_TYPE, "Transfer-Encoding: chunked")
        const reply = yield* Http.raw(`${head}\r\n${body}`)
        assertLast(reply, status, code)
        assert.deepStrictEqual(statuses(reply.text), [status])
        assert.strictEqual((yield* Http.get("/events")).body.items.length, before)
      })
    )

    it.effect("a request that its client ends in the middle is no request", () =>
      Effect.gen(function* () {
        const { port } = yield* Http.TestServer
        const text = yield* Effect.callback<string>((resume) => {
          let text = ""
          const socket = connect({ port, allowHalfOpen: true }, () => socket.end("GET /events HTTP/1.1\r\nHos"))
          socket.on("data", (chunk) => (text += chunk.toString()))
          socket.on("end", () => resume(Effect.succeed(text)))
        })
        assert.match(text, /^HTTP\/1\.1 400 [^]*"code":"malformed_request"/)
      })
    )

    it.effect("what follows requests is refused after they are answered", () =>
      Effect.gen(function* () {
        for (const [data, status] of [
          ["GARBAGE\r\n\r\n", 400],
          ["FOO / HTTP/1.1\r\n\r\n", 501],
          ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501],
          [`GET /events HTTP/1.1\r\nA: ${"a".repeat(20_000)}\r\n\r\n`, 431]
        ] as const) {
          const { closed, text } = yield* Http.raw(LIVE + LIVE + data)
          assert.deepStrictEqual([statuses(text), closed], [[204, 204, status], true], data.slice(0, 20))
        }
      })
    )

    it.effect("a write that waits for its commit is told what became of it, whatever comes after it", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        const broken = `${Http.head("POST", "/events", JSON_TYPE, "Transfer-Encoding: chunked")}\r\nzz\r\n`
        for (const [after, action] of [
          ["GARBAGE\r\n\r\n", "publish"],
          ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "unpublish"],
          [broken, "publish"]
        ] as const) {
          const reply = yield* Effect.scoped(
            Effect.gen(function* () {
              const commits = yield* Http.holdCommits
              const request = `${Http.head("POST", `/events/${id}/${action}`)}\r\n`
              const sent = yield* Effect.forkChild(Http.raw(request + after))
              yield* commits.oneIsWaiting
              yield* Effect.sleep(50)
              yield* commits.open
              return yield* Fiber.join(sent)
            })
          )
          assert.strictEqual(statuses(reply.text)[0], 200)
          assert.lengthOf(statuses(reply.text), 2)
          assert.isTrue(reply.closed)
        }
      })
    )

    it.effect("nothing is written into an answer that is half sent", () =>
      Effect.gen(function* () {
        const { port } = yield* Http.TestServer
        const script = /src="([^"]+)"/.exec((yield* Http.get("/docs")).text)![1]!
        const whole = yield* Http.get(`/${script}`)
        const received = yield* Effect.callback<Buffer>((resume) => {
          const chunks: Array<Buffer> = []
          const socket = connect(port, "127.0.0.1", () => {
            socket.write(`GET /${script} HTTP/1.1\r\nHost: x\r\n\r\n`)
          })
          socket.once("data", () => socket.write("GARBAGE\r\n\r\n"))
          socket.on("data", (chunk) => chunks.push(chunk))
          socket.on("close", () => resume(Effect.succeed(Buffer.concat(chunks))))
        })
        const start = received.indexOf("\r\n\r\n") + 4
        const body = received.subarray(start, start + Buffer.byteLength(whole.text)).toString()
        assert.strictEqual(body.length, whole.text.length)
        assert.isTrue(body === whole.text)
        const after = received.subarray(start + Buffer.byteLength(whole.text)).toString()
        assert.match(after, /^HTTP\/1\.1 400 /)
      })
    )

    it.effect("a client that goes on sending gets its answer nevertheless", () =>
      Effect.gen(function* () {
        const { port } = yield* Http.TestServer
        const connection = yield* Http.openConnection(port, `GET / HTTP/1.1\r\nA: ${"a".repeat(20_000)}`)
        for (let times = 0; times < 20 && !connection.ended; times++) {
          connection.socket.write("a".repeat(50_000))
          yield* Effect.sleep(5)
        }
        yield* Http.until(() => connection.ended)
        assert.match(connection.text, /^HTTP\/1\.1 431 [^]*"code":"headers_too_large"[^}]*}$/)
      })
    )

    it.effect("none of it is logged", () =>
      Effect.gen(function* () {
        const { logged } = yield* Http.TestServer
        yield* Http.raw("GARBAGE\r\n\r\n")
        yield* Http.raw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
        assert.deepStrictEqual(logged, [])
      })
    )
  })

  it.live(
    "a request that does not arrive in time is refused: half a head, half a body",
    () =>
      Effect.gen(function* () {
        const { port } = yield* Http.start({ server: { receiveTimeoutMillis: 300 } })
        const half = yield* Http.openConnection(port, "GET /events HTTP/1.1\r\nHos")
        const head = Http.head("POST", "/events", JSON_TYPE, "Content-Length: 100")
        const body = yield* Http.openConnection(port, `${head}\r\n{`)
        yield* Http.until(() => half.ended && body.ended)
        for (const { text } of [half, body]) {
          assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_not_received"[^}]*}$/)
          assert.deepStrictEqual(statuses(text), [408])
        }
      }),
    20_000
  )
})
