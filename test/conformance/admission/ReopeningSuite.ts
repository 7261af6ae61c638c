/**
 * What staff do about an event besides: take a raise of its capacity back, end its registrations, and reopen it. A part of the
 * contract of a registration store.
 */
import { assert, describe } from "@effect/vitest"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import { Effect } from "effect"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, line, states, underway, use } from "./AdmissionGiven.ts"

export const reopening = (it: It): void => {
  describe("raises taken back, and events that end and come back", () => {
    it.effect("a raise is taken back: who was promoted last waits again, before all who wait", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent({ capacity: 1 })
        yield* Given.registerAll(id, 5)
        yield* use((turnout) => turnout.changeCapacity(id, { capacity: 3 }))
        const wrong = yield* Effect.flip(use((turnout) => turnout.changeCapacity(id, { capacity: 1, demote: 1 })))
        assert.deepInclude(wrong, { _tag: "DemotionsMismatch", needed: 2, demote: 1 })
        yield* use((turnout) => turnout.changeCapacity(id, { capacity: 1, demote: 2 }))
        assert.deepStrictEqual(yield* line(id), ["1: 2", "2: 3", "3: 4", "4: 5"])
        assert.deepStrictEqual((yield* states(id))[0], "1 confirmed")
      })
    )

    it.effect(
      "cancelling an event ends its registrations, leaving is always allowed, and reopening brings them back",
      () =>
        Effect.gen(function* () {
          const { id } = yield* Given.publishedEvent({ capacity: 2 })
          const all = yield* Given.registerAll(id, 4)
          yield* use((turnout) => turnout.cancelRegistration(id, all[2]!.id))
          assert.deepInclude((yield* use((turnout) => turnout.cancelEvent(id))).counts, { confirmed: 0, waitlisted: 0 })
          const { registrations } = yield* Invariants.hold(id)
          assert.deepStrictEqual(
            registrations.map(({ cancellation }) => `${cancellation?.from} ${cancellation?.reason}`),
            [
              "confirmed eventCancelled",
              "confirmed eventCancelled",
              "waitlisted requested",
              "waitlisted eventCancelled"
            ]
          )
          for (const refused of [
            yield* Effect.flip(use((turnout) => turnout.listWaitlist(id))),
            yield* Effect.flip(use((turnout) => turnout.waitlistPosition(id, all[3]!.id)))
          ]) {
            assert.deepInclude(refused, { _tag: "EventStatusConflict", eventStatus: "cancelled" })
          }
          assert.strictEqual((yield* use((turnout) => turnout.cancelRegistration(id, all[0]!.id))).state, "cancelled")
          const reopened = yield* use((turnout) => turnout.reopenEvent(id))
          assert.deepInclude(reopened, {
            status: "published",
            counts: { ...reopened.counts, confirmed: 2, waitlisted: 1 }
          })
          assert.notProperty(reopened, "cancelledFrom")
          assert.deepStrictEqual(yield* states(id), ["1 confirmed", "2 confirmed", "3 cancelled", "4 waitlisted"])
        })
    )

    it.effect("an event with more registrations than a step ends and comes back as it was", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent({ capacity: STEP_SIZE + 100 })
        yield* Effect.forEach(
          Array.from({ length: STEP_SIZE + 300 }, (_, index) => index + 1),
          (n) => use((turnout) => turnout.register(id, Given.person(n))),
          { concurrency: "unbounded" }
        )
        const before = yield* Invariants.hold(id)
        yield* use((turnout) => turnout.cancelEvent(id))
        yield* Given.settled(id)
        yield* Invariants.hold(id)
        yield* use((turnout) => turnout.reopenEvent(id))
        assert.strictEqual((yield* Given.settled(id)).status, "published")
        const after = yield* Invariants.hold(id)
        const facts = ({ registrations }: Invariants.Snapshot) =>
          registrations.map(({ id, sequence, state }) => [id, sequence, state])
        assert.deepStrictEqual(facts(after), facts(before))
      })
    )

    it.effect("a draft that was cancelled is a draft again, and an event that was completed is published again", () =>
      Effect.gen(function* () {
        const draft = yield* Given.draftEvent()
        yield* use((turnout) => turnout.cancelEvent(draft.id))
        assert.strictEqual((yield* use((turnout) => turnout.reopenEvent(draft.id))).status, "draft")
        const { id } = yield* Given.publishedEvent(underway())
        yield* use((turnout) => turnout.completeEvent(id))
        assert.strictEqual((yield* use((turnout) => turnout.reopenEvent(id))).status, "published")
      })
    )
  })
}
