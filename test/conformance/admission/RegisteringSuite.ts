/**
 * The contract of a registration store about registering: who gets a seat, and who waits.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, states, use } from "./AdmissionGiven.ts"

export const registering = (it: It): void => {
  describe("registration", () => {
    it.effect("gives out seats in the order of arrival, then places in the waitlist", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 2 })
        const positions = yield* Effect.forEach([1, 2, 3, 4], (n) =>
          use((turnout) => turnout.register(event.id, Given.person(n)))
        )
        assert.deepStrictEqual(
          positions.map(({ registration, waitlistPosition }) => [registration.state, waitlistPosition]),
          [
            ["confirmed", null],
            ["confirmed", null],
            ["waitlisted", 1],
            ["waitlisted", 2]
          ]
        )
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed", "2 confirmed", "3 waitlisted", "4 waitlisted"])
      })
    )

    it.effect("R2: refuses a second active registration of an attendee, however the name is spelled", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const spell = (email: string) => use((turnout) => turnout.register(event.id, { attendee: { email } }))
        const first = yield* spell("Zoë.Müller@Example.com")
        const again = yield* Effect.flip(spell("zoe\u0308.mu\u0308ller@example.COM"))
        assert.strictEqual(again._tag, "AlreadyRegistered")
        assert.strictEqual(again._tag === "AlreadyRegistered" && again.registrationId, first.registration.id)
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("R2: makes no second person of what cannot be seen, nor of another form of a domain", () =>
      Effect.gen(function* () {
        const email = "staff@example.com"
        const spellings = [
          ["V-1", "V-1\u200b", "\ufeffv\u00ad-1"].map((id) => ({ id, email })),
          ["Ada@münchen.de", "ada@xn--mnchen-3ya.de", "ADA@MÜNCHEN.DE\u200b"].map((email) => ({ email }))
        ]
        for (const attendees of spellings) {
          const event = yield* Given.publishedEvent()
          const register = (attendee: { readonly email: string }) =>
            use((turnout) => turnout.register(event.id, { attendee }))
          const { registration } = yield* register(attendees[0]!)
          for (const attendee of attendees) {
            const again = yield* Effect.flip(register(attendee))
            assert.strictEqual(again._tag === "AlreadyRegistered" && again.registrationId, registration.id)
          }
          yield* Invariants.hold(event.id)
        }
      })
    )

    it.effect("takes no id of a host for an address, and tells apart who is looked up by which", () =>
      Effect.gen(function* () {
        const address = `ada-${randomUUID()}@example.com`
        const find = (id: string) => use((turnout) => turnout.listAttendeeRegistrations(id))
        const event = yield* Given.publishedEvent()
        const { registration: byAddress } = yield* use((turnout) =>
          turnout.register(event.id, { attendee: { email: address } })
        )
        assert.strictEqual<string>(byAddress.attendee.id, `mailto:${address}`)
        const refused = yield* Effect.flip(find(address.toUpperCase()))
        assert.include(refused.message, `ask for mailto:${address}`)
        const { registration: byId } = yield* use((turnout) =>
          turnout.register(event.id, { attendee: { id: address, email: "staff@example.com" } })
        )
        assert.deepStrictEqual((yield* find(address)).items, [byId])
        assert.deepStrictEqual((yield* find(` MAILTO:${address.toUpperCase()}\u200b`)).items, [byAddress])
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("finds an event and a registration however the ids are spelled", () =>
      Effect.gen(function* () {
        const id = randomUUID().toUpperCase() as never
        const event = yield* Given.draftEvent({ id })
        yield* use((turnout) => turnout.publishEvent(id))
        const registration = yield* Given.register(id, 1)
        yield* use((turnout) => turnout.cancelRegistration(id, registration.id.toUpperCase()))
        assert.strictEqual((yield* Invariants.hold(event.id)).registrations[0]?.state, "cancelled")
        assert.strictEqual((yield* Effect.flip(Given.draftEvent({ id })))._tag, "EventAlreadyExists")
      })
    )

    it.effect("registering again after cancelling is a new registration, at the end of the line", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [first] = yield* Given.registerAll(event.id, 3)
        yield* use((turnout) => turnout.cancelRegistration(event.id, first!.id))
        const again = yield* Given.register(event.id, 1)
        assert.notStrictEqual(again.id, first!.id)
        assert.deepStrictEqual(yield* states(event.id), ["1 cancelled", "2 confirmed", "3 waitlisted", "1 waitlisted"])
      })
    )

    it.effect("cancelling twice answers as the first time and writes nothing more", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [first] = yield* Given.registerAll(event.id, 2)
        const once = yield* use((turnout) => turnout.cancelRegistration(event.id, first!.id))
        const { event: between } = yield* Invariants.hold(event.id)
        const twice = yield* use((turnout) => turnout.cancelRegistration(event.id, first!.id))
        assert.deepStrictEqual(twice, { ...once, changed: false })
        assert.strictEqual((yield* Invariants.hold(event.id)).event.version, between.version)
      })
    )

    it.effect("R4: a registration that was acknowledged is there, with every field as it was given", () =>
      Effect.gen(function* () {
        const opensAt = new Date("2020-01-01T00:00:00.000Z")
        const closesAt = new Date("2098-12-31T23:59:59.999Z")
        const input = {
          title: `Größe "\\' {,} NULL \u{1f39f}`,
          description: "two\nlines",
          location: "Hall 4",
          organizer: `organizer ${randomUUID()}`,
          startsAt: new Date("2099-05-01T18:00:00.123Z"),
          endsAt: new Date("2099-05-01T22:00:00.456Z"),
          timeZone: "America/Argentina/Buenos_Aires",
          registrationOpensAt: opensAt,
          registrationClosesAt: closesAt,
          waitlist: "closed" as const,
          waitlistLimit: 7,
          registration: "members" as const,
          cancellationClosesAt: new Date("2099-04-30T18:00:00.789Z"),
          capacity: 3
        }
        const created = yield* Given.draftEvent(input)
        const event = yield* use((turnout) => turnout.publishEvent(created.id))
        const {
          counts,
          createdAt: _c,
          id: _i,
          organizationId: _o,
          revision,
          status,
          updatedAt: _u,
          version,
          ...stored
        } = event
        assert.deepStrictEqual(stored, input)
        assert.deepStrictEqual([status, version, revision, counts.confirmed], ["published", 2, 2, 0])
        const { registration } = yield* use((turnout) =>
          turnout.register(event.id, {
            attendee: { id: 'User-7 {"a\\b"}', name: "NULL", email: "Ünï@exämple.com" },
            notes: 'vegan, "quoted",\n{braces}\\'
          })
        )
        assert.deepStrictEqual(registration.attendee, {
          id: 'user-7 {"a\\b"}',
          name: "NULL",
          email: "Ünï@xn--exmple-cua.com"
        })
        const read = yield* use((turnout) => turnout.getRegistration(event.id, registration.id))
        assert.deepStrictEqual(read, registration)
        const again = yield* use((turnout) => turnout.getEvent(event.id))
        const updatedAt = registration.changedAt
        assert.deepStrictEqual(again, { ...event, version: 3, counts: { ...counts, confirmed: 1 }, updatedAt })
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("marks who came and who did not, and both keep their seat", () =>
      Effect.gen(function* () {
        const past = new Date(Date.now() - 60_000)
        const event = yield* Given.publishedEvent({ capacity: 2, startsAt: past })
        const [one, two] = yield* Given.registerAll(event.id, 3)
        yield* use((turnout) => turnout.markAttended(event.id, one!.id))
        yield* use((turnout) => turnout.markNoShow(event.id, two!.id))
        assert.deepStrictEqual(yield* states(event.id), ["1 attended", "2 noShow", "3 waitlisted"])
        yield* use((turnout) => turnout.markAttended(event.id, two!.id))
        yield* use((turnout) => turnout.completeEvent(event.id))
        assert.deepStrictEqual(yield* states(event.id), ["1 attended", "2 attended", "3 waitlisted"])
      })
    )

    it.effect("R5: refuses a capacity below the seats taken unless the overhang is kept", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 3 })
        const [one, two] = yield* Given.registerAll(event.id, 4)
        const refused = yield* Effect.flip(use((turnout) => turnout.changeCapacity(event.id, { capacity: 1 })))
        assert.deepInclude(refused, { _tag: "CapacityBelowSeatsTaken", capacity: 1, seatsTaken: 3 })
        yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 1, keepOverhang: true }))
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed", "2 confirmed", "3 confirmed", "4 waitlisted"])
        yield* use((turnout) => turnout.cancelRegistration(event.id, one!.id))
        yield* use((turnout) => turnout.cancelRegistration(event.id, two!.id))
        assert.deepStrictEqual((yield* states(event.id)).slice(2), ["3 confirmed", "4 waitlisted"])
      })
    )
  })
}
