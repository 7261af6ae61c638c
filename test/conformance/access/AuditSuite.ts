/**
 * The contract of the audit trail, as a suite: what is in the journal and what is in the audit log, in one order and in pages.
 *
 * ```ts
 * suite("my stores", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import * as Given from "../../support/Given.ts"
import { given, readAll, type Services, write } from "./AuditGiven.ts"
import { eventOf, organization } from "./GuardGiven.ts"

export const suite = <E>(name: string, store: Layer.Layer<Services, E>): void => {
  const services = Turnout.layer().pipe(Layer.provideMerge(store))
  describe(`the order of the audit trail: ${name}`, () => {
    withLayer(Layer.orDie(services), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("is that of the times, of the journal and of the log together, the latest first", () =>
        Effect.gen(function* () {
          const { ada, eventId, grace, id, registrations } = yield* given
          const entries = yield* readAll({ organizationId: id })
          const [first = null, second = null, third = null] = registrations.map((one) => `registration:${one}`)
          assert.deepStrictEqual(
            entries.map(({ action, outcome, resource, who }) => [who, action, resource, outcome]).toReversed(),
            [
              ["ada", "organizations.create", `organization:${id}`, "done"],
              [ada, "EventCreated", `event:${eventId}`, "done"],
              [ada, "listWaitlist", `event:${eventId}`, "done"],
              [grace, "EventPublished", `event:${eventId}`, "done"],
              ["anonymous", "AttendeeRegistered", first, "done"],
              ["anonymous", "AttendeeWaitlisted", second, "done"],
              ["anonymous", "AttendeeWaitlisted", third, "done"],
              [grace, "keys.create", "key:k", "done"],
              [grace, "RegistrationCancelled", first, "done"],
              [grace, "RegistrationPromoted", second, "done"],
              [grace, "cancelEvent", `event:${eventId}`, "refused"]
            ]
          )
          for (const [index, { at }] of entries.entries())
            if (index > 0) assert.isAtMost(at.getTime(), entries[index - 1]!.at.getTime())
          assert.strictEqual(new Set(entries.map((entry) => entry.id)).size, entries.length)
          assert.isTrue(entries.every(({ organizationId }) => organizationId === id))
        })
      )

      it.effect("is the same in pages of every size, also while others write", () =>
        Effect.gen(function* () {
          const { id } = yield* given
          const whole = yield* readAll({ organizationId: id })
          for (const limit of [1, 2, 3, 5, 11]) {
            const paged: Array<AuditEntry> = []
            let after: string | null = null
            do {
              const page: Effect.Success<ReturnType<typeof Audit.list>> = yield* Audit.list(
                { organizationId: id },
                { after, limit }
              )
              paged.push(...page.items)
              after = page.next
              yield* write([{ organizationId: id, who: "user:meanwhile" }])
              yield* eventOf(id)
            } while (after !== null)
            const known = new Set(whole.map((entry) => entry.id))
            assert.deepStrictEqual(
              paged.filter((entry) => known.has(entry.id)),
              whole
            )
            assert.strictEqual(new Set(paged.map((entry) => entry.id)).size, paged.length)
          }
        })
      )

      it.effect("is that of the moments, and not that in which entries were written", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const of = (n: number, ageMillis: number) => ({ organizationId: id, details: { n }, ageMillis })
          yield* write([of(1, 500), of(2, 400)])
          yield* write([of(0, 90_000), of(3, 0)])
          const numbers = (yield* readAll({ organizationId: id, action: "listRegistrations" }, 1)).map(
            ({ details }) => details["n"]
          )
          assert.deepStrictEqual(numbers, [3, 2, 1, 0])
        })
      )

      it.effect("keeps what concerns an event that was deleted with its organization", () =>
        Effect.gen(function* () {
          const id = yield* organization()
          const turnout = yield* Turnout.Turnout
          const { id: eventId } = yield* turnout.createEvent({ ...Given.eventInput(), organizationId: id })
          yield* turnout.deleteEvent(eventId)
          const actions = (yield* readAll({ organizationId: id, resource: `event:${eventId}` })).map(
            ({ action }) => action
          )
          assert.deepStrictEqual(actions, ["EventDeleted", "EventCreated"])
        })
      )
    })
  })
}
