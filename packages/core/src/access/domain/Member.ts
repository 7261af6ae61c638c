/**
 * Members: who belongs to an organization, and in which role.
 *
 * A member is a subject, so somebody can be made one before they have signed in for the first time. An organization that has an owner
 * always keeps one, and nobody gives, changes or takes away a role with permissions that they lack.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { type OrganizationId, TheOrganization } from "../../kernel/domain/OrganizationId.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"
import type { Membership } from "./policy/Principal.ts"
import { MayNotGive, MemberRole, mayGive, permissionsOf } from "./policy/Role.ts"
import { Subject } from "./Subject.ts"

/** The id of a member. Later members have higher ids. */
export const MemberId = Uuid.pipe(Schema.brand("MemberId"))
export type MemberId = typeof MemberId.Type

const words = {
  subject: "Who it is: a verified address, or what a token issuer calls somebody",
  role: "What the member may do in the organization"
} as const

export const Member = Schema.Struct({
  /** The id of the member. */
  id: described("The id of the member", MemberId),
  /** The organization. */
  organizationId: TheOrganization,
  /** Who it is. */
  subject: described(words.subject, Subject),
  /** What the member may do in the organization. */
  role: described(words.role, MemberRole),
  /** When the member was added. */
  addedAt: described("When the member was added", Instant),
  /** When the role was changed last; when the member was added, if it never was. */
  changedAt: described("When the role was changed last; when the member was added, if it never was", Instant)
}).annotate({ identifier: "Member" })
export interface Member extends Schema.Schema.Type<typeof Member> {}

/** The input for a new member. */
export const MemberInput = Schema.Struct({
  subject: described(words.subject, Subject),
  role: described(words.role, MemberRole)
}).annotate({ identifier: "MemberInput" })
export type MemberInput = typeof MemberInput.Type

/** The input for a change of a member. */
export const MemberChanges = Schema.Struct({ role: described(words.role, MemberRole) }).annotate({
  identifier: "MemberChanges"
})
export type MemberChanges = typeof MemberChanges.Type

/** How a member of an organization is named: by the id, or by who it is. */
export type MemberName = { readonly id: MemberId } | { readonly subject: Subject }

/** The subject is a member of the organization already. */
export class MemberExists extends TaggedError<MemberExists>()("MemberExists", {
  organization: described("The organization", Schema.String),
  /** The text of the subject. */
  subject: described("Who is a member already", Schema.String)
}) {
  override get message(): string {
    return `${this.subject} is a member of the organization ${this.organization} already.`
  }
}

/** The organization has no such member. */
export class MemberNotFound extends TaggedError<MemberNotFound>()("MemberNotFound", {
  organization: described("The organization", Schema.String),
  /** The id of the member, or the text of its subject, as it was asked for. */
  member: described("The member that was asked for", Schema.String)
}) {
  override get message(): string {
    return `The organization ${this.organization} has no member ${this.member}.`
  }
}

/** The member is the last owner of the organization, so it stays one. */
export class LastOwner extends TaggedError<LastOwner>()("LastOwner", {
  organization: described("The organization", Schema.String),
  member: described("The id of the member", Schema.String)
}) {
  override get message(): string {
    return `Member ${this.member} is the last owner of the organization ${this.organization}: make another one first.`
  }
}

/** What a change of a member is decided by. */
export interface Circumstances {
  /** Whether the organization has an owner besides this member. */
  readonly hasOtherOwner: boolean
  /** The roles that the one who asks may give and take away. */
  readonly givable: ReadonlyArray<MemberRole>
}

/** Why a member cannot have this role from now on, or be no member (`null`); `undefined` if nothing speaks against it. */
export const refusal = (
  { id, organizationId, role: before }: Member,
  after: MemberRole | null,
  { givable, hasOtherOwner }: Circumstances
): LastOwner | MayNotGive | undefined => {
  if (!givable.includes(before)) return new MayNotGive({ role: before })
  return before === "owner" && after !== "owner" && !hasOtherOwner
    ? new LastOwner({ organization: organizationId, member: id })
    : undefined
}

/** The memberships of one person: one in each organization, with the role that includes the others. */
export const strongest = (memberships: ReadonlyArray<Membership>): ReadonlyArray<Membership> => {
  const found = new Map<OrganizationId, MemberRole>()
  for (const { organizationId, role } of memberships) {
    const other = found.get(organizationId)
    found.set(organizationId, other !== undefined && mayGive(permissionsOf(other), role) ? other : role)
  }
  return [...found]
    .map(([organizationId, role]) => ({ organizationId, role }))
    .toSorted((a, b) => (a.organizationId < b.organizationId ? -1 : 1))
}
