/**
 * The typed client: the same names, types and errors as on the server.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { EventNotFound } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { RegistrationClosed } from "@turnout/core/admission/domain/model/Register"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { CapacityFull } from "@turnout/core/admission/domain/model/Seats"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Client from "@turnout/http/Client"
import * as BoundaryProblems from "@turnout/http/BoundaryProblems"
import * as ServerProblems from "@turnout/http/ServerProblems"
import * as StoreProblems from "@turnout/http/StoreProblems"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const headers = () => ({ "idempotency-key": randomUUID() })
const NOWHERE = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1" as EventId

const client = Layer.unwrap(Effect.map(Http.TestServer, ({ url }) => Client.layer(url))).pipe(
  Layer.provide(FetchHttpClient.layer)
)

const input = () => ({
  title: "Conference",
  organizer: `organizer ${randomUUID()}`,
  startsAt: new Date("2099-05-01T18:00:00Z"),
  endsAt: new Date("2099-05-02T18:00:00Z"),
  timeZone: "Europe/Berlin",
  capacity: 1
})

const register = (eventId: EventId, n: number, key = randomUUID()) =>
  Client.TurnoutClient.use(({ registrations }) =>
    registrations.register({ params: { eventId }, headers: { "idempotency-key": key }, payload: Given.person(n) })
  )

withLayer(client.pipe(Layer.provideMerge(Http.layer())), { excludeTestServices: true })("HTTP client", (it) => {
  it.effect("every operation on events", () =>
    Effect.gen(function* () {
      const { events } = yield* Client.TurnoutClient
      const given = input()
      const { body: created, headers: answered } = yield* events.create({ headers: headers(), payload: given })
      const params = { eventId: created.id }
      assert.strictEqual(answered.location, `/events/${created.id}`)
      assert.deepInclude(created, { ...given, status: "draft" as const })
      assert.instanceOf(created.startsAt, Date)
      assert.deepStrictEqual(yield* events.get({ params }), created)
      const page = yield* events.list({ query: { organizer: given.organizer, startsFrom: given.startsAt, limit: 10 } })
      assert.deepStrictEqual(page, { items: [created], nextCursor: null })

      const payload = { title: "Concert", startsAt: new Date(Date.now() - 60_000) }
      assert.deepInclude(yield* events.update({ params, headers: headers(), payload }), payload)
      assert.strictEqual((yield* events.publish({ params, headers: headers() })).status, "published")
      assert.strictEqual((yield* events.unpublish({ params, headers: headers() })).status, "draft")
      const resized = yield* events.changeCapacity({ params, headers: headers(), payload: { capacity: 5 } })
      assert.strictEqual(resized.capacity, 5)
      yield* events.publish({ params, headers: headers() })
      assert.strictEqual((yield* events.complete({ params, headers: headers() })).status, "completed")
    })
  )

  it.effect("cancelling an event", () =>
    Effect.gen(function* () {
      const { events } = yield* Client.TurnoutClient
      const { id } = yield* Given.draftEvent()
      const cancelled = yield* events.cancel({ params: { eventId: id }, headers: headers() })
      assert.strictEqual(cancelled.status, "cancelled")
    })
  )

  it.effect("every operation on registrations", () =>
    Effect.gen(function* () {
      const { events, registrations } = yield* Client.TurnoutClient
      const startsAt = new Date(Date.now() - 60_000)
      const { id: eventId } = yield* Given.publishedEvent({ capacity: 1, startsAt })
      const params = { eventId }
      const of = (registrationId: RegistrationId) => ({ params: { eventId, registrationId }, headers: headers() })

      const { body: one, headers: answered } = yield* register(eventId, 1)
      assert.deepStrictEqual([one.waitlistPosition, one.registration.state], [null, "confirmed"])
      assert.strictEqual(answered.location, `/events/${eventId}/registrations/${one.registration.id}`)
      const { body: two } = yield* register(eventId, 2)
      assert.deepStrictEqual([two.waitlistPosition, two.registration.state], [1, "waitlisted"])
      assert.instanceOf(two.registration.registeredAt, Date)

      assert.deepStrictEqual(yield* registrations.get(of(two.registration.id)), two.registration)
      assert.deepStrictEqual(yield* registrations.position(of(two.registration.id)), { position: 1, length: 1 })
      assert.deepStrictEqual(yield* registrations.waitlist({ params, query: {} }), {
        items: [{ position: 1, registration: two.registration }],
        nextCursor: null
      })
      const waiting = yield* registrations.list({ params, query: { state: ["waitlisted"], total: true } })
      assert.deepStrictEqual(waiting, { items: [two.registration], nextCursor: null, total: 1 })

      yield* events.changeCapacity({ params, headers: headers(), payload: { capacity: 0, keepOverhang: true } })
      const { body: three } = yield* register(eventId, 3)
      yield* registrations.cancel(of(one.registration.id))
      yield* events.changeCapacity({ params, headers: headers(), payload: { capacity: 2 } })
      const confirmed = yield* registrations.confirm({ ...of(three.registration.id), payload: {} })
      assert.strictEqual(confirmed.state, "confirmed")
      assert.strictEqual(
        (yield* registrations.markAttended({ ...of(three.registration.id), payload: { early: true } })).state,
        "attended"
      )
      assert.strictEqual((yield* registrations.markNoShow(of(two.registration.id))).state, "noShow")
      const ofThree = yield* registrations.ofAttendee({
        params: { attendeeId: "mailto:Person-3@example.com" },
        query: {}
      })
      assert.include(
        ofThree.items.map(({ id }) => id),
        three.registration.id
      )
    })
  )

  it.effect("health", () =>
    Effect.gen(function* () {
      const turnout = yield* Client.TurnoutClient
      yield* turnout.live()
      yield* turnout.ready()
    })
  )

  it.effect("a rejection is caught by its tag, and is the class of the domain", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent({ capacity: 1, waitlist: "closed" })
      yield* register(id, 1)
      const caught = yield* register(id, 2).pipe(
        Effect.map(() => undefined),
        Effect.catchTag("CapacityFull", (error) => Effect.succeed(error))
      )
      assert.instanceOf(caught, CapacityFull)
      assert.deepInclude(caught, { eventId: id, capacity: 1, waitlistLength: 0 })
      assert.strictEqual(caught!.message, new CapacityFull(caught!).message)
    })
  )

  it.effect("rejections with one status are told apart, and their facts are decoded", () =>
    Effect.gen(function* () {
      const closesAt = new Date(Date.now() - 60_000)
      const { id } = yield* Given.publishedEvent({ registrationClosesAt: closesAt })
      const error = yield* Effect.flip(register(id, 1))
      assert.instanceOf(error, RegistrationClosed)
      assert.deepStrictEqual(error instanceof RegistrationClosed && error.closedAt, closesAt)
    })
  )

  it.effect("what is not there, for reads and writes", () =>
    Effect.gen(function* () {
      const { events } = yield* Client.TurnoutClient
      const params = { eventId: NOWHERE }
      assert.instanceOf(yield* Effect.flip(events.get({ params })), EventNotFound)
      assert.instanceOf(yield* Effect.flip(events.publish({ params, headers: headers() })), EventNotFound)
    })
  )

  it.effect("a key that is used for another payload", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent()
      const key = randomUUID()
      yield* register(id, 1, key)
      const error = yield* Effect.flip(register(id, 2, key))
      assert.instanceOf(error, Rejection.IdempotencyKeyReused)
      assert.deepInclude(error, { operation: "Register", key })
    })
  )

  it.effect("a retry gets the same answer", () =>
    Effect.gen(function* () {
      const { id } = yield* Given.publishedEvent()
      const key = randomUUID()
      const { link: _, ...first } = (yield* register(id, 1, key)).body
      assert.deepStrictEqual((yield* register(id, 1, key)).body, first)
    })
  )

  it.effect("problems of the boundary and of the store are classes too", () =>
    Effect.gen(function* () {
      const { events, registrations } = yield* Client.TurnoutClient
      const refused = yield* Effect.flip(
        registrations.waitlist({ params: { eventId: (yield* Given.publishedEvent()).id }, query: { cursor: "nope" } })
      )
      assert.instanceOf(refused, BoundaryProblems.ValidationFailed)
      const reason = new StoreError.Unavailable({ cause: new Error("down") })
      const cases = [
        [Effect.fail(new StoreError.StoreError({ reason })), StoreProblems.StoreUnavailable],
        [Effect.die(new Error("boom")), ServerProblems.InternalError]
      ] as const
      for (const [event, expected] of cases) {
        const error = yield* Effect.gen(function* () {
          yield* Http.replaceInStore(() => ({ event: () => event }))
          return yield* Effect.flip(events.get({ params: { eventId: NOWHERE } }))
        }).pipe(Effect.scoped)
        assert.isTrue(error instanceof expected)
      }
    })
  )

  it.effect("requests that cannot be valid are not even sent", () =>
    Effect.gen(function* () {
      const { events } = yield* Client.TurnoutClient
      const error = yield* Effect.flip(events.create({ headers: headers(), payload: { ...input(), title: "" } }))
      assert.strictEqual(error._tag, "SchemaError")
    })
  )

  it.effect("pages are followed by their cursor", () =>
    Effect.gen(function* () {
      const { registrations } = yield* Client.TurnoutClient
      const { id: eventId } = yield* Given.publishedEvent()
      const given = yield* Given.registerAll(eventId, 3)
      const first = yield* registrations.list({ params: { eventId }, query: { limit: 2 } })
      const second = yield* registrations.list({ params: { eventId }, query: { limit: 2, cursor: first.nextCursor! } })
      assert.deepStrictEqual([...first.items, ...second.items], given)
      assert.isNull(second.nextCursor)
    })
  )
})
