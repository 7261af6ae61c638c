/**
 * What the suites of members are given: organizations, people, and the uses of members.
 */
import * as Members from "@turnout/core/access/application/Members"
import * as Organizations from "@turnout/core/access/application/Organizations"
import type { Member, MemberId } from "@turnout/core/access/domain/Member"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import type { Subject } from "@turnout/core/access/domain/Subject"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { MemberStore } from "@turnout/core/access/ports/MemberStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer, Struct } from "effect"
import { randomUUID } from "node:crypto"

/** The stores that the suites run on. */
export type Stores = AuditLog | MemberStore | OrganizationStore

export const services = <E>(layer: Layer.Layer<Stores, E>) =>
  Layer.mergeAll(Members.layer, Organizations.layer).pipe(Layer.provideMerge(layer))

export const use = <A, E, R>(f: (members: Members.Members["Service"]) => Effect.Effect<A, E, R>) =>
  Members.Members.use(f)

export const OWNER = permissionsOf("owner")
export const ORGANIZER = permissionsOf("organizer")

export const organization = Effect.map(
  Organizations.Organizations.use(({ create }) =>
    create({ slug: `it-${randomUUID().slice(0, 13)}`, name: "Members" }, "ada")
  ),
  ({ id }) => id
)

export const somebody = (): string => `${randomUUID()}@example.com`

export const add = (
  id: OrganizationId,
  role: Member["role"],
  subject: Subject = { address: somebody() },
  held = OWNER
) => use(({ add }) => add(id, { subject, role }, held, "ada"))
export const change = (of: Member, role: Member["role"], held = OWNER) =>
  use(({ change }) => change(of.organizationId, of.id, { role }, held, "grace"))
export const remove = (of: Member, held = OWNER) => use(({ remove }) => remove(of.organizationId, of.id, held, "grace"))

export const entriesOf = (id: OrganizationId) =>
  Effect.map(
    AuditLog.use((log) => log.list({ after: null, limit: 500 })),
    (entries) =>
      entries
        .filter(({ action, details }) => details["organization"] === id && action.startsWith("members."))
        .toReversed()
        .map(({ action, details, who }) => [who, action, Struct.omit(details, ["organization"])])
  )

export const everyMember = Effect.fnUntraced(function* (id: OrganizationId) {
  const found: Array<Member> = []
  for (let after: MemberId | null = null; ;) {
    const page: ReadonlyArray<Member> = yield* use(({ list }) => list(id, { after, limit: 2 }))
    if (page.length === 0) return found
    found.push(...page)
    after = page.at(-1)!.id
  }
})
