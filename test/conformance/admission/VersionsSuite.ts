/**
 * The contract of a registration store about the versions of events: a change is refused if its caller has not seen the event
 * itself as it is.
 */
import { assert, describe } from "@effect/vitest"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Result } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, use } from "./AdmissionGiven.ts"

const tagOf = (effect: Effect.Effect<unknown, { readonly _tag: string }, Turnout.Turnout>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

export const versions = (it: It): void => {
  describe("versions", () => {
    it.effect("V1: saves what was edited while people registered, and refuses it once a colleague has saved", () =>
      Effect.gen(function* () {
        const opened = yield* Given.publishedEvent({ capacity: 2, title: "Gala" })
        yield* Given.registerAll(opened.id, 4)
        const seen = { expectedVersion: opened.version }
        const saved = yield* use((turnout) => turnout.updateEvent(opened.id, { location: "Hall 4" }, seen))
        assert.deepInclude(saved, { location: "Hall 4", version: 7, revision: 7 })
        const conflict = yield* Effect.flip(use((turnout) => turnout.updateEvent(opened.id, { title: "Ball" }, seen)))
        assert.deepInclude(conflict, {
          _tag: "VersionConflict",
          eventId: opened.id,
          expectedVersions: [opened.version],
          version: 7,
          revision: 7
        } as object)
        yield* Given.register(opened.id, 5)
        const { event } = yield* Invariants.hold(opened.id)
        assert.deepInclude(event, { title: "Gala", location: "Hall 4", version: 8, revision: 7 })
        const again = yield* use((turnout) => turnout.updateEvent(opened.id, { title: "Ball" }, { expectedVersion: 7 }))
        assert.deepInclude(again, { title: "Ball", version: 9, revision: 9 })
      })
    )

    it.effect(
      "V1: refuses every change of an event that has changed itself since, and nothing that is done already",
      () =>
        Effect.gen(function* () {
          const { id, version } = yield* Given.draftEvent()
          yield* use((turnout) => turnout.updateEvent(id, { title: "Another" }))
          const seen = { expectedVersion: version }
          const refused = [
            use((turnout) => turnout.updateEvent(id, { title: "Third" }, seen)),
            use((turnout) => turnout.publishEvent(id, seen)),
            use((turnout) => turnout.cancelEvent(id, seen)),
            use((turnout) => turnout.changeCapacity(id, { capacity: 9 }, seen)),
            use((turnout) => turnout.deleteEvent(id, seen))
          ]
          for (const one of refused) assert.strictEqual(yield* tagOf(one), "VersionConflict")
          const done = [
            yield* use((turnout) => turnout.updateEvent(id, { title: "Another" }, seen)),
            yield* use((turnout) => turnout.changeCapacity(id, { capacity: 2 }, seen)),
            yield* use((turnout) => turnout.unpublishEvent(id, seen))
          ]
          for (const event of done) assert.deepInclude(event, { title: "Another", version: 2, revision: 2 })
          // No version that there is not yet has been seen.
          const tooNew = use((turnout) => turnout.publishEvent(id, { expectedVersion: 3 }))
          assert.strictEqual(yield* tagOf(tooNew), "VersionConflict")
          const published = yield* use((turnout) => turnout.publishEvent(id, { expectedVersion: 2 }))
          assert.strictEqual(
            yield* tagOf(use((turnout) => turnout.completeEvent(id, { expectedVersion: 2 }))),
            "EventNotStarted"
          )
          assert.strictEqual(yield* tagOf(use((turnout) => turnout.unpublishEvent(id, seen))), "VersionConflict")
          assert.deepInclude(published, { status: "published", version: 3, revision: 3 })
          yield* Invariants.hold(id)
        })
    )

    it.effect("V1: an event that is cancelled and reopened has changed itself, and so has one with a seat more", () =>
      Effect.gen(function* () {
        const { id, version } = yield* Given.publishedEvent({ capacity: 1 })
        yield* Given.registerAll(id, 2)
        const seen = { expectedVersion: version }
        const reopen = (expectedVersion: number) => use((turnout) => turnout.reopenEvent(id, { expectedVersion }))
        // Nothing is left to do.
        assert.deepInclude(yield* reopen(1), { status: "published", version: 4, revision: 2 })
        const cancelled = yield* use((turnout) => turnout.cancelEvent(id, seen))
        assert.deepInclude(cancelled, { status: "cancelled", version: 7, revision: 5 })
        assert.strictEqual(yield* tagOf(reopen(version)), "VersionConflict")
        const reopened = yield* reopen(cancelled.revision)
        assert.deepInclude(reopened, { status: "published", version: 11, revision: 11 })
        const late = use((turnout) =>
          turnout.updateEvent(id, { title: "Ball" }, { expectedVersion: cancelled.version })
        )
        assert.strictEqual(yield* tagOf(late), "VersionConflict")
        const guest = { ...Given.person(3), beyond: "raise" } as const
        yield* use((turnout) => turnout.registerGuest(id, guest))
        const { event } = yield* Invariants.hold(id)
        assert.deepInclude(event, { capacity: 2, version: 13, revision: 12 })
        const saved = use((turnout) => turnout.updateEvent(id, { title: "Ball" }, { expectedVersion: 11 }))
        assert.strictEqual(yield* tagOf(saved), "VersionConflict")
        yield* use((turnout) => turnout.changeCapacity(id, { capacity: 1, keepOverhang: true }))
        const demote = (expectedVersion: number) =>
          use((turnout) => turnout.changeCapacity(id, { capacity: 1, demote: 1 }, { expectedVersion }))
        assert.strictEqual(yield* tagOf(demote(13)), "VersionConflict")
        assert.deepInclude(yield* demote(14), { capacity: 1, version: 15, revision: 14 })
        assert.deepInclude(yield* demote(13), { version: 15 }, "nothing is left to do")
        yield* Invariants.hold(id)
      })
    )

    it.effect("V1: of two who have seen the same, one saves", () =>
      Effect.gen(function* () {
        const { id, version } = yield* Given.publishedEvent()
        const save = (n: number) =>
          use((turnout) => turnout.updateEvent(id, { title: `Title ${n}` }, { expectedVersion: version }))
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => n),
          (n) => Effect.result(save(n)),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(answers.filter(Result.isSuccess), 1)
        const { event } = yield* Invariants.hold(id)
        assert.deepInclude(event, { version: version + 1, revision: version + 1 })
      })
    )

    it.effect(
      "I1: a change that is repeated gets its first answer, whatever has changed since; another version is another command",
      () =>
        Effect.gen(function* () {
          const { id, version } = yield* Given.draftEvent()
          const change = (expectedVersion: number, idempotencyKey: string) =>
            use((turnout) => turnout.updateEvent(id, { title: "Another" }, { expectedVersion, idempotencyKey }))
          const key = randomUUID()
          const first = yield* change(version, key)
          yield* use((turnout) => turnout.updateEvent(id, { title: "Third" }))
          assert.deepStrictEqual(yield* change(version, key), first)
          assert.strictEqual(yield* tagOf(change(3, key)), "IdempotencyKeyReused")
          assert.strictEqual(yield* tagOf(change(version, randomUUID())), "VersionConflict")
        })
    )

    it.effect("refuses a version where none is heeded, and one that is none, by name", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.publishedEvent()
        const given = (options: object) => Effect.flip(use((turnout) => turnout.publishEvent(id, options)))
        for (const expectedVersion of [0, -1, 1.5, "2", null, Number.NaN, 2 ** 53])
          assert.deepInclude(yield* given({ expectedVersion }), { _tag: "InvalidInput" } as object)
        const options = { expectedVersion: 2 } as object
        const unheeded = [
          yield* Effect.flip(use((turnout) => turnout.register(id, Given.person(1), options))),
          yield* Effect.flip(use((turnout) => turnout.cancelRegistration(id, randomUUID(), options))),
          yield* Effect.flip(use((turnout) => turnout.createEvent(Given.eventInput(), options)))
        ]
        for (const error of unheeded) {
          assert.strictEqual(error._tag, "InvalidInput")
          assert.include(error.message, "expectedVersion")
        }
      })
    )
  })
}
