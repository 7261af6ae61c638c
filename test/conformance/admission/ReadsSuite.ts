/**
 * The contract of a registration store about its reads: lists, pages, counts and places.
 */
import { assert, describe } from "@effect/vitest"
import type { Page } from "@turnout/core/kernel/domain/Page"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, use } from "./AdmissionGiven.ts"

export const reads = (it: It): void => {
  describe("reads", () => {
    it.effect("lists events by status, organizer and date, page by page in order", () =>
      Effect.gen(function* () {
        const organizer = `organizer ${randomUUID()}`
        const at = (day: number) => new Date(Date.UTC(2099, 0, day))
        for (const day of [3, 1, 2, 2, 4]) {
          yield* Given.draftEvent({ organizer, startsAt: at(day), endsAt: at(day + 1) })
        }
        const list = (query: object) =>
          Invariants.all((cursor) =>
            use((turnout) => turnout.listEvents({ organizer, limit: 2, ...query, ...(cursor ? { cursor } : {}) }))
          )
        const days = (query: object = {}) =>
          Effect.map(list(query), (events) => events.map(({ startsAt }) => startsAt.getUTCDate()))
        assert.deepStrictEqual(yield* days(), [1, 2, 2, 3, 4])
        assert.deepStrictEqual(yield* days({ startsFrom: at(2), startsUntil: at(4) }), [2, 2, 3])
        assert.deepStrictEqual(yield* days({ startsFrom: at(3) }), [3, 4])
        assert.deepStrictEqual(yield* days({ startsFrom: new Date(at(3).getTime() + 1) }), [4])
        assert.deepStrictEqual(yield* days({ startsUntil: at(2) }), [1])
        const { nextCursor: cursor } = yield* use((turnout) => turnout.listEvents({ organizer, limit: 2 }))
        const further = yield* use((turnout) => turnout.listEvents({ organizer, cursor: cursor!, startsFrom: at(4) }))
        assert.deepStrictEqual(
          further.items.map(({ startsAt }) => startsAt.getUTCDate()),
          [4],
          "a cursor whose place is before `startsFrom`"
        )
        const [first] = yield* list({})
        yield* use((turnout) => turnout.publishEvent(first!.id))
        assert.deepStrictEqual(yield* days({ status: "published" }), [1])
        assert.deepStrictEqual(yield* days({ status: "cancelled" }), [])
      })
    )

    it.effect("gives events by their ids, and names the states that they are in", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* Given.publishedEvent({ capacity: 1 }), yield* Given.publishedEvent()]
        const absent = EventId.make(randomUUID())
        const ids = [one.id, other.id, absent]
        const reads = yield* AdmissionReads
        const found = yield* reads.eventsOf(ids)
        assert.deepStrictEqual(
          ids.map((id) => found.get(id)),
          [yield* reads.event(one.id), yield* reads.event(other.id), undefined]
        )
        const seen = new Set<string>()
        const check = Effect.gen(function* () {
          const versions = yield* reads.versionsOf(ids)
          assert.sameMembers([...versions.keys()], [one.id, other.id])
          assert.isFalse(seen.has(versions.get(one.id)!), "the state has the name of an earlier one")
          assert.strictEqual((yield* reads.versionsOf([one.id])).get(one.id), versions.get(one.id))
          seen.add(versions.get(one.id)!)
          return versions.get(other.id)
        })
        const first = yield* check
        const registration = yield* Given.register(one.id, 1)
        yield* check
        yield* Given.register(one.id, 2)
        yield* check
        yield* use((turnout) => turnout.cancelRegistration(one.id, registration.id))
        yield* check
        yield* use((turnout) => turnout.updateEvent(one.id, { title: "Another" }))
        assert.strictEqual(yield* check, first, "another event has not changed")
        assert.deepStrictEqual([(yield* reads.eventsOf([])).size, (yield* reads.versionsOf([])).size], [0, 0])
      })
    )

    it.effect("lists registrations by state, and the waitlist, page by page in order of entry", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 2 })
        yield* Given.registerAll(event.id, 7)
        const full = yield* use((turnout) => turnout.listRegistrations(event.id, { limit: 7 }))
        assert.isNull(full.nextCursor, "a last page that is full has no cursor either")
        const page = <A>(list: (cursor: string | undefined) => Effect.Effect<Page<A>, unknown, Turnout.Turnout>) =>
          Invariants.all(list)
        const confirmed = yield* page((cursor) =>
          use((turnout) =>
            turnout.listRegistrations(event.id, { state: "confirmed", limit: 1, ...(cursor ? { cursor } : {}) })
          )
        )
        assert.deepStrictEqual(
          confirmed.map(({ attendee }) => attendee.name),
          ["Person 1", "Person 2"]
        )
        const waiting = yield* page((cursor) =>
          use((turnout) => turnout.listWaitlist(event.id, { limit: 2, ...(cursor ? { cursor } : {}) }))
        )
        assert.deepStrictEqual(
          waiting.map(({ position, registration }) => [position, registration.attendee.name]),
          [3, 4, 5, 6, 7].map((n, index) => [index + 1, `Person ${n}`])
        )
      })
    )

    it.effect("lists the registrations of an attendee over all events, however the id is spelled", () =>
      Effect.gen(function* () {
        const email = `Someone-${randomUUID()}@Example.com`
        const events = yield* Effect.forEach([1, 2, 3], () => Given.publishedEvent())
        for (const event of events) yield* use((turnout) => turnout.register(event.id, { attendee: { email } }))
        const found = yield* Invariants.all((cursor) =>
          use((turnout) =>
            turnout.listAttendeeRegistrations(`mailto:${email}`.toUpperCase(), {
              limit: 2,
              ...(cursor ? { cursor } : {})
            })
          )
        )
        assert.deepStrictEqual(
          found.map(({ eventId }) => eventId),
          events.map(({ id }) => id)
        )
      })
    )

    it.effect("says what is not there", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const nowhere: string = randomUUID()
        const fail = <A, E>(effect: Effect.Effect<A, E, Turnout.Turnout>) => Effect.flip(effect)
        const noEvent = [
          yield* fail(use((turnout) => turnout.getEvent(nowhere))),
          yield* fail(Given.register(nowhere, 1))
        ]
        for (const error of noEvent) assert.include(error, { _tag: "EventNotFound", eventId: nowhere } as object)
        const noRegistration = yield* fail(use((turnout) => turnout.cancelRegistration(event.id, nowhere)))
        assert.include(noRegistration, { _tag: "RegistrationNotFound", registrationId: nowhere } as object)
      })
    )

    it.effect("a registration of one event is not found through another", () =>
      Effect.gen(function* () {
        const [one, two] = yield* Effect.all([Given.publishedEvent(), Given.publishedEvent()])
        const registration = yield* Given.register(one.id, 1)
        const cancel = use((turnout) => turnout.cancelRegistration(two.id, registration.id))
        assert.strictEqual((yield* Effect.flip(cancel))._tag, "RegistrationNotFound")
        yield* Invariants.hold(one.id)
      })
    )

    it.effect("is ready", () => use((turnout) => turnout.ready))
  })
}
