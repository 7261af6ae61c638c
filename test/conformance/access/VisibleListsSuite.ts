/**
 * Lists for a principal who may not see everything, as a suite: those of a store leave out what belongs to others, and do not count it.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import { eventOf, newAddress, organization } from "./GuardGiven.ts"

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | OrganizationStore, E>
): void => {
  describe(`lists for those who may not see everything, on ${name}`, () => {
    withLayer(Turnout.layer().pipe(Layer.provideMerge(store)), { excludeTestServices: true, timeout: 60_000 })((it) => {
      it.effect("list events that are public, and the drafts of some organizations", () =>
        Effect.gen(function* () {
          const [ours, theirs] = [yield* organization(), yield* organization()]
          const turnout = yield* Turnout.Turnout
          const organizer = `organizer ${randomUUID()}`
          const make = Effect.fnUntraced(function* (organizationId: OrganizationId, status: string) {
            const { id } = yield* turnout.createEvent({ ...Given.eventInput({ organizer }), organizationId })
            if (status === "draft") return id
            if (status !== "cancelled draft") yield* turnout.publishEvent(id)
            if (status !== "published") yield* turnout.cancelEvent(id)
            return id
          })
          const statuses = ["draft", "published", "cancelled", "cancelled draft"]
          const made = new Map<string, string>()
          for (const status of statuses)
            for (const [whose, id] of Object.entries({ ours, theirs }))
              made.set(yield* make(id, status), `${status}, ${whose}`)
          const seen = Effect.fnUntraced(function* (visibleTo?: ReadonlyArray<OrganizationId>) {
            const names: Array<string> = []
            let cursor: string | null = null
            do {
              const page: Effect.Success<ReturnType<typeof turnout.listEvents>> = yield* turnout.listEvents(
                { organizer, limit: 2, ...(cursor === null ? {} : { cursor }) },
                visibleTo
              )
              names.push(...page.items.map(({ id }) => made.get(id)!))
              cursor = page.nextCursor
            } while (cursor !== null)
            const { total } = yield* turnout.listEvents({ organizer, total: true }, visibleTo)
            assert.strictEqual(total, names.length)
            return names.toSorted()
          })
          const everybodys = ["cancelled, ours", "cancelled, theirs", "published, ours", "published, theirs"]
          assert.deepStrictEqual(yield* seen([]), everybodys)
          assert.deepStrictEqual(
            yield* seen([ours]),
            [...everybodys, "cancelled draft, ours", "draft, ours"].toSorted()
          )
          assert.lengthOf(yield* seen([ours, theirs]), made.size)
          assert.lengthOf(yield* seen(), made.size)
        })
      )

      it.effect("list the registrations of a person for the events of some organizations", () =>
        Effect.gen(function* () {
          const [ours, theirs] = [yield* organization(), yield* organization()]
          const email = newAddress()
          const turnout = yield* Turnout.Turnout
          for (const id of [ours, theirs, ours])
            yield* turnout.register((yield* eventOf(id)).id, { attendee: { email } })
          const count = (of?: ReadonlyArray<OrganizationId>) =>
            Effect.map(turnout.listAttendeeRegistrations(`mailto:${email}`, {}, of), ({ items }) => items.length)
          assert.deepStrictEqual(
            [yield* count([ours]), yield* count([theirs]), yield* count([ours, theirs]), yield* count()],
            [2, 1, 3, 3]
          )
          assert.strictEqual(yield* count([]), 0)
          // The advice about an address in place of an id is not given for what belongs to others.
          assert.lengthOf((yield* turnout.listAttendeeRegistrations(email, {}, [])).items, 0)
          const advice = yield* Effect.flip(turnout.listAttendeeRegistrations(email, {}, [ours]))
          assert.include(advice.message, `mailto:${email}`)
        })
      )
    })
  })
}
