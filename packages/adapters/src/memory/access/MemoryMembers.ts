/**
 * Members in memory.
 */
import {
  type LastOwner,
  type Member,
  MemberExists,
  type MemberId,
  type MemberName,
  MemberNotFound,
  refusal,
  strongest
} from "@turnout/core/access/domain/Member"
import type { MayNotGive, MemberRole } from "@turnout/core/access/domain/policy/Role"
import { textOf } from "@turnout/core/access/domain/Subject"
import { type By, MemberStore } from "@turnout/core/access/ports/MemberStore"
import { type OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"
import { Entries } from "./MemoryAuditLog.ts"
import { Known } from "./MemoryOrganizations.ts"

/** What the audit log tells of a member. */
const told = ({ id, organizationId, role, subject }: Member) => ({
  organization: organizationId,
  member: id,
  subject: textOf(subject),
  role
})

const aboutOf = ({ id, organizationId }: Member) => ({ resource: `member:${id}`, organizationId })

const isCalled = (member: Member, name: MemberName): boolean =>
  "id" in name ? member.id === name.id : textOf(member.subject) === textOf(name.subject)

const make = Effect.gen(function* () {
  const audit = yield* Entries
  const organizations = yield* Known
  const { now } = yield* MemoryClock
  const members = new Map<MemberId, Member>()

  const ofOrganization = (id: OrganizationId) => [...members.values()].filter((one) => one.organizationId === id)
  const find = (organizationId: OrganizationId, name: MemberName) =>
    ofOrganization(organizationId).find((one) => isCalled(one, name))

  /** The member, if it may have this role from now on, or be none. */
  const changing = (
    organizationId: OrganizationId,
    id: MemberId,
    role: MemberRole | null,
    { givable }: By
  ): Effect.Effect<Member, MemberNotFound | MayNotGive | LastOwner> => {
    const member = find(organizationId, { id })
    if (member === undefined) return Effect.fail(new MemberNotFound({ organization: organizationId, member: id }))
    const hasOtherOwner = ofOrganization(organizationId).some((other) => other.role === "owner" && other.id !== id)
    const refused = refusal(member, role, { givable, hasOtherOwner })
    return refused === undefined ? Effect.succeed(member) : Effect.fail(refused)
  }

  return MemberStore.of({
    add: (added, who) =>
      Effect.suspend((): Effect.Effect<Member, OrganizationNotFound | MemberExists> => {
        const { id, organizationId: organization, subject } = added
        const known = members.get(id)
        if (known !== undefined) return Effect.succeed(known)
        if (!organizations.has(organization)) return Effect.fail(new OrganizationNotFound({ organization }))
        if (find(organization, { subject }) !== undefined)
          return Effect.fail(new MemberExists({ organization, subject: textOf(subject) }))
        const at = now()
        const member = { ...added, addedAt: at, changedAt: at }
        members.set(id, member)
        audit.write(who, "members.add", told(member), aboutOf(member))
        return Effect.succeed(member)
      }),
    changeRole: (organizationId, id, role, by) =>
      Effect.suspend(() =>
        Effect.map(changing(organizationId, id, role, by), (before) => {
          if (before.role === role) return before
          const member = { ...before, role, changedAt: now() }
          members.set(id, member)
          audit.write(by.who, "members.change", { ...told(member), before: before.role }, aboutOf(member))
          return member
        })
      ),
    remove: (organizationId, id, by) =>
      Effect.suspend(() =>
        Effect.tap(changing(organizationId, id, null, by), (member) =>
          Effect.sync(() => {
            members.delete(id)
            audit.write(by.who, "members.remove", told(member), aboutOf(member))
          })
        )
      ),
    find: (organizationId, name) => Effect.sync(() => find(organizationId, name)),
    list: (organizationId, { after, limit }) =>
      Effect.sync(() =>
        ofOrganization(organizationId)
          .filter(({ id }) => after === null || id > after)
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit)
      ),
    membershipsOf: (subjects) =>
      Effect.sync(() => {
        const texts = new Set(subjects.map(textOf))
        return strongest([...members.values()].filter(({ subject }) => texts.has(textOf(subject))))
      })
  })
})

export const layer: Layer.Layer<MemberStore, never, Entries | Known | MemoryClock> = Layer.effect(MemberStore, make)
