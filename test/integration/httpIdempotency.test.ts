/**
 * Idempotency-Key: sent any number of times, done once, answered alike.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect, Fiber } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const WRITES: ReadonlyArray<readonly [method: string, path: string, body?: unknown]> = [
  ["POST", "/events", Http.eventJson()],
  ["PATCH", "/events/{eventId}", { title: "Concert" }],
  ["PUT", "/events/{eventId}/capacity", { capacity: 3 }],
  ["POST", "/events/{eventId}/publish"],
  ["POST", "/events/{eventId}/unpublish"],
  ["POST", "/events/{eventId}/cancel"],
  ["POST", "/events/{eventId}/complete"],
  ["POST", "/events/{eventId}/reopen"],
  ["POST", "/events/{eventId}/guests", Given.person(1)],
  ["POST", "/events/{eventId}/registrations", Given.person(1)],
  ["POST", "/events/{eventId}/registrations/{registrationId}/cancel"],
  ["POST", "/events/{eventId}/registrations/{registrationId}/confirm"],
  ["POST", "/events/{eventId}/registrations/{registrationId}/reinstate"],
  ["PATCH", "/events/{eventId}/registrations/{registrationId}", { notes: "vegan" }],
  ["POST", "/events/{eventId}/registrations/{registrationId}/attended"],
  ["POST", "/events/{eventId}/registrations/{registrationId}/clear-attendance"],
  ["POST", "/events/{eventId}/registrations/{registrationId}/release-seat"],
  ["POST", "/events/{eventId}/registrations/{registrationId}/no-show"]
]

const ANY_ID = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"

interface Registered extends Http.Body {
  readonly link?: string
}

const withoutLink = (body: Registered) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== "link"))

describe("HTTP idempotency", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    it.effect.each(WRITES)("a write without a key is refused: %s %s", ([method, path, body]) =>
      Effect.gen(function* () {
        const reply = yield* Http.call(method, path.replaceAll(/\{\w+\}/g, ANY_ID), { body, key: null })
        Http.assertProblem(reply, 400, "idempotency_key_missing")
      })
    )

    it.effect("reads need no key", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Http.call("GET", "/events", { key: null })).status, 200)
      })
    )

    it.effect.each([
      ["empty", ""],
      ["256 characters long", "k".repeat(256)],
      ["not ASCII", "clé"],
      ["not printable", "a\tb"]
    ])("a key that is %s is refused", ([, key]) =>
      Effect.gen(function* () {
        Http.assertInvalid(yield* Http.post("/events", Http.eventJson(), { key: key! }), "header /idempotency-key")
      })
    )

    it.effect("a key of bytes that are no ASCII is refused", () =>
      Effect.gen(function* () {
        const request =
          "POST /events/x/publish HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: a\xffb\r\n\r\n"
        const reply = yield* Http.raw(Buffer.from(request.replace("/x/", `/${ANY_ID}/`), "latin1"))
        Http.assertInvalid(reply, "header /idempotency-key")
      })
    )

    it.effect.each([
      ["255 characters", "k".repeat(255)],
      ["1 character", "k"],
      ["every printable character", "!\"#$%&'()*+,-./:; <=>?@[\\]^_`{|}~"]
    ])("a key may have %s", ([, key]) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Http.post("/events", Http.eventJson(), { key: key! })).status, 201)
      })
    )

    it.effect("a first answer is not marked as replayed", () =>
      Effect.gen(function* () {
        assert.isNull((yield* Http.post("/events", Http.eventJson())).headers.get("idempotent-replayed"))
      })
    )

    it.effect("a success is answered again, marked, and done once", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const options = { key: randomUUID() }
        const send = Http.post(`/events/${event.id}/registrations`, Given.person(1), options)
        const first = yield* send
        const second = yield* send
        assert.deepStrictEqual([second.status, second.body], [201, withoutLink(first.body)])
        // The secret of the attendee is shown once.
        assert.isDefined((first.body as Registered).link)
        assert.isUndefined((second.body as Registered).link)
        assert.strictEqual(second.headers.get("location"), first.headers.get("location"))
        assert.strictEqual(second.headers.get("idempotent-replayed"), "true")
        const { items } = yield* Turnout.use((turnout) => turnout.listRegistrations(event.id))
        assert.lengthOf(items, 1)
      })
    )

    it.effect("the first answer is given again although the state has moved on", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const options = { key: randomUUID() }
        const first = yield* Http.post(`/events/${event.id}/publish`, undefined, options)
        yield* Http.post(`/events/${event.id}/cancel`)
        const second = yield* Http.post(`/events/${event.id}/publish`, undefined, options)
        assert.deepStrictEqual([second.status, second.text], [200, first.text])
        assert.strictEqual(second.headers.get("idempotent-replayed"), "true")
      })
    )

    it.effect("a rejection is answered again, marked, even when it would be accepted by now", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0, waitlist: "closed" })
        const send = Http.post(`/events/${event.id}/registrations`, Given.person(1), { key: randomUUID() })
        const first = yield* send
        Http.assertProblem(first, 409, "capacity_full", { capacity: 0 })
        assert.isNull(first.headers.get("idempotent-replayed"))
        yield* Turnout.use((turnout) => turnout.changeCapacity(event.id, { capacity: 5 }))
        const second = yield* send
        Http.assertProblem(second, 409, "capacity_full")
        assert.strictEqual(second.text, first.text)
        assert.strictEqual(second.headers.get("idempotent-replayed"), "true")
      })
    )

    it.effect("the order of the fields and the spelling of a time do not make another payload", () =>
      Effect.gen(function* () {
        const key = randomUUID()
        const times = { startsAt: "2099-05-01T18:00:00Z", endsAt: "2099-05-02T18:00:00Z" }
        const first = yield* Http.post("/events", Http.eventJson(times), { key })
        const { endsAt: _, ...rest } = Http.eventJson({ ...times, startsAt: "2099-05-01T20:00:00.000+02:00" })
        const second = yield* Http.post("/events", { endsAt: "2099-05-02T18:00:00.000Z", ...rest }, { key })
        assert.deepStrictEqual([second.status, second.text], [201, first.text])
      })
    )

    it.effect("another payload under the same key is refused, and nothing is done", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const key = randomUUID()
        const path = `/events/${event.id}/registrations`
        yield* Http.post(path, Given.person(1), { key })
        const reply = yield* Http.post(path, Given.person(2), { key })
        Http.assertProblem(reply, 422, "idempotency_key_reused", { operation: "Register", key })
        assert.isNull(reply.headers.get("idempotent-replayed"))
        assert.lengthOf((yield* Http.get(path)).body.items, 1)
      })
    )

    it.effect("another event under the same key is another payload", () =>
      Effect.gen(function* () {
        const key = randomUUID()
        const [one, two] = [yield* Given.draftEvent(), yield* Given.draftEvent()]
        assert.strictEqual((yield* Http.post(`/events/${one.id}/publish`, undefined, { key })).status, 200)
        const reply = yield* Http.post(`/events/${two.id}/publish`, undefined, { key })
        Http.assertProblem(reply, 422, "idempotency_key_reused", { operation: "PublishEvent", key })
      })
    )

    it.effect("each operation has keys of its own", () =>
      Effect.gen(function* () {
        const key = randomUUID()
        const event = yield* Given.draftEvent()
        const published = yield* Http.post(`/events/${event.id}/publish`, undefined, { key })
        const cancelled = yield* Http.post(`/events/${event.id}/cancel`, undefined, { key })
        assert.deepStrictEqual([published.body.status, cancelled.body.status], ["published", "cancelled"])
      })
    )

    it.effect("a request that was not valid leaves the key free", () =>
      Effect.gen(function* () {
        const key = randomUUID()
        Http.assertInvalid(yield* Http.post("/events", Http.eventJson({ title: "" }), { key }), "body /title")
        const reply = yield* Http.post("/events", Http.eventJson(), { key })
        assert.deepStrictEqual([reply.status, reply.headers.get("idempotent-replayed")], [201, null])
      })
    )

    it.effect("while the first request is worked on, the second is told to come back", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const commits = yield* Http.holdCommits
        const send = Http.post(`/events/${event.id}/publish`, undefined, { key: randomUUID() })
        const first = yield* Effect.forkChild(send)
        yield* commits.oneIsWaiting
        const second = yield* send
        Http.assertProblem(second, 409, "idempotency_key_in_flight", { retryAfterSeconds: 1 })
        assert.strictEqual(second.headers.get("retry-after"), "1")
        yield* commits.open
        assert.strictEqual((yield* Fiber.join(first)).status, 200)
        const third = yield* send
        assert.deepStrictEqual([third.status, third.headers.get("idempotent-replayed")], [200, "true"])
      })
    )

    it.effect("a client that goes away leaves the key free and the command done", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const commits = yield* Http.holdCommits
        const send = Http.post(`/events/${event.id}/publish`, undefined, { key: randomUUID() })
        const first = yield* Effect.forkChild(send)
        yield* commits.oneIsWaiting
        yield* Fiber.interrupt(first)
        yield* commits.open
        let second = yield* send
        for (let tries = 0; tries < 100 && second.status === 409; tries++) second = yield* Effect.delay(send, 10)
        assert.deepStrictEqual([second.status, second.headers.get("idempotent-replayed")], [200, "true"])
      })
    )

    it.effect("many sends of one request at once: done once, and nobody gets another answer", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const send = Http.post(`/events/${event.id}/registrations`, Given.person(1), { key: randomUUID() })
        const replies = yield* Effect.forEach(Array.from({ length: 20 }), () => send, { concurrency: "unbounded" })
        const answers = replies.filter(({ status }) => status === 201)
        assert.strictEqual(new Set(answers.map(({ body }) => JSON.stringify(withoutLink(body)))).size, 1)
        assert.lengthOf(
          answers.filter(({ body }) => (body as Registered).link !== undefined),
          1
        )
        for (const reply of replies) {
          if (reply.status !== 201) Http.assertProblem(reply, 409, "idempotency_key_in_flight")
        }
        const { items } = yield* Turnout.use((turnout) => turnout.listRegistrations(event.id))
        assert.lengthOf(items, 1)
      })
    )
  })

  withLayer(Http.layer({ server: { onReplay: "conflict" } }), { excludeTestServices: true })(
    "with onReplay: conflict",
    (it) => {
      it.effect("a repeated key is refused after a success", () =>
        Effect.gen(function* () {
          const send = Http.post("/events", Http.eventJson(), { key: randomUUID() })
          assert.strictEqual((yield* send).status, 201)
          const second = yield* send
          Http.assertProblem(second, 409, "idempotency_key_replayed")
          assert.isNull(second.headers.get("location"))
        })
      )

      it.effect("a repeated key is refused after a rejection", () =>
        Effect.gen(function* () {
          const event = yield* Http.post("/events", Http.eventJson())
          const send = Http.post(`/events/${event.body.id}/complete`, undefined, { key: randomUUID() })
          Http.assertProblem(yield* send, 409, "event_status_conflict")
          Http.assertProblem(yield* send, 409, "idempotency_key_replayed")
        })
      )

      it.effect("what was not found is looked for again", () =>
        Effect.gen(function* () {
          const send = Http.post(`/events/${ANY_ID}/publish`, undefined, { key: randomUUID() })
          Http.assertProblem(yield* send, 404, "event_not_found")
          Http.assertProblem(yield* send, 404, "event_not_found")
        })
      )

      it.effect("another payload is still another payload", () =>
        Effect.gen(function* () {
          const key = randomUUID()
          yield* Http.post("/events", Http.eventJson(), { key })
          const reply = yield* Http.post("/events", Http.eventJson({ title: "Concert" }), { key })
          Http.assertProblem(reply, 422, "idempotency_key_reused")
        })
      )
    }
  )
})
