/**
 * The contract of a store of members, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my members", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { MemberId, type MemberInput } from "@turnout/core/access/domain/Member"
import { textOf } from "@turnout/core/access/domain/Subject"
import { MemberStore } from "@turnout/core/access/ports/MemberStore"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import {
  add,
  change,
  entriesOf,
  everyMember,
  organization,
  OWNER,
  remove,
  services,
  somebody,
  type Stores,
  use
} from "./MembersGiven.ts"

/** The largest difference between the clock of a store and that of the test. */
const TOLERANCE_MILLIS = 5_000

export const suite = <E>(name: string, layer: Layer.Layer<Stores, E>): void => {
  describe(`members: ${name}`, () => {
    withLayer(services(layer), { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are added with a role, whoever they are, each with an entry in the audit log", () =>
        Effect.gen(function* () {
          const id = yield* organization
          const identity = { issuer: "https://id.example.com", subject: `Ada "O'Hara" {1,2} \\ #🎟` }
          const byAddress = yield* add(id, "viewer", { address: "Ada@München.DE" })
          const byToken = yield* add(id, "owner", identity)
          assert.deepInclude(byAddress, { organizationId: id, role: "viewer" })
          assert.deepStrictEqual(byAddress.subject, { address: "ada@xn--mnchen-3ya.de" })
          assert.deepStrictEqual(byToken.subject, identity)
          assert.isBelow(Math.abs(byAddress.addedAt.getTime() - Date.now()), TOLERANCE_MILLIS)
          assert.deepStrictEqual(byAddress.changedAt.getTime() - byAddress.addedAt.getTime() < 1_000, true)
          assert.deepStrictEqual(yield* everyMember(id), [byAddress, byToken])
          assert.deepStrictEqual(yield* use(({ get }) => get(id, { id: byToken.id })), byToken)
          assert.deepStrictEqual(yield* use(({ get }) => get(id, { subject: identity })), byToken)
          assert.deepStrictEqual(yield* entriesOf(id), [
            ["ada", "members.add", { member: byAddress.id, subject: "mailto:ada@xn--mnchen-3ya.de", role: "viewer" }],
            [
              "ada",
              "members.add",
              { member: byToken.id, subject: `${identity.issuer}#${identity.subject}`, role: "owner" }
            ]
          ])
        })
      )

      it.effect("are members of an organization once, whoever is first", () =>
        Effect.gen(function* () {
          const id = yield* organization
          const address = somebody()
          const attempts = yield* Effect.forEach(
            [1, 2, 3, 4, 5],
            () => Effect.result(add(id, "viewer", { address: address.toUpperCase() })),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(attempts.filter(({ _tag }) => _tag === "Success").length, 1)
          assert.deepInclude(yield* Effect.flip(add(id, "owner", { address })), {
            _tag: "MemberExists",
            organization: id,
            subject: `mailto:${address}`
          })
          assert.lengthOf(yield* everyMember(id), 1)
          assert.lengthOf(yield* entriesOf(id), 1)
          const other = yield* organization
          assert.strictEqual((yield* add(other, "owner", { address })).role, "owner")
        })
      )

      it.effect("are written once under an id, however often they are sent", () =>
        Effect.gen(function* () {
          const organizationId = yield* organization
          const store = yield* MemberStore
          const subject = { address: somebody() }
          const made = { id: MemberId.make(randomUUID()), organizationId, subject, role: "owner" } as const
          const first = yield* store.add(made, "ada")
          assert.deepStrictEqual(yield* store.add({ ...made, role: "viewer" }, "ada"), first)
          assert.lengthOf(yield* entriesOf(organizationId), 1)
        })
      )

      it.effect("are those of an organization that is there, and not found in another", () =>
        Effect.gen(function* () {
          const nowhere = OrganizationId.make(randomUUID())
          const refused = yield* Effect.flip(add(nowhere, "owner"))
          assert.deepInclude(refused, { _tag: "OrganizationNotFound", organization: nowhere })
          assert.deepStrictEqual(yield* everyMember(nowhere), [])
          const [one, other] = [yield* organization, yield* organization]
          yield* add(one, "owner")
          const member = yield* add(one, "viewer")
          const notFound = { _tag: "MemberNotFound" as const, organization: other, member: member.id as string }
          const elsewhere = { ...member, organizationId: other }
          assert.deepInclude(yield* Effect.flip(use(({ get }) => get(other, { id: member.id }))), notFound)
          assert.deepInclude(yield* Effect.flip(change(elsewhere, "checkin")), notFound)
          assert.deepInclude(yield* Effect.flip(remove(elsewhere)), notFound)
          assert.deepInclude(yield* Effect.flip(use(({ get }) => get(other, { subject: member.subject }))), {
            ...notFound,
            member: `mailto:${(member.subject as { readonly address: string }).address}`
          })
          assert.deepStrictEqual(yield* use(({ get }) => get(one, { id: member.id })), member)
        })
      )

      it.effect("are changed and removed, with an entry if there was something to change", () =>
        Effect.gen(function* () {
          const id = yield* organization
          yield* add(id, "owner")
          const member = yield* add(id, "viewer")
          assert.deepStrictEqual(yield* change(member, "viewer"), member)
          const { changedAt, ...changed } = yield* change(member, "checkin")
          const { changedAt: before, ...rest } = member
          assert.deepStrictEqual(changed, { ...rest, role: "checkin" })
          assert.isAtLeast(changedAt.getTime(), before.getTime())
          assert.deepStrictEqual(yield* remove(member), { ...changed, changedAt })
          assert.strictEqual((yield* Effect.flip(remove(member)))._tag, "MemberNotFound")
          const told = { member: member.id, subject: textOf(member.subject), role: "checkin" }
          assert.deepStrictEqual((yield* entriesOf(id)).slice(2), [
            ["grace", "members.change", { ...told, before: "viewer" }],
            ["grace", "members.remove", told]
          ])
          // Somebody who was removed can be added again.
          assert.notStrictEqual((yield* add(id, "viewer", member.subject)).id, member.id)
        })
      )

      it.effect.each([
        [{ role: "king" as never }, "role"],
        [{ role: "operator" as never }, "role"],
        [{ subject: { address: "nobody" } }, "subject.address"],
        [{ subject: { issuer: "https://id.example.com", subject: "" } }, "subject.subject"],
        [{ subject: { issuer: "https://id.example.com#a", subject: "b" } }, "subject.issuer"],
        [{ subject: { issuer: "https://id.example.com" } as never }, "subject.subject"],
        [{ subject: { address: "ada@example.com", issuer: "x", subject: "y" } as never }, undefined]
      ] as ReadonlyArray<readonly [Partial<typeof MemberInput.Encoded>, string | undefined]>)(
        "are refused with %j",
        ([input, field]) =>
          Effect.gen(function* () {
            const id = yield* organization
            const whole = { subject: { address: somebody() }, role: "viewer" as const, ...input }
            const refused = yield* Effect.flip(use(({ add }) => add(id, whole, OWNER, "ada")))
            assert.strictEqual(refused._tag, "InvalidInput")
            const fields = refused._tag === "InvalidInput" ? refused.issues.map((issue) => issue.field) : []
            assert.isNotEmpty(fields)
            if (field !== undefined) assert.include(fields, field)
          })
      )
    })
  })
}
