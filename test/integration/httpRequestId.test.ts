/**
 * The id of a request: every answer has it, and so have the log and the problems of the server itself.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import * as Http from "../support/HttpServerFixture.ts"

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

/** The id of the answer to a request with these header lines. */
const idOf = Effect.fnUntraced(function* (...lines: ReadonlyArray<string>) {
  const head = ["GET /events HTTP/1.1", "Host: x", "Connection: close", ...lines]
  const reply = yield* Http.raw(Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"))
  return /^x-request-id: (.*)$/im.exec(reply.head)?.[1]
})

describe("X-Request-Id", () => {
  layer(Http.layer(), { excludeTestServices: true })((it) => {
    it.effect("is that of the request, if it can be written as it is", () =>
      Effect.gen(function* () {
        for (const id of ["trace-1", "x", "01JD8Z5T9W", "!#$%&()*+,-./:;<=>?@[]^_`{|}~\\", "x".repeat(128)])
          assert.strictEqual(yield* idOf(`X-Request-Id: ${id}`), id)
      })
    )

    it.effect("is a fresh one otherwise", () =>
      Effect.gen(function* () {
        const ids = new Set<string>()
        for (const lines of [
          [],
          ["X-Request-Id:"],
          ["X-Request-Id: a b"],
          ['X-Request-Id: a"b'],
          ["X-Request-Id: a'b"],
          ["X-Request-Id: a\tb"],
          ["X-Request-Id: \u00e9"],
          [`X-Request-Id: ${"x".repeat(129)}`],
          ["X-Request-Id: a", "X-Request-Id: b"]
        ]) {
          const id = yield* idOf(...lines)
          assert.match(id ?? "", UUID, lines.join(" "))
          ids.add(id!)
        }
        assert.strictEqual(ids.size, 9)
      })
    )

    it.effect("is in every answer, whoever gives it", () =>
      Effect.gen(function* () {
        const own = "X-Request-Id: own"
        for (const [request, expected] of [
          ["GET /nothing HTTP/1.1\r\nHost: x", "own"],
          ["PATCH /events HTTP/1.1\r\nHost: x", "own"],
          ["GET /docs HTTP/1.1\r\nHost: x", "own"],
          ["GET / HTTP/1.1\r\nHost: x", "own"],
          ["GET /health/live HTTP/1.1\r\nHost: x", "own"],
          ["GET /events HTTP/1.1", "own"],
          ["GET /events HTTP/1.1\r\nHost: x\r\nExpect: nonsense", "own"],
          ["NONSENSE /events HTTP/1.1\r\nHost: x", UUID],
          ["GET /events HTTP/3.0\r\nHost: x", UUID],
          ["GET /events HTTP/1.1\r\nHost: x\r\nno header", UUID],
          ["CONNECT x:1 HTTP/1.1\r\nHost: x", UUID]
        ] as const) {
          const reply = yield* Http.raw(`${request}\r\n${own}\r\nConnection: close\r\n\r\n`)
          const id = /^x-request-id: (.*)$/im.exec(reply.head)?.[1] ?? ""
          if (typeof expected === "string") assert.strictEqual(id, expected, request)
          else assert.match(id, expected, request)
          const { requestId } = reply.body as unknown as { readonly requestId?: string }
          assert.strictEqual(requestId, reply.status >= 500 ? id : undefined, request)
        }
      })
    )
  })

  it.live("is in the line of the log, and in the report of a failure, which the problem names", () =>
    Effect.gen(function* () {
      const logged: Array<readonly [message: string, id: unknown]> = []
      const logger = Logger.make(({ fiber, message }) => {
        logged.push([String(message), fiber.getRef(References.CurrentLogAnnotations)["http.request_id"]])
      })
      yield* Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({ event: () => Effect.die(new Error("hunter2")) }))
        const path = "/events/00000000-0000-4000-8000-000000000000"
        const reply = yield* Http.call("GET", path, { headers: { "x-request-id": "trace-7" } })
        Http.assertProblem(reply, 500, "internal_error", { requestId: "trace-7" })
        yield* Http.get("/health/live")
      }).pipe(Effect.scoped, Effect.provide(Http.layer({ server: { logRequests: true }, loggers: [logger] })))
      assert.deepStrictEqual(
        logged
          .filter(([message]) => /unexpectedly|Sent/.test(message))
          .map(([message, id]) => [message.slice(0, 17), id === "trace-7"]),
        [
          ["a request failed ", true],
          ["Sent HTTP respons", true],
          ["Sent HTTP respons", false]
        ]
      )
      assert.match(String(logged.at(-1)![1]), UUID)
    }).pipe(Effect.provide(Layer.empty))
  )
})
