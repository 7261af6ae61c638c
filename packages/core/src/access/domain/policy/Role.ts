/**
 * Roles: named sets of permissions. Members and API keys of an organization have one of the first four; an operator has every
 * permission, in every organization and for the installation.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"
import { OF_INSTALLATION, type Permission, permissions } from "./Permission.ts"

/** The role of a member of an organization. */
export const MemberRole = Schema.Literals(["owner", "organizer", "checkin", "viewer"])
export type MemberRole = typeof MemberRole.Type

export const Role = Schema.Literals([...MemberRole.literals, "operator"])
export type Role = typeof Role.Type

const all = Object.keys(permissions) as ReadonlyArray<Permission>

const viewer: ReadonlyArray<Permission> = ["events:read", "registrations:read"]
const checkin: ReadonlyArray<Permission> = [...viewer, "people:read", "registrations:checkin"]
const organizer: ReadonlyArray<Permission> = [
  ...checkin,
  "events:write",
  "registrations:write",
  "webhooks:read",
  "members:read"
]

/** Every role, with what it is for and what it may do. */
export const roles: Readonly<Record<Role, { readonly about: string; readonly permissions: ReadonlySet<Permission> }>> =
  {
    viewer: { about: "looks", permissions: new Set(viewer) },
    checkin: { about: "stands at the door", permissions: new Set(checkin) },
    organizer: { about: "makes events and cares for those who register", permissions: new Set(organizer) },
    owner: {
      about: "answers for the organization, its members, keys and webhooks",
      permissions: new Set(all.filter((permission) => !OF_INSTALLATION.has(permission)))
    },
    operator: { about: "runs the installation", permissions: new Set(all) }
  }

export const permissionsOf = (role: Role): ReadonlySet<Permission> => roles[role].permissions

/** Whether somebody with these permissions may give this role: nobody gives away more than they have. */
export const mayGive = (held: ReadonlySet<Permission>, role: Role): boolean =>
  [...permissionsOf(role)].every((permission) => held.has(permission))

/** Those of some roles that somebody with these permissions may give. */
export const givableBy = <R extends Role>(held: ReadonlySet<Permission>, roles: ReadonlyArray<R>): ReadonlyArray<R> =>
  roles.filter((role) => mayGive(held, role))

/** The role has permissions that the caller lacks, so the caller can neither give it nor take it away. */
export class MayNotGive extends TaggedError<MayNotGive>()("MayNotGive", {
  role: described("The role with permissions that the caller lacks", Role)
}) {
  override get message(): string {
    return `The role ${this.role} has permissions that you lack: you can neither give it nor take it away.`
  }
}
