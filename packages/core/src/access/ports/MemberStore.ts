/**
 * Members as stores keep them. Changes are written to the audit log in the same transaction.
 *
 * An organization that has an owner always keeps one, also if two owners remove each other at the same moment: changes of the members
 * of one organization are decided one after the other.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { LastOwner, Member, MemberExists, MemberId, MemberName, MemberNotFound } from "../domain/Member.ts"
import type { Membership } from "../domain/policy/Principal.ts"
import type { MayNotGive, MemberRole } from "../domain/policy/Role.ts"
import type { Subject } from "../domain/Subject.ts"

/** A member that is to be stored. */
export type NewMember = Pick<Member, "id" | "organizationId" | "subject" | "role">

/** One who changes members: their name for the audit log, and the roles that they may give and take away. */
export interface By {
  readonly who: string
  readonly givable: ReadonlyArray<MemberRole>
}

export class MemberStore extends Context.Service<
  MemberStore,
  {
    /** Adds a member, unless there is one of this id; returns the member as it is then. */
    readonly add: (
      member: NewMember,
      who: string
    ) => Effect.Effect<Member, OrganizationNotFound | MemberExists | StoreError>
    /**
     * Gives a member another role; changes nothing, and writes no entry, if it has the role already. Fails with `MayNotGive` if the
     * role before is none of those that may be taken away. Whether the new one may be given is for the caller to decide.
     */
    readonly changeRole: (
      organizationId: OrganizationId,
      id: MemberId,
      role: MemberRole,
      by: By
    ) => Effect.Effect<Member, MemberNotFound | MayNotGive | LastOwner | StoreError>
    /** Removes a member, and returns it as it was. Fails as `changeRole` does. */
    readonly remove: (
      organizationId: OrganizationId,
      id: MemberId,
      by: By
    ) => Effect.Effect<Member, MemberNotFound | MayNotGive | LastOwner | StoreError>
    /** Returns a member of an organization; `undefined` if there is none. */
    readonly find: (organizationId: OrganizationId, name: MemberName) => Effect.Effect<Member | undefined, StoreError>
    /** Returns the members of an organization, the oldest first; the key is the id. */
    readonly list: (
      organizationId: OrganizationId,
      page: PageRequest<MemberId>
    ) => Effect.Effect<ReadonlyArray<Member>, StoreError>
    /**
     * Returns the memberships of the person who is all of these subjects, in the order of the organizations: one in each, with the
     * role that includes the others.
     */
    readonly membershipsOf: (subjects: ReadonlyArray<Subject>) => Effect.Effect<ReadonlyArray<Membership>, StoreError>
  }
>()("@turnout/MemberStore") {}
