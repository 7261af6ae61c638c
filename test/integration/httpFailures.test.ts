/**
 * When something breaks: what is known is said, what is inside stays inside, and a retry is safe.
 */
import type { Health } from "@turnout/http/internal/health/HealthApi"
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Fiber } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"
import * as Invariants from "../support/Invariants.ts"

const ANY_ID = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"
const SECRET = "password=hunter2"
const cause = new Error(SECRET)

const failWith = (reason: StoreError.StoreErrorReason) => Effect.fail(new StoreError.StoreError({ reason }))

const assertBare = (reply: Http.Reply) => {
  Http.assertProblem(reply, 500, "internal_error")
  assert.hasAllKeys(reply.body, ["type", "title", "status", "code", "requestId"])
  assert.strictEqual(
    (reply.body as unknown as { readonly requestId: string }).requestId,
    reply.headers.get("x-request-id")
  )
  assert.notInclude(reply.text, "hunter2")
}

describe("HTTP failures", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    it.effect.each([
      ["unavailable", new StoreError.Unavailable({ cause })],
      ["contended", new StoreError.Contention({ cause })],
      ["not migrated", new StoreError.NotMigrated({ cause })]
    ] as const)("a store that is %s: 503 with Retry-After, for writes and reads", ([, reason]) =>
      Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({
          transact: () => failWith(reason),
          event: () => failWith(reason),
          events: () => failWith(reason)
        }))
        for (const reply of [
          yield* Http.post("/events", Http.eventJson()),
          yield* Http.get(`/events/${ANY_ID}`),
          yield* Http.get("/events")
        ]) {
          const facts = { reason: reason.message, retryAfterSeconds: 1 }
          Http.assertProblem(reply, 503, "store_unavailable", facts)
          assert.strictEqual(reply.headers.get("retry-after"), "1")
          assert.notInclude(reply.text, "hunter2")
        }
      })
    )

    it.effect("nothing is remembered of a failure of the store: the retry is a first try", () =>
      Effect.gen(function* () {
        const send = Http.post("/events", Http.eventJson(), { key: randomUUID() })
        yield* Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ transact: () => failWith(new StoreError.Unavailable({ cause })) }))
          assert.strictEqual((yield* send).status, 503)
        }).pipe(Effect.scoped)
        const retried = yield* send
        assert.deepStrictEqual([retried.status, retried.headers.get("idempotent-replayed")], [201, null])
      })
    )

    it.effect("an unknown outcome is said to be one, and the retry gives the true answer", () =>
      Effect.gen(function* () {
        const send = Http.post("/events", Http.eventJson(), { key: randomUUID() })
        yield* Effect.gen(function* () {
          yield* Http.replaceInStore(({ transact }) => ({
            transact: (...args) => Effect.andThen(transact(...args), failWith(new StoreError.OutcomeUnknown({ cause })))
          }))
          const reply = yield* send
          Http.assertProblem(reply, 503, "outcome_unknown", { retryAfterSeconds: 1 })
          assert.strictEqual(reply.headers.get("retry-after"), "1")
          assert.notInclude(reply.text, "hunter2")
        }).pipe(Effect.scoped)
        const retried = yield* send
        assert.deepStrictEqual([retried.status, retried.headers.get("idempotent-replayed")], [201, "true"])
      })
    )

    it.effect("a defect is a bare 500, logged with all that is known", () =>
      Effect.gen(function* () {
        const { logged } = yield* Http.TestServer
        yield* Http.replaceInStore(() => ({ transact: () => Effect.die(cause), event: () => Effect.die(cause) }))
        for (const request of [Http.post("/events", Http.eventJson()), Http.get(`/events/${ANY_ID}`)]) {
          logged.length = 0
          const reply = yield* request
          assertBare(reply)
          const [line] = logged
          assert.match(line ?? "", /^Error a request failed unexpectedly [^]*hunter2[^]*httpFailures\.test\.ts/)
        }
      })
    )

    it.effect("what throws is a defect like any other", () =>
      Effect.gen(function* () {
        const boom = () => {
          throw cause
        }
        yield* Http.replaceInStore(() => ({ transact: boom, event: boom }))
        assertBare(yield* Http.post("/events", Http.eventJson()))
        assertBare(yield* Http.get(`/events/${ANY_ID}`))
      })
    )

    it.effect("an unexpected failure of the store is a bare 500", () =>
      Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({ transact: () => failWith(new StoreError.Unexpected({ cause })) }))
        assertBare(yield* Http.post("/events", Http.eventJson()))
      })
    )

    it.effect("a failure frees the key and the server goes on", () =>
      Effect.gen(function* () {
        const send = Http.post("/events", Http.eventJson(), { key: randomUUID() })
        yield* Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ transact: () => Effect.die(cause) }))
          assertBare(yield* send)
        }).pipe(Effect.scoped)
        assert.strictEqual((yield* send).status, 201)
      })
    )

    it.effect("problems that are expected are not logged as failures", () =>
      Effect.gen(function* () {
        const { logged } = yield* Http.TestServer
        logged.length = 0
        yield* Http.get("/nothing")
        yield* Http.post("/events", "{")
        yield* Http.post("/events", {})
        yield* Http.get(`/events/${ANY_ID}`)
        assert.deepStrictEqual(
          logged.filter((line) => /^(Error|Fatal)/i.test(line)),
          []
        )
      })
    )

    describe("health", () => {
      it.effect.each([
        ["unavailable", new StoreError.Unavailable({ cause })],
        ["not migrated", new StoreError.NotMigrated({ cause })],
        ["broken", new StoreError.Unexpected({ cause })]
      ] as const)("a store that is %s: alive and not ready", ([, reason]) =>
        Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ ready: failWith(reason) }))
          const reply = yield* Http.get("/health/ready")
          Http.assertProblem(reply, 503, "not_ready", { retryAfterSeconds: 1 })
          assert.strictEqual(reply.headers.get("retry-after"), "1")
          // For people, it is an answer like any other.
          const seen = yield* Http.get("/health")
          const { components, status } = JSON.parse(seen.text) as Health
          assert.deepStrictEqual([seen.status, status, components[0]!.status], [200, "down", "down"])
          assert.strictEqual((yield* Http.get("/health/live")).status, 204)
        })
      )

      it.effect("the reason of not being ready holds nothing of the inside of the store", () =>
        Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ ready: failWith(new StoreError.Unexpected({ cause })) }))
          assert.notInclude((yield* Http.get("/health/ready")).text, "hunter2")
        })
      )

      it.effect("a store that does not answer is not ready after five seconds", () =>
        Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ ready: Effect.never }))
          Http.assertProblem(yield* Http.get("/health/ready"), 503, "not_ready")
        })
      )
    })
  })

  withLayer(Http.layer({ turnout: { maxWaiting: 1 } }), { excludeTestServices: true })(
    "with one that may wait",
    (it) => {
      it.effect("too much at once is refused at once, with the time to come back, and changes nothing", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent({ capacity: 5 })
          const commits = yield* Http.holdCommits
          const send = (n: number) => Http.post(`/events/${event.id}/registrations`, Given.person(n))
          const underWay = yield* Effect.forkChild(send(1))
          yield* commits.oneIsWaiting
          const [second, third] = [yield* Effect.forkChild(send(2)), yield* Effect.forkChild(send(3))]
          // Whichever comes second: only that one is answered before the commit.
          const refused = yield* Effect.raceFirst(Fiber.join(second), Fiber.join(third))
          Http.assertProblem(refused, 503, "overloaded")
          assert.strictEqual(refused.headers.get("retry-after"), "1")
          yield* commits.open
          const all = [yield* Fiber.join(underWay), yield* Fiber.join(second), yield* Fiber.join(third)]
          assert.sameMembers(
            all.map(({ status }) => status),
            [201, 201, 503]
          )
          const { registrations } = yield* Invariants.hold(event.id)
          assert.strictEqual(registrations.length, 2)
        })
      )
    }
  )

  withLayer(Http.layer({ server: { requestTimeoutMillis: 100 }, turnout: { commandTimeoutMillis: 400 } }), {
    excludeTestServices: true
  })("with a shorter time for requests than for commands", (it) => {
    it.effect("Turnout answers a write, not the deadline of the request, which is that of reads", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        yield* Http.holdCommits
        Http.assertProblem(yield* Http.post(`/events/${event.id}/publish`), 503, "outcome_unknown")
        yield* Http.replaceInStore(() => ({ events: () => Effect.never }))
        Http.assertProblem(yield* Http.get("/events"), 504, "request_timeout")
      })
    )
  })

  withLayer(Http.layer({ server: { requestTimeoutMillis: 200 }, turnout: { commandTimeoutMillis: 200 } }), {
    excludeTestServices: true
  })("with one time for requests and commands, as by default", (it) => {
    it.effect("a write that takes too long is answered in time, by Turnout, and finished all the same", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const commits = yield* Http.holdCommits
        const send = Http.post(`/events/${event.id}/publish`, undefined, { key: randomUUID() })
        const began = Date.now()
        Http.assertProblem(yield* send, 503, "outcome_unknown", { retryAfterSeconds: 1 })
        assert.isBelow(Date.now() - began, 1_000)
        Http.assertProblem(yield* send, 503, "outcome_unknown")
        assert.strictEqual((yield* Turnout.use((turnout) => turnout.getEvent(event.id))).status, "draft")
        yield* commits.open
        let retried = yield* send
        for (let tries = 0; tries < 100 && retried.status === 503; tries++) retried = yield* Effect.delay(send, 10)
        assert.deepStrictEqual([retried.status, retried.headers.get("idempotent-replayed")], [200, "true"])
        assert.strictEqual(retried.body.status, "published")
      })
    )

    it.effect("a command that was accepted takes effect, even if nobody asks again", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const commits = yield* Http.holdCommits
        Http.assertProblem(yield* Http.post(`/events/${event.id}/publish`), 503, "outcome_unknown")
        yield* commits.open
        yield* Effect.sleep(50)
        assert.strictEqual((yield* Turnout.use((turnout) => turnout.getEvent(event.id))).status, "published")
      })
    )

    it.effect("a read that takes too long is answered in time", () =>
      Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({ event: () => Effect.never, events: () => Effect.never }))
        Http.assertProblem(yield* Http.get(`/events/${ANY_ID}`), 504, "request_timeout")
        Http.assertProblem(yield* Http.get("/events"), 504, "request_timeout")
      })
    )

    it.effect("the time for a slow client to send its body does not count", () =>
      Effect.gen(function* () {
        const { port } = yield* Http.TestServer
        const body = JSON.stringify(Http.eventJson())
        const head = Http.head(
          "POST",
          "/events",
          "Content-Type: application/json",
          "Connection: close",
          `Content-Length: ${body.length}`
        )
        const connection = yield* Http.openConnection(port, `${head}\r\n${body.slice(0, 10)}`)
        yield* Effect.sleep(500)
        connection.socket.write(body.slice(10))
        yield* Http.until(() => connection.ended)
        assert.match(connection.text, /^HTTP\/1\.1 201 /)
      })
    )

    it.effect("a client that leaves while it waits disturbs nobody", () =>
      Effect.gen(function* () {
        const { logged } = yield* Http.TestServer
        logged.length = 0
        yield* Http.replaceInStore(() => ({ events: () => Effect.never }))
        const waiting = yield* Effect.forkChild(Http.get("/events"))
        yield* Effect.sleep(50)
        yield* Fiber.interrupt(waiting)
        yield* Effect.sleep(50)
        assert.strictEqual((yield* Http.get("/health/live")).status, 204)
        assert.deepStrictEqual(
          logged.filter((line) => /^(Error|Fatal)/i.test(line)),
          []
        )
      })
    )
  })
})
