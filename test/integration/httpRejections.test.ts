/**
 * Every rejection has one status, one stable code, and the facts that it was decided on.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const NOWHERE = "0196fd0c-5a5f-7b7e-8a57-6dbf8bb3f6c1"
const DAY = 24 * 60 * 60 * 1_000
const LATER = new Date(Date.now() + DAY)
const EARLIER = new Date(Date.now() - DAY)

interface Expected {
  readonly status: number
  readonly code: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** By class: a request that is refused for this reason, and what is answered. */
const REJECTIONS: Record<
  Rejection.Rejection["_tag"],
  Effect.Effect<readonly [Http.Reply, Expected], unknown, Turnout | Http.TestServer>
> = {
  EventNotFound: Effect.gen(function* () {
    const reply = yield* Http.post(`/events/${NOWHERE}/publish`)
    return [reply, { status: 404, code: "event_not_found", facts: { eventId: NOWHERE } }]
  }),
  RegistrationNotFound: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent()
    const reply = yield* Http.post(`/events/${id}/registrations/${NOWHERE}/cancel`)
    const facts = { eventId: id, registrationId: NOWHERE }
    return [reply, { status: 404, code: "registration_not_found", facts }]
  }),
  EventAlreadyExists: Effect.gen(function* () {
    const { id } = yield* Given.draftEvent({ id: randomUUID() })
    const reply = yield* Http.post("/events", Http.eventJson({ id }))
    return [reply, { status: 409, code: "event_already_exists", facts: { eventId: id } }]
  }),
  OrganizationNotFound: Effect.gen(function* () {
    const reply = yield* Http.post("/events", Http.eventJson({ organizationId: NOWHERE }))
    return [reply, { status: 404, code: "organization_not_found", facts: { organization: NOWHERE } }]
  }),
  EventWasDeleted: Effect.gen(function* () {
    const { id } = yield* Given.draftEvent({ id: randomUUID() })
    yield* Turnout.use((turnout) => turnout.deleteEvent(id))
    const reply = yield* Http.post("/events", Http.eventJson({ id }))
    return [reply, { status: 409, code: "event_was_deleted", facts: { eventId: id } }]
  }),
  EventHadRegistrations: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent()
    const registration = yield* Given.register(id, 1)
    yield* Turnout.use((turnout) => turnout.cancelRegistration(id, registration.id))
    yield* Turnout.use((turnout) => turnout.unpublishEvent(id))
    const reply = yield* Http.call("DELETE", `/events/${id}`)
    return [reply, { status: 409, code: "event_had_registrations", facts: { eventId: id } }]
  }),
  VersionConflict: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent()
    yield* Given.register(id, 1)
    const reply = yield* Http.call("PATCH", `/events/${id}`, {
      body: { title: "Ball" },
      headers: { "if-match": '"1"' }
    })
    const facts = { eventId: id, expectedVersions: [1], version: 3, revision: 2 }
    return [reply, { status: 412, code: "version_conflict", facts }]
  }),
  EventStatusConflict: Effect.gen(function* () {
    const { id } = yield* Given.draftEvent()
    yield* Turnout.use((turnout) => turnout.cancelEvent(id))
    const reply = yield* Http.post(`/events/${id}/publish`)
    const facts = { eventId: id, operation: "PublishEvent", eventStatus: "cancelled", allowed: ["draft"] }
    return [reply, { status: 409, code: "event_status_conflict", facts }]
  }),
  EventHasRegistrations: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 2 })
    yield* Given.registerAll(id, 3)
    const reply = yield* Http.post(`/events/${id}/unpublish`)
    const facts = { eventId: id, seatsTaken: 2, waitlistLength: 1 }
    return [reply, { status: 409, code: "event_has_registrations", facts }]
  }),
  EventNotStarted: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ startsAt: LATER })
    const reply = yield* Http.post(`/events/${id}/complete`)
    const facts = { eventId: id, operation: "CompleteEvent", startsAt: LATER.toISOString() }
    return [reply, { status: 409, code: "event_not_started", facts }]
  }),
  ScheduleInvalid: Effect.gen(function* () {
    const { id } = yield* Given.draftEvent()
    const reply = yield* Http.call("PATCH", `/events/${id}`, { body: { endsAt: "2020-01-01T00:00:00Z" } })
    const facts = { eventId: id, field: "endsAt", rule: "must be after startsAt" }
    return [reply, { status: 409, code: "schedule_invalid", facts }]
  }),
  EventOver: Effect.gen(function* () {
    const endsAt = new Date(Date.now() - 60_000)
    const { id } = yield* Given.draftEvent({ startsAt: EARLIER, endsAt })
    yield* Turnout.use((turnout) => turnout.cancelEvent(id))
    const reply = yield* Http.post(`/events/${id}/reopen`)
    const facts = { eventId: id, operation: "ReopenEvent", endedAt: endsAt.toISOString() }
    return [reply, { status: 409, code: "event_over", facts }]
  }),
  DemotionsMismatch: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 2 })
    yield* Given.registerAll(id, 2)
    const reply = yield* Http.call("PUT", `/events/${id}/capacity`, { body: { capacity: 1, demote: 2 } })
    const facts = { eventId: id, demote: 2, needed: 1, confirmed: 2 }
    return [reply, { status: 409, code: "demotions_mismatch", facts }]
  }),
  DoorsNotOpen: Effect.gen(function* () {
    const { id, startsAt } = yield* Given.publishedEvent({ startsAt: LATER })
    const registration = yield* Given.register(id, 1)
    const reply = yield* Http.post(`/events/${id}/registrations/${registration.id}/attended`)
    const doorsOpenAt = new Date(startsAt.getTime() - 12 * 3_600_000)
    const facts = { eventId: id, doorsOpenAt: doorsOpenAt.toISOString() }
    return [reply, { status: 409, code: "doors_not_open", facts }]
  }),
  CapacityBelowSeatsTaken: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 2 })
    yield* Given.registerAll(id, 2)
    const reply = yield* Http.call("PUT", `/events/${id}/capacity`, { body: { capacity: 1 } })
    const facts = { eventId: id, capacity: 1, seatsTaken: 2 }
    return [reply, { status: 409, code: "capacity_below_seats_taken", facts }]
  }),
  RegistrationNotOpen: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ registrationOpensAt: LATER })
    const reply = yield* Http.post(`/events/${id}/registrations`, Given.person(1))
    const facts = { eventId: id, opensAt: LATER.toISOString() }
    return [reply, { status: 409, code: "registration_not_open", facts }]
  }),
  RegistrationClosed: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ registrationClosesAt: EARLIER })
    const reply = yield* Http.post(`/events/${id}/registrations`, Given.person(1))
    const facts = { eventId: id, closedAt: EARLIER.toISOString() }
    return [reply, { status: 409, code: "registration_closed", facts }]
  }),
  CapacityFull: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 1, waitlist: "closed" })
    yield* Given.register(id, 1)
    const reply = yield* Http.post(`/events/${id}/registrations`, Given.person(2))
    const facts = { eventId: id, capacity: 1, waitlistLength: 0 }
    return [reply, { status: 409, code: "capacity_full", facts }]
  }),
  WaitlistFull: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 1, waitlistLimit: 1 })
    yield* Given.registerAll(id, 2)
    const reply = yield* Http.post(`/events/${id}/registrations`, Given.person(3))
    const facts = { eventId: id, capacity: 1, waitlistLength: 1, waitlistLimit: 1 }
    return [reply, { status: 409, code: "waitlist_full", facts }]
  }),
  AlreadyRegistered: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent()
    const registration = yield* Given.register(id, 1)
    const reply = yield* Http.post(`/events/${id}/registrations`, Given.person(1))
    const facts = {
      eventId: id,
      attendeeId: "mailto:person-1@example.com",
      registrationId: registration.id,
      state: "confirmed"
    }
    return [reply, { status: 409, code: "already_registered", facts }]
  }),
  RegistrationStateConflict: Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent()
    const registration = yield* Given.register(id, 1)
    const reply = yield* Http.get(`/events/${id}/registrations/${registration.id}/position`)
    const facts = {
      eventId: id,
      registrationId: registration.id,
      operation: "WaitlistPosition",
      state: "confirmed",
      allowed: ["waitlisted"]
    }
    return [reply, { status: 409, code: "registration_state_conflict", facts }]
  }),
  IdempotencyKeyReused: Effect.gen(function* () {
    const key = randomUUID()
    yield* Http.post("/events", Http.eventJson(), { key })
    const reply = yield* Http.post("/events", Http.eventJson({ title: "Concert" }), { key })
    return [reply, { status: 422, code: "idempotency_key_reused", facts: { operation: "CreateEvent", key } }]
  })
}

describe("HTTP rejections", () => {
  withLayer(Http.layer(), { excludeTestServices: true })("by default", (it) => {
    it.effect.each(Object.entries(REJECTIONS))("%s", ([, given]) =>
      Effect.gen(function* () {
        const [reply, { code, facts, status }] = yield* given
        Http.assertProblem(reply, status, code, facts)
        assert.isNotEmpty(reply.body.detail)
        assert.hasAllKeys(reply.body, ["type", "title", "status", "code", "detail", ...Object.keys(facts)])
      })
    )

    it("the table names every rejection that there is", () => {
      assert.sameMembers(
        Object.keys(REJECTIONS),
        Rejection.Rejection.members.map(({ identifier }) => identifier)
      )
    })

    it.effect("reads of what is not there answer 404", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent()
        for (const path of ["", "/registrations", "/waitlist", `/registrations/${NOWHERE}`]) {
          Http.assertProblem(yield* Http.get(`/events/${NOWHERE}${path}`), 404, "event_not_found", { eventId: NOWHERE })
        }
        for (const path of ["", "/position"]) {
          const reply = yield* Http.get(`/events/${id}/registrations/${NOWHERE}${path}`)
          Http.assertProblem(reply, 404, "registration_not_found", { eventId: id, registrationId: NOWHERE })
        }
      })
    )

    it.effect("a registration of another event is not found", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* Given.publishedEvent(), yield* Given.publishedEvent()]
        const registration = yield* Given.register(one.id, 1)
        const path = `/events/${two.id}/registrations/${registration.id}`
        Http.assertProblem(yield* Http.get(path), 404, "registration_not_found")
        Http.assertProblem(yield* Http.post(`${path}/cancel`), 404, "registration_not_found")
      })
    )
  })
})
