/**
 * What staff do about a person: take a slip back, seat a chosen waiter or a guest, correct who it is. A part of the contract of a
 * registration store.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, line, states, underway, use } from "./AdmissionGiven.ts"

export const slips = (it: It): void => {
  describe("slips, guests and corrections", () => {
    it.effect("a cancellation is taken back: to the seat if it is free, or else to the old place in line", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent({ capacity: 1 })
        const [first, second, , fourth] = yield* Given.registerAll(id, 4)
        yield* use((turnout) => turnout.cancelRegistration(id, first!.id))
        yield* use((turnout) => turnout.cancelRegistration(id, fourth!.id))
        const back = yield* use((turnout) => turnout.reinstateRegistration(id, first!.id))
        assert.deepInclude(back, { state: "waitlisted", changed: true, sequence: first!.sequence })
        assert.notProperty(back, "cancellation")
        assert.deepStrictEqual(yield* states(id), ["1 waitlisted", "2 confirmed", "3 waitlisted", "4 cancelled"])
        assert.deepStrictEqual(yield* line(id), ["1: 1", "2: 3"])
        yield* use((turnout) => turnout.cancelRegistration(id, second!.id))
        assert.deepStrictEqual(yield* states(id), ["1 confirmed", "2 cancelled", "3 waitlisted", "4 cancelled"])
        yield* use((turnout) => turnout.reinstateRegistration(id, fourth!.id))
        assert.deepStrictEqual(yield* line(id), ["1: 3", "2: 4"])
      })
    )

    it.effect("R2: nobody is reinstated who has registered again", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent()
        const first = yield* Given.register(id, 1)
        yield* use((turnout) => turnout.cancelRegistration(id, first.id))
        const again = yield* Given.register(id, 1)
        const refused = yield* Effect.flip(use((turnout) => turnout.reinstateRegistration(id, first.id)))
        assert.deepInclude(refused, { _tag: "AlreadyRegistered", registrationId: again.id })
      })
    )

    it.effect("a chosen waiter gets a seat, with one more or beyond the capacity, and overtakes nobody else", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent({ capacity: 1 })
        const all = yield* Given.registerAll(id, 5)
        const chosen = all[3]!
        const refused = yield* Effect.flip(use((turnout) => turnout.confirmRegistration(id, chosen.id)))
        assert.strictEqual(refused._tag, "CapacityFull")
        yield* use((turnout) => turnout.confirmRegistration(id, chosen.id, { beyond: "raise" }))
        assert.deepStrictEqual(yield* line(id), ["1: 2", "2: 3", "3: 5"])
        yield* use((turnout) => turnout.confirmRegistration(id, all[4]!.id, { beyond: "overhang" }))
        assert.deepStrictEqual(yield* line(id), ["1: 2", "2: 3"])
        const { event } = yield* Invariants.hold(id)
        assert.strictEqual(event.capacity, 2)
        assert.strictEqual(event.counts.confirmed, 3)
        yield* use((turnout) => turnout.cancelRegistration(id, all[0]!.id))
        assert.deepStrictEqual(yield* line(id), ["1: 2", "2: 3"], "the overhang shrinks first")
      })
    )

    it.effect("staff register guests into a draft, and past a closed waitlist", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent({ capacity: 1, waitlist: "closed" })
        const guest = (n: number, beyond?: "raise" | "overhang") =>
          use((turnout) =>
            turnout.registerGuest(id, { ...Given.person(n), ...(beyond && { beyond }) }, { actor: "door" })
          )
        assert.strictEqual((yield* guest(1)).registration.state, "confirmed")
        assert.strictEqual((yield* Effect.flip(guest(2)))._tag, "CapacityFull")
        assert.strictEqual((yield* guest(2, "raise")).registration.state, "confirmed")
        yield* use((turnout) => turnout.publishEvent(id))
        assert.deepInclude(yield* guest(3), { waitlistPosition: 1 })
        const { journal } = yield* Invariants.hold(id)
        const setAside = journal.flatMap(({ metadata, payload }) =>
          (payload as { readonly setAside?: unknown }).setAside === undefined
            ? []
            : [[metadata.actor, (payload as { readonly setAside?: unknown }).setAside]]
        )
        assert.deepStrictEqual(setAside, [
          ["door", ["published"]],
          ["door", ["published", "capacity"]],
          ["door", ["waitlist"]]
        ])
      })
    )

    it.effect("a person is corrected in place, and two persons do not become one", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent({ capacity: 1 })
        const [first, second] = yield* Given.registerAll(id, 2)
        const corrected = yield* use((turnout) =>
          turnout.correctRegistration(id, second!.id, {
            attendee: { name: "Grace", email: "grace-22@example.com" },
            notes: "vegan"
          })
        )
        assert.deepInclude(corrected, {
          state: "waitlisted",
          sequence: second!.sequence,
          notes: "vegan",
          changed: true
        })
        assert.deepInclude(corrected.attendee, { name: "Grace", email: "grace-22@example.com" })
        assert.notStrictEqual(corrected.attendee.id, second!.attendee.id)
        assert.deepStrictEqual(yield* line(id), ["1: 22"])
        const taken = yield* Effect.flip(
          use((turnout) => turnout.correctRegistration(id, first!.id, { attendee: { email: "grace-22@example.com" } }))
        )
        assert.deepInclude(taken, { _tag: "AlreadyRegistered", registrationId: second!.id })
        // The old address is free again, and the new one is not.
        assert.strictEqual((yield* Given.register(id, 2)).state, "waitlisted")
        const same = yield* use((turnout) => turnout.correctRegistration(id, second!.id, { notes: "vegan" }))
        assert.isFalse(same.changed)
        assert.deepStrictEqual(yield* states(id), ["1 confirmed", "22 waitlisted", "2 waitlisted"])
      })
    )

    it.effect("an id that one correction gives up is free for the next of the same batch", () =>
      Effect.gen(function* () {
        const { id: eventId } = yield* Given.publishedEvent({ capacity: 5 })
        const [first, second] = yield* Given.registerAll(eventId, 2)
        const to = (registrationId: never, id: string) =>
          ({
            command: { _tag: "CorrectRegistration", eventId, registrationId, changes: { attendee: { id } } }
          }) as const
        const replies = yield* use((turnout) =>
          turnout.executeAll([to(first!.id as never, "third"), to(second!.id as never, first!.attendee.id)])
        )
        assert.deepStrictEqual(
          replies.map(({ answer }) => answer._tag),
          ["Success", "Success"]
        )
        yield* Invariants.hold(eventId)
      })
    )

    it.effect(
      "attendance is taken back, a second scan changes nothing, and the seat of a no-show goes to the line",
      () =>
        Effect.gen(function* () {
          const { id } = yield* Given.publishedEvent({ capacity: 2, ...underway() })
          const [first, second] = yield* Given.registerAll(id, 3)
          const scanned = yield* use((turnout) => turnout.markAttended(id, first!.id))
          assert.isTrue(scanned.changed)
          const again = yield* use((turnout) => turnout.markAttended(id, first!.id))
          assert.deepStrictEqual(again, { ...scanned, changed: false })
          assert.strictEqual((yield* use((turnout) => turnout.clearAttendance(id, first!.id))).state, "confirmed")
          yield* use((turnout) => turnout.markNoShow(id, second!.id))
          const released = yield* use((turnout) => turnout.releaseSeat(id, second!.id))
          assert.deepStrictEqual(released.cancellation, { from: "noShow", reason: "seatReleased" })
          assert.deepStrictEqual(yield* states(id), ["1 confirmed", "2 cancelled", "3 confirmed"])
        })
    )

    it.effect("W2: a guest of a draft who lost the seat gets a free one in the commit that publishes the event", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent({ capacity: 2 })
        yield* use((turnout) => turnout.registerGuest(id, Given.person(1)))
        yield* use((turnout) => turnout.registerGuest(id, Given.person(2)))
        yield* use((turnout) => turnout.changeCapacity(id, { capacity: 0, demote: 2 }))
        yield* use((turnout) => turnout.changeCapacity(id, { capacity: 1 }))
        const published = yield* use((turnout) => turnout.publishEvent(id))
        assert.deepInclude(published.counts, { confirmed: 1, waitlisted: 1 })
        assert.deepStrictEqual(yield* states(id), ["1 confirmed", "2 waitlisted"])
      })
    )

    it.effect("attendance before the doors are open needs saying so", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent()
        const first = yield* Given.register(id, 1)
        const refused = yield* Effect.flip(use((turnout) => turnout.markAttended(id, first.id)))
        assert.strictEqual(refused._tag, "DoorsNotOpen")
        assert.strictEqual(
          (yield* use((turnout) => turnout.markAttended(id, first.id, { early: true }))).state,
          "attended"
        )
      })
    )
  })
}
