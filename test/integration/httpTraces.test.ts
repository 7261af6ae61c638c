/**
 * The spans of requests: what they tell, what they do not, and that the trace of a client goes on into the journal.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import { randomUUID } from "node:crypto"
import * as Http from "../support/HttpServerFixture.ts"
import * as ListeningTracer from "../support/ListeningTracer.ts"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, "user-agent": "hunter2" }

const requestsOf = (spans: ReadonlyArray<Tracer.NativeSpan>) => spans.filter(({ kind }) => kind === "server")

describe("the span of a request", () => {
  it.live("has the method, the route and the status, and goes on from the trace of the client", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      yield* Effect.gen(function* () {
        yield* Http.call("GET", `/attendees/${randomUUID()}/registrations?limit=2`, { headers })
        yield* Http.call("GET", "/health/live", { headers })
        yield* Http.call("GET", "/nowhere/hunter2", { headers })
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(Http.layer(), Layer.succeed(Tracer.Tracer, tracer))))
      const [span, ...others] = requestsOf(spans)
      assert.isEmpty(others, "requests after the health, and those that lead nowhere, have none")
      assert.deepStrictEqual(Object.fromEntries(span!.attributes), {
        "http.request.method": "GET",
        "http.route": "/attendees/:attendeeId/registrations",
        "http.response.status_code": 200
      })
      assert.deepStrictEqual([span!.name, span!.traceId], ["GET /attendees/:attendeeId/registrations", TRACE])
      assert.strictEqual(span!.status._tag, "Ended")
      // What is done for the request is a part of its trace.
      assert.isTrue(spans.every(({ traceId }) => traceId === TRACE))
      assert.notInclude(JSON.stringify(spans.map(({ attributes, name }) => [name, [...attributes]])), "hunter2")
    })
  )

  it.live("of a failure of the server has neither its path nor its message", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      yield* Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({ event: () => Effect.die(new Error("hunter2")) }))
        yield* Http.call("GET", `/events/${randomUUID()}`, { headers })
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(Http.layer(), Layer.succeed(Tracer.Tracer, tracer))))
      const [span] = requestsOf(spans)
      const status = span!.status as Extract<Tracer.SpanStatus, { readonly _tag: "Ended" }>
      assert.strictEqual(status.exit._tag, "Failure")
      assert.notInclude(JSON.stringify(status.exit), "hunter2")
    })
  )
})

describe("the trace of a client", () => {
  it.live("is in the journal, also while nobody reads spans", () =>
    Effect.gen(function* () {
      const created = yield* Http.call("POST", "/events", {
        headers: { ...headers, "idempotency-key": randomUUID(), "content-type": "application/json" },
        body: JSON.stringify(Http.eventJson())
      })
      assert.strictEqual(created.status, 201)
      const journal = yield* Http.call("GET", "/admin/journal", {})
      const { items } = journal.body as unknown as {
        readonly items: ReadonlyArray<{ readonly metadata: { readonly traceParent?: string } }>
      }
      assert.strictEqual(items.at(-1)?.metadata.traceParent?.slice(3, 35), TRACE, JSON.stringify(journal.body))
    }).pipe(Effect.scoped, Effect.provide(Http.layer()))
  )
})
