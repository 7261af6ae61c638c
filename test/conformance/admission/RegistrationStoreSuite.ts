/**
 * The contract of a registration store, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my store", layer)
 * ```
 *
 * Each test makes its own events, so tests share a store and run on a store that holds other data.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { Page } from "@turnout/core/kernel/domain/Page"
import { MAX_COMMANDS } from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer, Result } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"

/** The differences between stores, as data. */
export interface Capabilities {
  /** The number of concurrent callers in the largest test. */
  readonly callers: number
}

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

/** The service on the same store, with a memory of one second for idempotency keys. */
const forgetful = Turnout.layer({ idempotencyTtlMillis: 1_000 })

const states = (eventId: string) =>
  Effect.map(Invariants.hold(eventId), ({ registrations }) =>
    registrations.map(({ attendee, state }) => `${attendee.name.replace("Person ", "")} ${state}`)
  )

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads, E>,
  capabilities: Capabilities = { callers: 1_000 }
): void => {
  describe(`registration store: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
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
            assert.deepStrictEqual(yield* states(event.id), [
              "1 confirmed",
              "2 confirmed",
              "3 waitlisted",
              "4 waitlisted"
            ])
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
            assert.deepStrictEqual(yield* states(event.id), [
              "1 cancelled",
              "2 confirmed",
              "3 waitlisted",
              "1 waitlisted"
            ])
          })
        )

        it.effect("cancelling twice answers as the first time and writes nothing more", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 1 })
            const [first] = yield* Given.registerAll(event.id, 2)
            const once = yield* use((turnout) => turnout.cancelRegistration(event.id, first!.id))
            const { event: between } = yield* Invariants.hold(event.id)
            const twice = yield* use((turnout) => turnout.cancelRegistration(event.id, first!.id))
            assert.deepStrictEqual(twice, once)
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
              capacity: 3
            }
            const created = yield* Given.draftEvent(input)
            const event = yield* use((turnout) => turnout.publishEvent(created.id))
            const { counts, createdAt: _c, id: _i, status, updatedAt: _u, version, ...stored } = event
            assert.deepStrictEqual(stored, input)
            assert.deepStrictEqual([status, version, counts.confirmed], ["published", 2, 0])
            const { registration } = yield* use((turnout) =>
              turnout.register(event.id, {
                attendee: { id: 'User-7 {"a\\b"}', name: "NULL", email: "Ünï@example.com" },
                notes: 'vegan, "quoted",\n{braces}\\'
              })
            )
            assert.deepStrictEqual(registration.attendee, {
              id: 'user-7 {"a\\b"}',
              name: "NULL",
              email: "ünï@example.com"
            })
            const read = yield* use((turnout) => turnout.getRegistration(event.id, registration.id))
            assert.deepStrictEqual(read, registration)
            const again = yield* use((turnout) => turnout.getEvent(event.id))
            assert.deepStrictEqual(again, { ...event, version: 3, counts: { ...counts, confirmed: 1 } })
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
            assert.deepStrictEqual(yield* states(event.id), [
              "1 confirmed",
              "2 confirmed",
              "3 confirmed",
              "4 waitlisted"
            ])
            yield* use((turnout) => turnout.cancelRegistration(event.id, one!.id))
            yield* use((turnout) => turnout.cancelRegistration(event.id, two!.id))
            assert.deepStrictEqual((yield* states(event.id)).slice(2), ["3 confirmed", "4 waitlisted"])
          })
        )
      })

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

        it.effect("W2: a raised capacity promotes as many as it frees seats, in the same commit", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 0 })
            yield* Given.registerAll(event.id, 4)
            yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 3 }))
            assert.deepStrictEqual(yield* states(event.id), [
              "1 confirmed",
              "2 confirmed",
              "3 confirmed",
              "4 waitlisted"
            ])
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

      describe("journal", () => {
        it.effect("O1: has an entry for each change, with its principal, and none for a refusal", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 1, waitlist: "closed" })
            const options = { actor: "ada", correlationId: "request 1", causationId: "click 1" }
            yield* use((turnout) => turnout.register(event.id, Given.person(1), options))
            yield* Effect.flip(Given.register(event.id, 2))
            const { journal } = yield* Invariants.hold(event.id)
            assert.deepStrictEqual(
              journal.map(({ type }) => type),
              ["EventCreated", "EventPublished", "AttendeeRegistered"]
            )
            assert.deepStrictEqual(journal[2]?.metadata, options)
            assert.deepStrictEqual(
              journal.slice(0, 2).map(({ occurredAt }) => occurredAt),
              [event.createdAt, event.updatedAt]
            )
            assert.strictEqual(new Set(journal.map(({ id }) => id)).size, 3)
          })
        )
      })

      describe("commands together", () => {
        it.effect("a batch of commands of every kind about one event stores all that they change", () =>
          Effect.gen(function* () {
            const event = yield* Given.draftEvent({ capacity: 1 })
            const register = (n: number) => ({
              _tag: "Register" as const,
              eventId: event.id,
              attendee: fromInput({ email: `person-${n}@example.com` }),
              notes: "",
              registeredAt: null
            })
            const commands: ReadonlyArray<Command> = [
              { _tag: "UpdateEvent", eventId: event.id, changes: { title: "Another title" } },
              { _tag: "PublishEvent", eventId: event.id },
              { _tag: "ChangeCapacity", eventId: event.id, capacity: 2, keepOverhang: false },
              ...[1, 2, 3].map(register)
            ]
            const replies = yield* use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
            assert.isTrue(replies.every(({ answer }) => Result.isSuccess(answer)))
            const { event: after } = yield* Invariants.hold(event.id)
            assert.deepStrictEqual([after.title, after.status, after.capacity], ["Another title", "published", 2])
            assert.deepInclude(after.counts, { confirmed: 2, waitlisted: 1 })
          })
        )

        it.effect("refuses more commands at once than it can bound", () =>
          Effect.gen(function* () {
            const event = yield* Given.draftEvent()
            const command = { _tag: "PublishEvent", eventId: event.id } as const
            const commands = Array.from({ length: MAX_COMMANDS + 1 }, () => ({ command }))
            assert.strictEqual(
              (yield* Effect.flip(use((turnout) => turnout.executeAll(commands))))._tag,
              "InvalidInput"
            )
          })
        )
      })

      describe("concurrent callers", () => {
        const callers = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

        it.effect("R1: 100 callers for 1 seat: one is confirmed, 99 wait", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 1 })
            yield* Effect.forEach(callers(100), (n) => Given.register(event.id, n), { concurrency: "unbounded" })
            const { event: after } = yield* Invariants.hold(event.id)
            assert.deepInclude(after.counts, { confirmed: 1, waitlisted: 99 })
          })
        )

        it.effect(`R1: ${capabilities.callers} callers for half as many seats`, () =>
          Effect.gen(function* () {
            const half = capabilities.callers / 2
            const event = yield* Given.publishedEvent({ capacity: half })
            yield* Effect.forEach(callers(capabilities.callers), (n) => Given.register(event.id, n), {
              concurrency: "unbounded"
            })
            const { event: after } = yield* Invariants.hold(event.id)
            assert.deepInclude(after.counts, { confirmed: half, waitlisted: half })
          })
        )

        it.effect("R1, R6: batches of a thousand commands from several callers at once do not mix", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 1_000 })
            const batch = (first: number) =>
              callers(1_000).map((n) => ({
                command: {
                  _tag: "Register" as const,
                  eventId: event.id,
                  attendee: fromInput({ email: `person-${first + n}@example.com` }),
                  notes: "",
                  registeredAt: null
                }
              }))
            yield* Effect.forEach([0, 1_000, 2_000], (first) => use((turnout) => turnout.executeAll(batch(first))), {
              concurrency: "unbounded"
            })
            const { event: after } = yield* Invariants.hold(event.id)
            assert.deepInclude(after.counts, { confirmed: 1_000, waitlisted: 2_000 })
          })
        )

        it.effect("G2: batches over the same events in different orders neither deadlock nor starve", () =>
          Effect.gen(function* () {
            const events = yield* Effect.forEach(callers(5), () => Given.publishedEvent({ capacity: 3 }))
            yield* Effect.forEach(
              callers(20),
              (n) => {
                const order = n % 2 === 0 ? events : events.toReversed()
                return use((turnout) =>
                  turnout.executeAll(
                    order.map(({ id }) => ({
                      command: {
                        _tag: "Register" as const,
                        eventId: id,
                        attendee: fromInput({ email: `person-${n}@example.com` }),
                        notes: "",
                        registeredAt: null
                      }
                    }))
                  )
                )
              },
              { concurrency: "unbounded" }
            )
            for (const { id } of events) {
              assert.deepInclude((yield* Invariants.hold(id)).event.counts, { confirmed: 3, waitlisted: 17 })
            }
          })
        )

        it.effect("R1 to R6, W1 to W6: register, cancel and change capacity at once from 20 callers", () =>
          Effect.gen(function* () {
            const event = yield* Given.publishedEvent({ capacity: 10 })
            const worker = Effect.fnUntraced(function* (worker: number) {
              for (let round = 0; round < 15; round++) {
                const registered = yield* Effect.result(Given.register(event.id, (worker * 7 + round * 3) % 60))
                if (Result.isSuccess(registered) && round % 3 === 0) {
                  yield* use((turnout) => turnout.cancelRegistration(event.id, registered.success.id))
                }
                if (round % 5 === 4) {
                  const capacity = 5 + ((worker + round) % 15)
                  yield* use((turnout) => turnout.changeCapacity(event.id, { capacity, keepOverhang: true }))
                }
              }
            })
            yield* Effect.forEach(callers(20), worker, { concurrency: "unbounded" })
            yield* Invariants.hold(event.id)
          })
        )
      })

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
            assert.deepStrictEqual(yield* days({ from: at(2), until: at(4) }), [2, 2, 3])
            assert.deepStrictEqual(yield* days({ from: at(3) }), [3, 4])
            assert.deepStrictEqual(yield* days({ from: new Date(at(3).getTime() + 1) }), [4])
            assert.deepStrictEqual(yield* days({ until: at(2) }), [1])
            const { nextCursor: cursor } = yield* use((turnout) => turnout.listEvents({ organizer, limit: 2 }))
            const further = yield* use((turnout) => turnout.listEvents({ organizer, cursor: cursor!, from: at(4) }))
            assert.deepStrictEqual(
              further.items.map(({ startsAt }) => startsAt.getUTCDate()),
              [4],
              "a cursor whose place is before `from`"
            )
            const [first] = yield* list({})
            yield* use((turnout) => turnout.publishEvent(first!.id))
            assert.deepStrictEqual(yield* days({ status: "published" }), [1])
            assert.deepStrictEqual(yield* days({ status: "cancelled" }), [])
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
                turnout.listAttendeeRegistrations(email.toUpperCase(), { limit: 2, ...(cursor ? { cursor } : {}) })
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
    })
  })
}
