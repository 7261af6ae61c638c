/**
 * The contract of a registration store about keys, as a suite: a store distinguishes rows by every part of their keys, and
 * ends pages and batches at the right place. One line runs it on a store:
 *
 * ```ts
 * suite("my store", layer)
 * ```
 *
 * Each test makes its own events, so tests share a store and run on a store that holds other data.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { Page } from "@turnout/core/kernel/domain/Page"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Register } from "@turnout/core/admission/domain/model/Register"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { CancelRegistration, RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer, Result } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { use } from "./AdmissionGiven.ts"

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

const registering = (eventId: EventId, n: number): Register => ({
  _tag: "Register",
  eventId,
  attendee: fromInput({ email: `person-${n}@example.com` }),
  notes: "",
  registeredAt: null
})

const cancelling = (eventId: EventId, registrationId: RegistrationId): CancelRegistration => ({
  _tag: "CancelRegistration",
  eventId,
  registrationId
})

const executeAll = (commands: ReadonlyArray<Command>) =>
  Effect.map(
    use((turnout) => turnout.executeAll(commands.map((command) => ({ command })))),
    (replies) => replies.map(({ answer }) => Result.getOrThrow(answer))
  )

/** The service on the same store, with a memory of one second for idempotency keys. */
const forgetful = Turnout.layer({ idempotencyTtlMillis: 1_000 })

/** Checks W6: both reads of the place of each waiter give the rank by recount. */
const placesHold = Effect.fnUntraced(function* (eventId: EventId) {
  const { waitlist } = yield* Invariants.hold(eventId)
  for (const { position, registration } of waitlist) {
    const place = yield* use((turnout) => turnout.waitlistPosition(eventId, registration.id))
    assert.deepStrictEqual({ ...place }, { position, length: waitlist.length })
  }
})

type List = (query: {
  readonly limit: number
  readonly cursor?: string
}) => Effect.Effect<Page<unknown>, unknown, Turnout.Turnout>

/** The number of items on each page of a list. */
const pagesOf = Effect.fnUntraced(function* (list: List, limit: number) {
  const sizes: Array<number> = []
  let cursor: string | undefined
  do {
    const page = yield* list(cursor === undefined ? { limit } : { limit, cursor })
    sizes.push(page.items.length)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return sizes
})

export const suite = <E>(name: string, store: Layer.Layer<AdmissionStore | AdmissionReads, E>): void => {
  describe(`keys of the registration store: ${name}`, () => {
    const layer = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("finds nothing of one event through another, by any request", () =>
        Effect.gen(function* () {
          const [one, two] = yield* Effect.all([
            Given.publishedEvent({ capacity: 0 }),
            Given.publishedEvent({ capacity: 0 })
          ])
          const { id } = yield* Given.register(one.id, 1)
          yield* Given.register(two.id, 2)
          const asked: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, Turnout.Turnout>> = [
            use((turnout) => turnout.getRegistration(two.id, id)),
            use((turnout) => turnout.waitlistPosition(two.id, id)),
            use((turnout) => turnout.cancelRegistration(two.id, id)),
            use((turnout) => turnout.confirmRegistration(two.id, id)),
            use((turnout) => turnout.markAttended(two.id, id)),
            use((turnout) => turnout.markNoShow(two.id, id)),
            use((turnout) => turnout.reinstateRegistration(two.id, id)),
            use((turnout) => turnout.correctRegistration(two.id, id, { notes: "vegan" })),
            use((turnout) => turnout.clearAttendance(two.id, id)),
            use((turnout) => turnout.releaseSeat(two.id, id))
          ]
          for (const ask of asked) assert.strictEqual((yield* Effect.flip(ask))._tag, "RegistrationNotFound")
          assert.strictEqual((yield* use((turnout) => turnout.getRegistration(one.id, id))).state, "waitlisted")
          yield* placesHold(two.id)
        })
      )

      it.effect("W6: counts the waitlists of events apart that change in one batch", () =>
        Effect.gen(function* () {
          // The lists are long enough that places are computed from the counts of blocks.
          const waiters = 150
          const events = yield* Effect.forEach(upTo(2), () => Given.publishedEvent({ capacity: 0 }))
          const outcomes = yield* executeAll(
            upTo(waiters).flatMap((n) => events.map(({ id }, index) => registering(id, n + index)))
          )
          for (const { id } of events) yield* placesHold(id)
          const registered = outcomes.flatMap((outcome) => ("registration" in outcome ? [outcome.registration] : []))
          assert.strictEqual(registered.length, 2 * waiters)
          // More people leave one list than the other.
          const leaving = registered.filter(({ eventId }, n) => n % (eventId === events[0]!.id ? 3 : 10) === 0)
          yield* executeAll(leaving.map(({ eventId, id }) => cancelling(eventId, id)))
          for (const { id } of events) yield* placesHold(id)
        })
      )

      it.effect("lists all registrations that an attendee ever had, and none of another attendee", () =>
        Effect.gen(function* () {
          const [email, other] = [`ada-${randomUUID()}@example.com`, `bob-${randomUUID()}@example.com`]
          const events = yield* Effect.forEach(upTo(3), () => Given.publishedEvent())
          const register = (eventId: string, attendee: string) =>
            use((turnout) => turnout.register(eventId, { attendee: { email: attendee } }))
          const own: Array<string> = []
          for (const { id } of events) {
            own.push((yield* register(id, email)).registration.id)
            yield* register(id, other)
          }
          yield* use((turnout) => turnout.cancelRegistration(events[0]!.id, own[0]!))
          yield* use((turnout) => turnout.cancelRegistration(events[2]!.id, own[2]!))
          own.push((yield* register(events[0]!.id, email)).registration.id)
          const list = (query: { readonly limit: number; readonly cursor?: string }) =>
            use((turnout) => turnout.listAttendeeRegistrations(`mailto:${email}`, query))
          for (const limit of [1, 2, 3, 4]) {
            const found = yield* Invariants.all((cursor) => list(cursor === undefined ? { limit } : { limit, cursor }))
            assert.deepStrictEqual(
              found.map(({ id, state }) => [id, state]),
              own.map((id, n) => [id, n === 0 || n === 2 ? "cancelled" : "confirmed"])
            )
          }
        })
      )

      it.effect("I3, I4: keeps principals, operations and keys apart that are under way at the same time", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent({ capacity: 100 })
          const [first, second] = [randomUUID(), randomUUID()]
          const senders = ["ada", "bob", "eve"].flatMap((actor) => [first, second].map((key) => ({ actor, key })))
          const send = Effect.forEach(
            senders,
            ({ actor, key }, n) =>
              use((turnout) => turnout.register(event.id, Given.person(n), { actor, idempotencyKey: key })),
            { concurrency: "unbounded" }
          )
          const answers = yield* send
          assert.strictEqual(new Set(answers.map(({ registration }) => registration.id)).size, senders.length)
          assert.deepStrictEqual(yield* send, answers)
          const cancelled = yield* Effect.forEach(
            senders,
            ({ actor, key }, n) =>
              use((turnout) =>
                turnout.cancelRegistration(event.id, answers[n]!.registration.id, { actor, idempotencyKey: key })
              ),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(
            cancelled.map(({ id, state }) => [id, state]),
            answers.map(({ registration }) => [registration.id, "cancelled"])
          )
          assert.deepStrictEqual(yield* send, answers)
          yield* Invariants.hold(event.id)
        })
      )

      it.effect("I4, I6: uses a key anew that has expired, and leaves expired keys of others as they are", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent({ capacity: 100 })
          const [first, second] = [randomUUID(), randomUUID()]
          const register = (n: number, actor: string, idempotencyKey: string) =>
            use((turnout) => turnout.execute(registering(event.id, n), { actor, idempotencyKey }))
          const cancel = (registrationId: RegistrationId, actor: string, idempotencyKey: string) =>
            use((turnout) => turnout.execute(cancelling(event.id, registrationId), { actor, idempotencyKey }))
          const idOf = ({ answer }: Effect.Success<ReturnType<typeof register>>) =>
            Result.getOrThrow(answer).registration.id
          // Two principals have the same key, and one of them has another key too, and a key of another operation.
          const ada = idOf(yield* register(1, "ada", first))
          yield* register(2, "bob", first)
          yield* register(3, "ada", second)
          yield* cancel(ada, "ada", first)
          yield* Effect.sleep("1100 millis")
          const again = yield* register(4, "ada", first)
          assert.deepStrictEqual([again.answer._tag, again.replayed], ["Success", false])
          assert.deepStrictEqual(yield* register(4, "ada", first), { ...again, replayed: true })
          for (const [n, actor, key] of [
            [5, "bob", first],
            [6, "ada", second]
          ] as const) {
            const fresh = yield* register(n, actor, key)
            assert.deepStrictEqual([fresh.answer._tag, fresh.replayed], ["Success", false])
          }
          assert.isFalse((yield* cancel(idOf(again), "ada", first)).replayed)
          assert.isTrue((yield* register(4, "ada", first)).replayed)
          yield* Invariants.hold(event.id)
        }).pipe(Effect.provide(forgetful))
      )

      it.effect("has no empty page at the end of a list, and no cursor on the last page, be that full or not", () =>
        Effect.gen(function* () {
          const limit = 3
          for (const [items, pages] of [
            [2 * limit - 1, [3, 2]],
            [2 * limit, [3, 3]],
            [2 * limit + 1, [3, 3, 1]]
          ] as const) {
            const organizer = `organizer ${randomUUID()}`
            const email = `${randomUUID()}@example.com`
            const event = yield* Given.publishedEvent({ capacity: 0 })
            yield* Given.registerAll(event.id, items)
            for (let n = 0; n < items; n++) {
              const own = yield* Given.publishedEvent({ organizer })
              yield* use((turnout) => turnout.register(own.id, { attendee: { email } }))
            }
            const journalled = yield* Given.publishedEvent({ capacity: 0 })
            yield* Given.registerAll(journalled.id, items - 2)
            const lists: ReadonlyArray<List> = [
              (query) => use((turnout) => turnout.listEvents({ organizer, ...query })),
              (query) => use((turnout) => turnout.listRegistrations(event.id, query)),
              (query) => use((turnout) => turnout.listRegistrations(event.id, { state: "waitlisted", ...query })),
              (query) => use((turnout) => turnout.listWaitlist(event.id, query)),
              (query) => use((turnout) => turnout.listAttendeeRegistrations(`mailto:${email}`, query)),
              (query) => use((turnout) => turnout.listJournal(journalled.id, query))
            ]
            for (const list of lists) assert.deepStrictEqual(yield* pagesOf(list, limit), [...pages])
          }
        })
      )
    })
  })
}
