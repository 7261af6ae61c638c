/**
 * What a store has to do for the use cases behind the policy, as a suite: links are written with their registrations, and writes
 * are decided for their principal.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { digestOf, hasDigest } from "@turnout/core/access/application/Secrets"
import type { Principal, User } from "@turnout/core/access/domain/policy/Principal"
import type { MemberRole } from "@turnout/core/access/domain/policy/Role"
import { PersonId } from "@turnout/core/access/domain/Person"
import { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Register from "@turnout/core/admission/domain/model/Register"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer, Result } from "effect"
import { randomUUID } from "node:crypto"
import { eventOf, newAddress, organization } from "./GuardGiven.ts"

const anonymous: Principal = { kind: "anonymous" }

const person = (address: string, memberships: User["memberships"] = []): User => ({
  kind: "user",
  id: `person of ${address}`,
  name: "Ada Lovelace",
  address,
  attendeeIds: [`mailto:${address}`],
  memberships,
  isOperator: false
})

const as =
  (principal: Principal) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, CurrentPrincipal>> =>
    Effect.provideService(work, CurrentPrincipal, principal)

/** Registers, for the principal, whom the guard takes it to be. */
const register = Effect.fnUntraced(function* (eventId: EventId, email: string | undefined, key: string = randomUUID()) {
  const guarded = yield* GuardedTurnout
  const attendee = yield* guarded.attendeeOf(email === undefined ? undefined : { email })
  return yield* guarded.execute(Register.fromInput(eventId, { attendee }), { idempotencyKey: key })
})

const cancel = (eventId: EventId, registrationId: string) =>
  GuardedTurnout.use(({ execute }) =>
    execute({ _tag: "CancelRegistration", eventId, registrationId: registrationId as never }, {})
  )

const failureOf = (answer: Result.Result<unknown, { readonly _tag: string }>): string =>
  Result.isFailure(answer) ? answer.failure._tag : "none"

export const suite = <E>(
  name: string,
  store: Layer.Layer<
    AdmissionStore | AdmissionReads | AttendeeLinkStore | AuditLog | OrganizationStore | PeopleStore,
    E
  >
): void => {
  const services = GuardedTurnout.layer.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(store))

  describe(`use cases behind the policy on ${name}`, () => {
    withLayer(services, { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("give a registration its link in the commit that makes it, and never again", () =>
        Effect.gen(function* () {
          const { id: eventId } = yield* eventOf(yield* organization())
          const [email, key] = [newAddress(), randomUUID()]
          const first = yield* as(anonymous)(register(eventId, email, key))
          const { registration } = Result.getOrThrow(first.answer)
          const find = AttendeeLinkStore.use((links) => links.find(registration.id))
          const stored = yield* find
          assert.strictEqual(stored?.eventId, eventId)
          assert.isTrue(hasDigest(first.linkSecret!, stored!.digest))
          const again = yield* as(anonymous)(register(eventId, email, key))
          assert.deepStrictEqual([again.replayed, again.linkSecret], [true, null])
          assert.deepStrictEqual(yield* find, stored)
        })
      )

      it.effect("replace a link, which ends the one before, and write it down", () =>
        Effect.gen(function* () {
          const { id: eventId } = yield* eventOf(yield* organization())
          const { answer, linkSecret } = yield* as(anonymous)(register(eventId, newAddress()))
          const { id } = Result.getOrThrow(answer).registration
          const links = yield* AttendeeLinkStore
          const digest = digestOf("another secret")
          yield* links.replace(eventId, id, digest, "grace")
          assert.deepStrictEqual(yield* links.find(id), { eventId, digest })
          assert.isFalse(hasDigest(linkSecret!, digest))
          const [entry] = yield* AuditLog.use((log) => log.list({ after: null, limit: 1 }))
          assert.deepInclude(entry, {
            who: "grace",
            action: "links.replace",
            details: { event: eventId, registration: id }
          })
          assert.isUndefined(yield* links.find(randomUUID()))
        })
      )

      it.effect("end the links of a person who is deactivated, and keep the registrations", () =>
        Effect.gen(function* () {
          const [{ id: first }, { id: second }] = [
            yield* eventOf(yield* organization()),
            yield* eventOf(yield* organization())
          ]
          const [own, another] = [newAddress(), newAddress()]
          const registered = yield* Effect.forEach(
            [
              [first, own],
              [second, own],
              [first, another]
            ] as const,
            ([eventId, email]) =>
              Effect.map(
                as(anonymous)(register(eventId, email)),
                ({ answer }) => Result.getOrThrow(answer).registration
              )
          )
          yield* as(person(own))(cancel(second, registered[1]!.id))
          const people = yield* PeopleStore
          const links = yield* AttendeeLinkStore
          const newId = PersonId.make(randomUUID())
          const { id } = yield* people.signedIn({ identity: null, address: own, name: null }, newId)
          yield* people.deactivate(id, "grace")
          const found = yield* Effect.forEach(registered, (one) => links.find(one.id))
          assert.deepStrictEqual(
            found.map((link) => link !== undefined),
            [false, false, true]
          )
          const turnout = yield* Turnout.Turnout
          const kept = yield* Effect.forEach(registered, (one) => turnout.getRegistration(one.eventId, one.id))
          assert.deepStrictEqual(
            kept.map(({ state }) => state),
            ["confirmed", "cancelled", "confirmed"]
          )
        })
      )

      it.effect("give many who register at once a link each", () =>
        Effect.gen(function* () {
          const { id: eventId } = yield* eventOf(yield* organization(), { capacity: 20 })
          const replies = yield* Effect.forEach(
            Array.from({ length: 50 }),
            () => as(anonymous)(register(eventId, newAddress())),
            { concurrency: "unbounded" }
          )
          for (const { answer, linkSecret } of replies) {
            const stored = yield* AttendeeLinkStore.use((links) =>
              links.find(Result.getOrThrow(answer).registration.id)
            )
            assert.isTrue(hasDigest(linkSecret!, stored!.digest))
          }
        })
      )

      it.effect("let people register and cancel for themselves only, and staff for others", () =>
        Effect.gen(function* () {
          const ours = yield* organization()
          const { id: eventId } = yield* eventOf(ours, { capacity: 10 })
          const [address, other] = [newAddress(), newAddress()]
          const ada = person(address)
          const own = Result.getOrThrow((yield* as(ada)(register(eventId, undefined))).answer).registration
          assert.deepStrictEqual(
            { ...own.attendee, id: String(own.attendee.id) },
            { id: `mailto:${address}`, name: "Ada Lovelace", email: address }
          )
          assert.strictEqual(failureOf((yield* as(ada)(register(eventId, other))).answer), "Forbidden")
          const staff = person(newAddress(), [{ organizationId: ours, role: "organizer" }])
          const others = Result.getOrThrow((yield* as(staff)(register(eventId, other))).answer).registration
          assert.strictEqual(failureOf((yield* as(ada)(cancel(eventId, others.id))).answer), "RegistrationNotFound")
          assert.strictEqual(failureOf((yield* as(ada)(cancel(eventId, own.id))).answer), "none")
          const nobody = { ...person(address), address: null }
          const missing = yield* Effect.flip(as(nobody)(register(eventId, undefined)))
          assert.deepInclude(missing, { _tag: "InvalidInput" })
        })
      )

      it.effect("decide who may cancel by what is so under the lock, and not by what was read before", () =>
        Effect.gen(function* () {
          const ours = yield* organization()
          const { id: eventId } = yield* eventOf(ours, { capacity: 10 })
          const turnout = yield* Turnout.Turnout
          const [address, heir] = [newAddress(), newAddress()]
          const ada = person(address)
          const { id } = Result.getOrThrow((yield* as(ada)(register(eventId, undefined))).answer).registration
          yield* turnout.correctRegistration(eventId, id, { attendee: { email: heir } })
          assert.strictEqual(failureOf((yield* as(ada)(cancel(eventId, id))).answer), "RegistrationNotFound")
          assert.strictEqual((yield* turnout.getRegistration(eventId, id)).state, "confirmed")
        })
      )

      it.effect("open an event to its members", () =>
        Effect.gen(function* () {
          const [ours, theirs] = [yield* organization(), yield* organization()]
          const { id: eventId } = yield* eventOf(ours, { registration: "members", capacity: 10 })
          const member = (organizationId: OrganizationId, role: MemberRole) =>
            person(newAddress(), [{ organizationId, role }])
          const answers = [anonymous, person(newAddress()), member(theirs, "owner"), member(ours, "viewer")]
          const seen: Array<string> = []
          for (const principal of answers) {
            const email = principal.kind === "anonymous" ? newAddress() : undefined
            seen.push(failureOf((yield* as(principal)(register(eventId, email))).answer))
          }
          assert.deepStrictEqual(seen, ["Unauthenticated", "Forbidden", "Forbidden", "none"])
        })
      )

      it.effect("I4: two callers with one key never meet", () =>
        Effect.gen(function* () {
          const { id: eventId } = yield* eventOf(yield* organization(), { capacity: 10 })
          const key = randomUUID()
          const [ada, bob] = [person(newAddress()), person(newAddress())]
          const replies = yield* Effect.forEach(
            [ada, bob, ada, bob],
            (principal) => as(principal)(register(eventId, undefined, key)),
            { concurrency: "unbounded" }
          )
          const ids = replies.map(({ answer }) => Result.getOrThrow(answer).registration.attendee.id)
          assert.deepStrictEqual(
            ids,
            [ada, bob, ada, bob].map(({ attendeeIds }) => attendeeIds[0])
          )
        })
      )
    })
  })
}
