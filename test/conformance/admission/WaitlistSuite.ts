/**
 * The contract of a registration store about the waitlist: who is promoted, and when.
 */
import { assert, describe } from "@effect/vitest"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, states, use } from "./AdmissionGiven.ts"

export const waitlist = (it: It): void => {
  describe("waitlist", () => {
    it.effect("W1, W4: a cancelled seat goes to the first in line, and only that one", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 2 })
        const [one] = yield* Given.registerAll(event.id, 5)
        yield* use((turnout) => turnout.cancelRegistration(event.id, one!.id))
        assert.deepStrictEqual(yield* states(event.id), [
          "1 cancelled",
          "2 confirmed",
          "3 confirmed",
          "4 waitlisted",
          "5 waitlisted"
        ])
      })
    )

    it.effect("cancelling a waiter promotes nobody", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [, two] = yield* Given.registerAll(event.id, 3)
        yield* use((turnout) => turnout.cancelRegistration(event.id, two!.id))
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed", "2 cancelled", "3 waitlisted"])
      })
    )

    it.effect("W2: from its end on nobody is promoted; an end that is moved into the future promotes at once", () =>
      Effect.gen(function* () {
        const endsAt = new Date(Date.now() + 1_500)
        const startsAt = new Date(endsAt.getTime() - 3_600_000)
        const event = yield* Given.publishedEvent({ capacity: 1, startsAt, endsAt })
        const first = yield* Given.register(event.id, 1)
        for (const n of [2, 3, 4]) yield* Given.register(event.id, n)
        yield* Effect.sleep("1600 millis")
        yield* use((turnout) => turnout.cancelRegistration(event.id, first.id))
        const raised = yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 2 }))
        assert.deepInclude(raised.counts, { confirmed: 0, waitlisted: 3 })
        const due = yield* AdmissionStore.use(({ eventsWithStepsDue }) => eventsWithStepsDue)
        assert.notInclude(due, event.id)
        const step = yield* use((turnout) => turnout.execute({ _tag: "CarryOn", eventId: event.id }))
        assert.strictEqual(step.answer._tag, "Success")
        assert.deepStrictEqual(yield* states(event.id), ["1 cancelled", "2 waitlisted", "3 waitlisted", "4 waitlisted"])
        const moved = yield* use((turnout) =>
          turnout.updateEvent(event.id, { endsAt: new Date(endsAt.getTime() + 3_600_000) })
        )
        assert.deepInclude(moved.counts, { confirmed: 2, waitlisted: 1 })
        assert.deepStrictEqual(yield* states(event.id), ["1 cancelled", "2 confirmed", "3 confirmed", "4 waitlisted"])
      })
    )

    it.effect("W2: a raised capacity promotes as many as it frees seats, in the same commit", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0 })
        yield* Given.registerAll(event.id, 4)
        yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 3 }))
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed", "2 confirmed", "3 confirmed", "4 waitlisted"])
      })
    )

    it.effect("W1, W2: a raise by more than one batch promotes everybody in order of entry", () =>
      Effect.gen(function* () {
        const waiters = 2_100
        const event = yield* Given.publishedEvent({ capacity: 0 })
        yield* Effect.forEach(
          Array.from({ length: waiters }, (_, n) => n),
          (n) => Given.register(event.id, n),
          { concurrency: 10, discard: true }
        )
        const first = yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: waiters - 1 }))
        assert.strictEqual(first.counts.confirmed, 1_000, "the first step is in the commit of the raise")
        yield* Given.settled(event.id)
        const { event: after } = yield* Invariants.hold(event.id)
        assert.deepInclude(after.counts, { confirmed: waiters - 1, waitlisted: 1 })
      })
    )

    it.effect("W5: sending a registration again keeps the place in the list", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0 })
        const options = { idempotencyKey: randomUUID() }
        const send = use((turnout) => turnout.register(event.id, Given.person(1), options))
        const first = yield* send
        yield* Given.register(event.id, 2)
        assert.deepStrictEqual(yield* send, first)
        assert.strictEqual((yield* Effect.flip(Given.register(event.id, 1)))._tag, "AlreadyRegistered")
        assert.deepStrictEqual(yield* states(event.id), ["1 waitlisted", "2 waitlisted"])
      })
    )

    it.effect("W6: the position shown is the rank among those who wait now", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [one, two, , four] = yield* Given.registerAll(event.id, 4)
        const place = use((turnout) => turnout.waitlistPosition(event.id, four!.id))
        assert.deepStrictEqual(yield* place, { position: 3, length: 3 })
        yield* use((turnout) => turnout.cancelRegistration(event.id, two!.id))
        assert.deepStrictEqual(yield* place, { position: 2, length: 2 })
        yield* use((turnout) => turnout.cancelRegistration(event.id, one!.id))
        assert.deepStrictEqual(yield* place, { position: 1, length: 1 })
        const none = yield* Effect.flip(use((turnout) => turnout.waitlistPosition(event.id, one!.id)))
        assert.strictEqual(none._tag, "RegistrationStateConflict")
      })
    )

    it.effect("refuses when the waitlist is closed or full, with the facts", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1, waitlistLimit: 1 })
        yield* Given.registerAll(event.id, 2)
        assert.deepInclude(yield* Effect.flip(Given.register(event.id, 3)), {
          _tag: "WaitlistFull",
          capacity: 1,
          waitlistLength: 1,
          waitlistLimit: 1
        })
        yield* use((turnout) => turnout.updateEvent(event.id, { waitlist: "closed", waitlistLimit: null }))
        assert.deepInclude(yield* Effect.flip(Given.register(event.id, 3)), {
          _tag: "CapacityFull",
          capacity: 1,
          waitlistLength: 1
        })
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("confirming a chosen waiter counts against capacity like any other seat", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [one, , three] = yield* Given.registerAll(event.id, 3)
        const confirm = (id: string) => use((turnout) => turnout.confirmRegistration(event.id, id))
        assert.deepInclude(yield* Effect.flip(confirm(three!.id)), { _tag: "CapacityFull", capacity: 1 })
        assert.strictEqual((yield* confirm(one!.id)).state, "confirmed")
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed", "2 waitlisted", "3 waitlisted"])
      })
    )
  })
}
