/**
 * The contract of a registration store about idempotency keys.
 */
import { assert, describe } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Effect, Result } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { type It, states, use } from "./AdmissionGiven.ts"

/** The service on the same store, with a memory of one second for idempotency keys. */
const forgetful = Turnout.layer({ idempotencyTtlMillis: 1_000 })

export const idempotency = (it: It): void => {
  describe("idempotency", () => {
    it.effect("I1, I3: many concurrent sends of one command have one effect and equal answers", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const options = { idempotencyKey: randomUUID() }
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => use((turnout) => turnout.register(event.id, Given.person(1), options)),
          { concurrency: "unbounded" }
        )
        for (const answer of answers) assert.deepStrictEqual(answer, answers[0])
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed"])
      })
    )

    it.effect("I1, I3: many concurrent creations of one event make one event", () =>
      Effect.gen(function* () {
        const options = { idempotencyKey: randomUUID() }
        const input = Given.eventInput({ organizer: `organizer ${randomUUID()}` })
        const answers = yield* Effect.forEach(
          Array.from({ length: 10 }),
          () => use((turnout) => turnout.createEvent(input, options)),
          { concurrency: "unbounded" }
        )
        for (const answer of answers) assert.deepStrictEqual(answer, answers[0])
        const { items } = yield* use((turnout) => turnout.listEvents({ organizer: input.organizer }))
        assert.strictEqual(items.length, 1)
      })
    )

    it.effect("I3: of concurrent creations under one id, one has an effect, and the others are refused", () =>
      Effect.gen(function* () {
        const input = Given.eventInput({ id: randomUUID() as never })
        const answers = yield* Effect.forEach(
          Array.from({ length: 10 }),
          () => Effect.result(use((turnout) => turnout.createEvent(input))),
          { concurrency: "unbounded" }
        )
        const refused = answers.flatMap((answer) => (Result.isFailure(answer) ? [answer.failure._tag] : []))
        assert.deepStrictEqual(
          refused,
          Array.from({ length: 9 }, () => "EventAlreadyExists" as const)
        )
      })
    )

    it.effect("I1: a rejection is remembered like any other answer", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0, waitlist: "closed" })
        const send = use((turnout) =>
          turnout.register(event.id, Given.person(1), { idempotencyKey: `refused ${event.id}` })
        )
        const first = yield* Effect.flip(send)
        yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 10 }))
        assert.deepStrictEqual(yield* Effect.flip(send), first)
        assert.strictEqual(first._tag, "CapacityFull")
        assert.deepStrictEqual(yield* states(event.id), [])
      })
    )

    it.effect("I2: refuses a key that was used for another payload, to no effect", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const options = { idempotencyKey: randomUUID() }
        yield* use((turnout) => turnout.register(event.id, Given.person(1), options))
        const other = yield* Effect.flip(use((turnout) => turnout.register(event.id, Given.person(2), options)))
        assert.strictEqual(other._tag, "IdempotencyKeyReused")
        assert.deepStrictEqual(yield* states(event.id), ["1 confirmed"])
      })
    )

    it.effect("I2, I3: of concurrent commands for different events under one key, one has an effect", () =>
      Effect.gen(function* () {
        const options = { idempotencyKey: randomUUID() }
        const events = yield* Effect.forEach([1, 2, 3, 4], () => Given.publishedEvent())
        const answers = yield* Effect.forEach(
          events,
          (event) => Effect.result(use((turnout) => turnout.register(event.id, Given.person(1), options))),
          { concurrency: "unbounded" }
        )
        const refused = answers.filter(Result.isFailure)
        assert.deepStrictEqual(
          refused.map(({ failure }) => failure._tag),
          ["IdempotencyKeyReused", "IdempotencyKeyReused", "IdempotencyKeyReused"]
        )
        const registered = yield* Effect.forEach(events, (event) => states(event.id))
        assert.strictEqual(registered.flat().length, 1)
      })
    )

    it.effect("I4: a key belongs to its principal and operation", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const idempotencyKey = randomUUID()
        const as = (actor: string, n: number) =>
          use((turnout) => turnout.register(event.id, Given.person(n), { idempotencyKey, actor }))
        const ada = yield* as("ada", 1)
        const bob = yield* as("bob", 2)
        assert.notStrictEqual(ada.registration.id, bob.registration.id)
        const cancelled = yield* use((turnout) =>
          turnout.cancelRegistration(event.id, ada.registration.id, { idempotencyKey, actor: "ada" })
        )
        assert.strictEqual(cancelled.state, "cancelled")
        assert.strictEqual((yield* as("ada", 1)).registration.state, "confirmed")
        yield* Invariants.hold(event.id)
      })
    )

    it.effect("I6: a key that has expired can be used for another command, whose answer is remembered", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 5 })
        const send = (n: number) =>
          use((turnout) =>
            turnout.execute(
              {
                _tag: "Register",
                eventId: event.id,
                attendee: fromInput({ email: `person-${n}@example.com` }),
                notes: "",
                registeredAt: null
              },
              { idempotencyKey: event.id }
            )
          )
        assert.strictEqual((yield* send(1)).answer._tag, "Success")
        yield* Effect.sleep("1100 millis")
        const second = yield* send(2)
        assert.deepStrictEqual([second.answer._tag, second.replayed], ["Success", false])
        assert.deepStrictEqual(yield* send(2), { ...second, replayed: true })
      }).pipe(Effect.provide(forgetful))
    )

    it.effect("I7: a refusal is repeated while a retry may be on its way, and then its key is decided anew", () =>
      Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 0, waitlist: "closed" })
        const send = use((turnout) =>
          turnout.execute(
            {
              _tag: "Register",
              eventId: event.id,
              attendee: fromInput({ email: "ada@example.com" }),
              notes: "",
              registeredAt: null
            },
            { idempotencyKey: event.id }
          )
        )
        const refused = yield* send
        assert.deepStrictEqual([refused.answer._tag, refused.replayed], ["Failure", false])
        yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 1 }))
        assert.deepStrictEqual(yield* send, { ...refused, replayed: true })
        yield* Effect.sleep("1100 millis")
        const accepted = yield* send
        assert.deepStrictEqual([accepted.answer._tag, accepted.replayed], ["Success", false])
        yield* Effect.sleep("1100 millis")
        assert.deepStrictEqual(yield* send, { ...accepted, replayed: true })
        assert.strictEqual((yield* Invariants.hold(event.id)).registrations.length, 1)
      }).pipe(Effect.provide(Turnout.layer({ refusalTtlMillis: 1_000 })))
    )

    it.effect("I7: nothing is remembered of a row that was not found", () =>
      Effect.gen(function* () {
        const id = randomUUID() as EventId
        const options = { idempotencyKey: id }
        const send = use((turnout) => turnout.register(id, Given.person(1), options))
        assert.strictEqual((yield* Effect.flip(send))._tag, "EventNotFound")
        yield* Given.publishedEvent({ id })
        assert.strictEqual((yield* send).registration.state, "confirmed")
        const unknown = randomUUID() as RegistrationId
        const cancel = use((turnout) =>
          turnout.execute({ _tag: "CancelRegistration", eventId: id, registrationId: unknown }, options)
        )
        for (const { answer, replayed } of [yield* cancel, yield* cancel])
          assert.deepStrictEqual([answer._tag, replayed], ["Failure", false])
      })
    )

    it.effect("says whether an answer is a repeated one", () =>
      Effect.gen(function* () {
        const event = yield* Given.draftEvent()
        const send = use((turnout) =>
          turnout.execute({ _tag: "PublishEvent", eventId: event.id }, { idempotencyKey: event.id })
        )
        assert.deepStrictEqual([(yield* send).replayed, (yield* send).replayed], [false, true])
      })
    )
  })
}
