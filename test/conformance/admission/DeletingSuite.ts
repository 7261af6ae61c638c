/**
 * The contract of a registration store about the end of an event: a draft that nobody has ever registered for is deleted, its
 * journal stays, and its id is not used again.
 */
import { assert, describe } from "@effect/vitest"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { Effect, Exit, Result } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, use } from "./AdmissionGiven.ts"

const tagOf = (effect: Effect.Effect<unknown, { readonly _tag: string }, Turnout.Turnout>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

/** A draft that somebody has registered for once. */
const oncePublished = Effect.gen(function* () {
  const { id } = yield* Given.publishedEvent()
  const registration = yield* Given.register(id, 1)
  yield* use((turnout) => turnout.cancelRegistration(id, registration.id))
  return yield* use((turnout) => turnout.unpublishEvent(id))
})

export const deleting = (it: It): void => {
  describe("deleting", () => {
    it.effect("a draft that nobody has registered for is not there any more, and its journal ends with that", () =>
      Effect.gen(function* () {
        const organizer = `organizer ${randomUUID()}`
        const { id } = yield* Given.draftEvent({ organizer })
        const other = yield* Given.draftEvent({ organizer })
        yield* use((turnout) => turnout.publishEvent(id))
        yield* use((turnout) => turnout.unpublishEvent(id))
        assert.isUndefined(yield* use((turnout) => turnout.deleteEvent(id, { actor: "ada" })))
        const gone = [
          use((turnout) => turnout.getEvent(id)),
          use((turnout) => turnout.listRegistrations(id)),
          use((turnout) => turnout.listWaitlist(id)),
          use((turnout) => turnout.publishEvent(id)),
          use((turnout) => turnout.updateEvent(id, { title: "Another" }, { expectedVersion: 4 })),
          use((turnout) => turnout.deleteEvent(id)),
          Given.register(id, 1)
        ]
        for (const one of gone) assert.strictEqual(yield* tagOf(one), "EventNotFound")
        const { items } = yield* use((turnout) => turnout.listEvents({ organizer }))
        assert.deepStrictEqual(
          items.map((event) => event.id),
          [other.id]
        )
        const journal = yield* Invariants.all((cursor) =>
          use((turnout) => turnout.listJournal(id, { limit: 2, ...(cursor ? { cursor } : {}) }))
        )
        assert.deepStrictEqual(
          journal.map(({ metadata, type, version }) => [version, type, metadata.actor]),
          [
            [1, "EventCreated", "anonymous"],
            [2, "EventPublished", "anonymous"],
            [3, "EventUnpublished", "anonymous"],
            [4, "EventDeleted", "ada"]
          ]
        )
        const beyond = yield* AdmissionReads.use((reads) => reads.journal(id, { limit: 9, after: 4 }))
        assert.deepStrictEqual(beyond, [])
        assert.strictEqual(yield* tagOf(use((turnout) => turnout.listJournal(randomUUID()))), "EventNotFound")
      })
    )

    it.effect("is refused if somebody was registered once, and in every other status", () =>
      Effect.gen(function* () {
        const draft = yield* oncePublished
        const remove = (id: string) => use((turnout) => turnout.deleteEvent(id))
        const conflict = yield* Effect.flip(remove(draft.id))
        assert.deepInclude(conflict, { _tag: "EventHadRegistrations", eventId: draft.id } as object)
        const published = yield* Given.publishedEvent()
        assert.strictEqual(yield* tagOf(remove(published.id)), "EventStatusConflict")
        yield* use((turnout) => turnout.cancelEvent(published.id))
        assert.strictEqual(yield* tagOf(remove(published.id)), "EventStatusConflict")
        for (const { id } of [draft, published]) yield* Invariants.hold(id)
      })
    )

    it.effect("is refused if there was a guest, be the guest cancelled or of the same commit", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        const remove = use((turnout) => turnout.deleteEvent(id))
        const { registration } = yield* use((turnout) => turnout.registerGuest(id, Given.person(1)))
        assert.strictEqual(yield* tagOf(remove), "EventHadRegistrations")
        yield* use((turnout) => turnout.cancelRegistration(id, registration.id))
        assert.strictEqual(yield* tagOf(remove), "EventHadRegistrations")
        const { id: other } = yield* Given.draftEvent()
        const guest = { id: "ada" as never, name: "", email: "ada@example.com" }
        const commands = [
          { _tag: "RegisterGuest", eventId: other, attendee: guest, notes: "", beyond: null },
          { _tag: "DeleteEvent", eventId: other }
        ] as const
        const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
        assert.deepStrictEqual(
          replies.map(({ answer }) => (Result.isSuccess(answer) ? "ok" : answer.failure._tag)),
          ["ok", "EventHadRegistrations"]
        )
        for (const one of [id, other]) yield* Invariants.hold(one)
      })
    )

    it.effect("within one commit sees who has registered in it", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        const attendee = { id: "ada@example.com" as never, name: "", email: "ada@example.com" }
        const commands = [
          { _tag: "PublishEvent", eventId: id },
          { _tag: "Register", eventId: id, attendee, notes: "", registeredAt: null },
          { _tag: "CancelEvent", eventId: id },
          { _tag: "DeleteEvent", eventId: id }
        ] as const
        const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
        assert.isTrue(replies.slice(0, 3).every(({ answer }) => Result.isSuccess(answer)))
        assert.isTrue(Result.isFailure(replies[3]!.answer))
        yield* Invariants.hold(id)
      })
    )

    it.effect("I1: repeated under its key gets its answer again; without one the event is not found", () =>
      Effect.gen(function* () {
        const { id } = yield* Given.draftEvent()
        const command = { _tag: "DeleteEvent", eventId: id } as const
        const remove = (idempotencyKey: string) => use((turnout) => turnout.execute(command, { idempotencyKey }))
        const key = randomUUID()
        assert.deepInclude(yield* remove(key), { answer: Result.succeed({ deleted: id }), replayed: false })
        assert.deepInclude(yield* remove(key), { answer: Result.succeed({ deleted: id }), replayed: true })
        assert.isTrue(Result.isFailure((yield* remove(randomUUID())).answer))
      })
    )

    it.effect("keeps the id for good: an event is not created under it again, be it in the same commit", () =>
      Effect.gen(function* () {
        const [id, other]: ReadonlyArray<string> = [randomUUID(), randomUUID()]
        const input = Given.eventInput()
        const create = (eventId: string, options = {}) =>
          use((turnout) => turnout.createEvent({ ...input, id: eventId }, options))
        const idempotencyKey = randomUUID()
        const first = yield* create(id!, { idempotencyKey })
        yield* use((turnout) => turnout.deleteEvent(id!))
        const refused = yield* Effect.flip(create(id!))
        assert.deepInclude(refused, { _tag: "EventWasDeleted", eventId: id } as object)
        assert.deepStrictEqual(yield* create(id!, { idempotencyKey }), first, "the key remembers")
        const { endsAt, startsAt } = first
        const event = { ...input, id: other, startsAt, endsAt } as never
        const commands = [
          { _tag: "CreateEvent", event },
          { _tag: "DeleteEvent", eventId: other as never },
          { _tag: "CreateEvent", event }
        ] as const
        const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
        assert.deepStrictEqual(
          replies.map(({ answer }) => (Result.isSuccess(answer) ? "ok" : answer.failure._tag)),
          ["ok", "ok", "EventWasDeleted"]
        )
        const journal = yield* use((turnout) => turnout.listJournal(other!))
        assert.deepStrictEqual(
          journal.items.map(({ type, version }) => [type, version]),
          [
            ["EventCreated", 1],
            ["EventDeleted", 2]
          ]
        )
        assert.strictEqual(yield* tagOf(create(other!)), "EventWasDeleted")
      })
    )

    it.effect(
      "and publishing at the same moment: one of them is refused, and nobody registers for what is not there",
      () =>
        Effect.gen(function* () {
          for (let round = 0; round < 10; round++) {
            const { id } = yield* Given.draftEvent()
            const [deleted, published] = yield* Effect.all(
              [
                Effect.exit(use((turnout) => turnout.deleteEvent(id))),
                Effect.exit(
                  Effect.andThen(
                    use((turnout) => turnout.publishEvent(id)),
                    Given.register(id, 1)
                  )
                )
              ],
              { concurrency: "unbounded" }
            )
            assert.notStrictEqual(Exit.isSuccess(deleted), Exit.isSuccess(published))
            if (Exit.isSuccess(published)) yield* Invariants.hold(id)
          }
        })
    )

    it.effect("and inviting a guest at the same moment: one of them is refused", () =>
      Effect.gen(function* () {
        for (let round = 0; round < 10; round++) {
          const { id } = yield* Given.draftEvent()
          const [deleted, invited] = yield* Effect.all(
            [
              Effect.exit(use((turnout) => turnout.deleteEvent(id))),
              Effect.exit(use((turnout) => turnout.registerGuest(id, Given.person(1))))
            ],
            { concurrency: "unbounded" }
          )
          assert.notStrictEqual(Exit.isSuccess(deleted), Exit.isSuccess(invited))
          if (Exit.isSuccess(invited)) yield* Invariants.hold(id)
        }
      })
    )
  })
}
