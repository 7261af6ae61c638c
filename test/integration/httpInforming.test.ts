/**
 * Headers that only inform: clients, proxies and balancers send them as they like, repeated, long and with any characters, and no
 * request is refused for them.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import * as Http from "../support/HttpServerFixture.ts"

/** Creates an event with these header lines, and gives the correlation id in the journal. */
const correlationOf = Effect.fnUntraced(function* (...lines: ReadonlyArray<string>) {
  const body = JSON.stringify(Http.eventJson())
  const head = Http.head(
    "POST",
    "/events",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
    ...lines
  )
  const reply = yield* Http.raw(Buffer.from(`${head}\r\n${body}`, "latin1"))
  assert.strictEqual(reply.status, 201, reply.text)
  const { items } = yield* Turnout.use((turnout) => turnout.listJournal(reply.body.id))
  return items[0]!.metadata.correlationId
})

/** Headers about the request, its sender and its way, which Turnout does not need. */
const INFORMING = [
  "X-Request-Id",
  "X-Correlation-Id",
  "traceparent",
  "tracestate",
  "b3",
  "X-B3-TraceId",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Forwarded-Prefix",
  "X-Real-Ip",
  "Forwarded",
  "Via",
  "User-Agent",
  "Referer",
  "Origin",
  "From",
  "Cookie",
  "Date",
  "Priority",
  "Accept",
  "Accept-Language",
  "Keep-Alive"
] as const

const ODD = ["", "a, b", "\u00e9\u00ff", "%zz%", '"', "-", "00-0-0-0", "x".repeat(4_000), "=;,=;", "a\tb"] as const

describe("HTTP headers that only inform", () => {
  layer(Http.layer())((it) => {
    it.effect("X-Request-Id is heeded as far as it goes", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* correlationOf("X-Request-Id: trace-1"), "trace-1")
        assert.strictEqual(yield* correlationOf("X-Request-Id: first", "X-Request-Id: second"), "first")
        assert.strictEqual(yield* correlationOf("X-Request-Id:", "X-Request-Id: second"), "second")
        assert.strictEqual(yield* correlationOf("X-Request-Id: a b\u00e9c"), "abc")
        assert.strictEqual(yield* correlationOf(`X-Request-Id: ${"x".repeat(5_000)}`), "x".repeat(200))
        assert.strictEqual(yield* correlationOf("X-Request-Id: a,b"), "a,b")
        assert.isNull(yield* correlationOf("X-Request-Id: \u00e9"))
        assert.isNull(yield* correlationOf("X-Request-Id:"))
      })
    )

    it.effect.each(INFORMING)("%s refuses no write, whatever is in it and however often it is sent", (name) =>
      Effect.gen(function* () {
        for (const value of ODD) yield* correlationOf(`${name}: ${value}`)
        yield* correlationOf(...ODD.slice(0, 5).map((value) => `${name}: ${value}`))
      })
    )
  })
})
