/**
 * Principals: who asks. A request has one, which is found once, at the edge, from its one credential. It is the actor in journal and
 * audit log, and the scope of idempotency keys.
 */
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import type { Permission } from "./Permission.ts"
import { type MemberRole, permissionsOf, type Role } from "./Role.ts"

/** Somebody without a credential. */
export interface Anonymous {
  readonly kind: "anonymous"
  /** Whether the installation is open, so that everybody may do everything. */
  readonly mayEverything?: boolean
}

export interface Membership {
  readonly organizationId: OrganizationId
  readonly role: MemberRole
}

/** A person who has signed in, or has the token of an issuer. */
export interface User {
  readonly kind: "user"
  /** The id of the person, which stays the same however they sign in. */
  readonly id: string
  /** The name by which the person registers; `null` if none is known. */
  readonly name: string | null
  /** The verified address by which the person registers; `null` if there is none. */
  readonly address: string | null
  /** The ids of attendees that are this person: by each verified address, and by the id of the person. */
  readonly attendeeIds: ReadonlyArray<string>
  /** The organizations that the person is a member of, each at most once. */
  readonly memberships: ReadonlyArray<Membership>
  /** Whether the person runs the installation. */
  readonly isOperator: boolean
  /** The id of the session that is the credential; absent if it is the token of an issuer. */
  readonly sessionId?: string
}

/** A program with an API key. */
export interface ApiKey {
  readonly kind: "apiKey"
  readonly id: string
  readonly role: Role
  /** The organization of the key; `null` for the key of an operator. */
  readonly organizationId: OrganizationId | null
}

/** The bearer of the link of one registration. */
export interface AttendeeLink {
  readonly kind: "attendeeLink"
  readonly eventId: EventId
  readonly registrationId: string
}

/** The bearer of the token that opens everything when nothing else does. */
export interface Operator {
  readonly kind: "operator"
}

/** The process itself: sweeps, relays, and programs that embed the library. */
export interface System {
  readonly kind: "system"
}

export type Principal = Anonymous | User | ApiKey | AttendeeLink | Operator | System

/** The name of a principal in the journal, in the audit log, and in the scope of idempotency keys. No two principals share one. */
export const actorOf = (principal: Principal): string => {
  switch (principal.kind) {
    case "user":
      return `user:${principal.id}`
    case "apiKey":
      return `key:${principal.id}`
    case "attendeeLink":
      return `link:${principal.registrationId}`
    default:
      return principal.kind
  }
}

/** The role of a principal in an organization; `undefined` if it has none. */
export const roleIn = (principal: Principal, organizationId: OrganizationId): Role | undefined => {
  switch (principal.kind) {
    case "system":
    case "operator":
      return "operator"
    case "anonymous":
      return principal.mayEverything === true ? "operator" : undefined
    case "user":
      return principal.isOperator
        ? "operator"
        : principal.memberships.find((membership) => membership.organizationId === organizationId)?.role
    case "apiKey":
      return principal.role === "operator" || principal.organizationId === organizationId ? principal.role : undefined
    default:
      return undefined
  }
}

/** The roles that a principal has anywhere. */
const rolesOf = (principal: Principal): ReadonlyArray<Role> => {
  switch (principal.kind) {
    case "system":
    case "operator":
      return ["operator"]
    case "anonymous":
      return principal.mayEverything === true ? ["operator"] : []
    case "user":
      return principal.isOperator ? ["operator"] : principal.memberships.map(({ role }) => role)
    case "apiKey":
      return [principal.role]
    default:
      return []
  }
}

/** Whether a principal has a permission in some organization, or for the installation. */
export const hasAnywhere = (principal: Principal, permission: Permission): boolean =>
  rolesOf(principal).some((role) => permissionsOf(role).has(permission))

/** The permissions of a principal in an organization; for the installation, with `null`. */
export const heldIn = (principal: Principal, organizationId: OrganizationId | null): ReadonlySet<Permission> => {
  if (organizationId === null) return rolesOf(principal).includes("operator") ? permissionsOf("operator") : new Set()
  const role = roleIn(principal, organizationId)
  return role === undefined ? new Set() : permissionsOf(role)
}

/** The organizations in which a principal has a permission. */
export const organizationsWith = (
  principal: Principal,
  permission: Permission
): "all" | ReadonlyArray<OrganizationId> => {
  const roles = rolesOf(principal)
  if (roles.includes("operator")) return "all"
  if (principal.kind === "user")
    return principal.memberships
      .filter(({ role }) => permissionsOf(role).has(permission))
      .map(({ organizationId }) => organizationId)
  return principal.kind === "apiKey" && principal.organizationId !== null && hasAnywhere(principal, permission)
    ? [principal.organizationId]
    : []
}

/** Whether a principal is staff: somebody with a credential and with a role somewhere. */
export const isStaff = (principal: Principal): boolean =>
  principal.kind !== "anonymous" && rolesOf(principal).length > 0

/** Whether an attendee is this principal. */
export const isAttendee = (principal: Principal, attendeeId: string): boolean =>
  principal.kind === "user" && principal.attendeeIds.includes(attendeeId)
