/**
 * The contract of a store of members about their roles, as a suite: owners, what may be given away, and the memberships of a person.
 * One line runs it on a store:
 *
 * ```ts
 * suite("my members", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { Subject } from "@turnout/core/access/domain/Subject"
import { MemberStore } from "@turnout/core/access/ports/MemberStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import {
  add,
  change,
  everyMember,
  organization,
  ORGANIZER,
  remove,
  services,
  somebody,
  type Stores
} from "./MembersGiven.ts"

export const suite = <E>(name: string, layer: Layer.Layer<Stores, E>): void => {
  describe(`roles of members: ${name}`, () => {
    withLayer(services(layer), { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("keep an owner, if they have one", () =>
        Effect.gen(function* () {
          const id = yield* organization
          const viewer = yield* add(id, "viewer")
          yield* remove(viewer)
          const owner = yield* add(id, "owner")
          const last = { _tag: "LastOwner" as const, organization: id, member: owner.id as string }
          assert.deepInclude(yield* Effect.flip(remove(owner)), last)
          assert.deepInclude(yield* Effect.flip(change(owner, "organizer")), last)
          assert.deepStrictEqual(yield* change(owner, "owner"), owner)
          const other = yield* add(id, "owner")
          yield* change(owner, "viewer")
          assert.deepInclude(yield* Effect.flip(remove(other)), { ...last, member: other.id as string })
          assert.lengthOf(yield* everyMember(id), 2)
        })
      )

      it.effect("keep an owner also if two owners remove each other at the same moment", () =>
        Effect.gen(function* () {
          for (let round = 0; round < 15; round++) {
            const id = yield* organization
            const [one, other] = [yield* add(id, "owner"), yield* add(id, "owner")]
            const attempts = yield* Effect.forEach(
              [remove(one), change(other, "viewer"), remove(other), change(one, "viewer")],
              Effect.result,
              { concurrency: "unbounded" }
            )
            const owners = (yield* everyMember(id)).filter(({ role }) => role === "owner")
            assert.lengthOf(owners, 1)
            for (const { _tag, ...attempt } of attempts)
              if (_tag === "Failure" && "failure" in attempt)
                assert.include(["LastOwner", "MemberNotFound"], attempt.failure._tag)
          }
        })
      )

      it.effect("are given, changed and removed by nobody who lacks a permission of their role", () =>
        Effect.gen(function* () {
          const id = yield* organization
          const owner = yield* add(id, "owner")
          yield* add(id, "owner")
          const refused = { _tag: "MayNotGive" as const, role: "owner" as const }
          assert.deepInclude(yield* Effect.flip(add(id, "owner", { address: somebody() }, ORGANIZER)), refused)
          assert.deepInclude(yield* Effect.flip(change(owner, "viewer", ORGANIZER)), refused)
          assert.deepInclude(yield* Effect.flip(remove(owner, ORGANIZER)), refused)
          const viewer = yield* add(id, "viewer", { address: somebody() }, ORGANIZER)
          assert.deepInclude(yield* Effect.flip(change(viewer, "owner", ORGANIZER)), refused)
          assert.strictEqual((yield* change(viewer, "organizer", ORGANIZER)).role, "organizer")
          yield* remove(viewer, ORGANIZER)
          assert.lengthOf(yield* everyMember(id), 2)
        })
      )

      it.effect("are memberships of a person: one in each organization, with the role that includes the others", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* organization, yield* organization].toSorted()
          const address = somebody()
          const identity = { issuer: "https://id.example.com", subject: randomUUID() }
          yield* add(one!, "checkin", { address })
          yield* add(one!, "organizer", identity)
          yield* add(other!, "owner", { address })
          yield* add(other!, "viewer", identity)
          yield* add(other!, "owner")
          const memberships = (subjects: ReadonlyArray<Subject>) =>
            MemberStore.use((store) => store.membershipsOf(subjects))
          assert.deepStrictEqual(yield* memberships([{ address: somebody() }, { address }, identity]), [
            { organizationId: one!, role: "organizer" },
            { organizationId: other!, role: "owner" }
          ])
          assert.deepStrictEqual(yield* memberships([identity]), [
            { organizationId: one!, role: "organizer" },
            { organizationId: other!, role: "viewer" }
          ])
          assert.deepStrictEqual(yield* memberships([]), [])
          assert.deepStrictEqual(yield* memberships([{ ...identity, issuer: "https://other.example.com" }]), [])
        })
      )
    })
  })
}
