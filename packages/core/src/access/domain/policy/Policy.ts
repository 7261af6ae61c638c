/**
 * The policy: a principal, an action and facts about a resource give a verdict.
 *
 * It is one pure function, in two steps. `withoutLooking` refuses what no fact could allow, so that a refusal needs no look at the
 * store and tells nothing about it, not even by its time. `decide` takes the facts. What belongs to another organization does not
 * exist for the principal: the verdict is `notFound`, as it is for what is not there.
 */
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import type { RegistrationAccess } from "../../../kernel/domain/access/RegistrationAccess.ts"
import { type Action, actions, type AnyAction, isOwn, type Others, type Own, ownActions, type Rule } from "./Action.ts"
import { hasAnywhere, isAttendee, type Principal, roleIn } from "./Principal.ts"
import { permissionsOf } from "./Role.ts"

/** The facts about an event that the policy decides by. */
export interface EventFacts {
  readonly on: "event"
  readonly organizationId: OrganizationId
  /** Whether the event is published, or has been. */
  readonly isPublic: boolean
  readonly registration: RegistrationAccess
}

/** The facts about a registration. */
export interface RegistrationFacts {
  readonly on: "registration"
  readonly organizationId: OrganizationId
  readonly eventId: EventId
  readonly registrationId: string
  readonly attendeeId: string
  /** Whether attendees can still change something themselves. */
  readonly isSelfServiceOpen: boolean
}

/** The facts about a person who has registered. */
export interface AttendeeFacts {
  readonly on: "attendee"
  readonly attendeeId: string
}

/** Something else that belongs to an organization, or, with `null`, to the installation. */
export interface OwnedFacts {
  readonly on: "owned"
  readonly organizationId: OrganizationId | null
}

/** `absent`: there is no such resource. */
export type Facts = EventFacts | RegistrationFacts | AttendeeFacts | OwnedFacts | { readonly on: "absent" }

/** As what the principal is allowed: as staff, as the attendee, or as everybody. */
export interface Allowed {
  readonly allowed: true
  readonly as: "staff" | "attendee" | "everybody"
}

/**
 * - `unauthenticated`: somebody without a credential asks for what needs one.
 * - `forbidden`: the principal may know of the resource, and may not do this.
 * - `notFound`: for the principal there is no such resource.
 * - `tooLate`: self-service has ended; staff may do it still.
 */
export interface Refused {
  readonly allowed: false
  readonly because: "unauthenticated" | "forbidden" | "notFound" | "tooLate"
}

export type Verdict = Allowed | Refused

const asStaff: Allowed = { allowed: true, as: "staff" }
const asAttendee: Allowed = { allowed: true, as: "attendee" }
const asEverybody: Allowed = { allowed: true, as: "everybody" }
const refused = (because: Refused["because"]): Refused => ({ allowed: false, because })
const unauthenticated = refused("unauthenticated")
const forbidden = refused("forbidden")
const notFound = refused("notFound")
const tooLate = refused("tooLate")

/** Whether a principal that is no staff could be allowed this, if the facts are so. */
const mayBeOther = (principal: Principal, others: Others): boolean => {
  switch (others) {
    case "nobody":
      return false
    case "everybody":
      return true
    case "registering":
      return principal.kind === "anonymous" || principal.kind === "user"
    default:
      return principal.kind === "user" || principal.kind === "attendeeLink"
  }
}

/** The refusal of what is about nobody but the principal; `undefined` if they may. */
const refusalOfOwn = ({ kind }: Principal, own: Own): Refused | undefined => {
  if (own === "anyone") return undefined
  // An installation that is open lets everybody do everything, but nobody is somebody by that.
  if (kind === "anonymous") return unauthenticated
  return own === "bearer" || kind === "user" ? undefined : forbidden
}

/**
 * The refusal of a principal that is not allowed this action on any resource; `undefined` if the facts decide, and for an action about
 * nobody but the principal if they may.
 */
export const withoutLooking = (principal: Principal, action: AnyAction): Refused | undefined => {
  if (isOwn(action)) return refusalOfOwn(principal, ownActions[action])
  const { others, permission }: Rule = actions[action]
  if (mayBeOther(principal, others) || hasAnywhere(principal, permission)) return undefined
  return principal.kind === "anonymous" ? unauthenticated : forbidden
}

const ofStaff = (principal: Principal, rule: Rule, organizationId: OrganizationId): Verdict => {
  const role = roleIn(principal, organizationId)
  if (role === undefined) return notFound
  // Members know of what belongs to their organization.
  return permissionsOf(role).has(rule.permission) ? asStaff : forbidden
}

const ofEvent = (principal: Principal, rule: Rule, facts: EventFacts): Verdict => {
  const verdict = ofStaff(principal, rule, facts.organizationId)
  if (verdict.allowed || !facts.isPublic) return verdict
  if (rule.others === "everybody") return asEverybody
  if (rule.others !== "registering") return verdict
  // The event is public, so a refusal to register tells nothing.
  if (principal.kind !== "anonymous" && principal.kind !== "user") return forbidden
  if (facts.registration === "open") return asEverybody
  if (facts.registration === "members" && roleIn(principal, facts.organizationId) !== undefined) return asEverybody
  return principal.kind === "anonymous" ? unauthenticated : forbidden
}

const isOf = (principal: Principal, facts: RegistrationFacts): boolean =>
  principal.kind === "attendeeLink"
    ? principal.registrationId === facts.registrationId && principal.eventId === facts.eventId
    : isAttendee(principal, facts.attendeeId)

const ofRegistration = (principal: Principal, rule: Rule, facts: RegistrationFacts): Verdict => {
  const verdict = ofStaff(principal, rule, facts.organizationId)
  if (verdict.allowed || !isOf(principal, facts)) return verdict
  if (rule.others === "attendee") return asAttendee
  if (rule.others === "attendeeInTime") return facts.isSelfServiceOpen ? asAttendee : tooLate
  return forbidden
}

const ofOwned = (principal: Principal, rule: Rule, { organizationId }: OwnedFacts): Verdict => {
  if (organizationId !== null) return ofStaff(principal, rule, organizationId)
  // What belongs to the installation is for operators: members of an organization are not told of it.
  return hasAnywhere(principal, "outbox:operate") ? asStaff : notFound
}

/** The verdict about an action on a resource. */
export const decide = (principal: Principal, action: Action, facts: Facts): Verdict => {
  const early = withoutLooking(principal, action)
  if (early !== undefined) return early
  const rule: Rule = actions[action]
  switch (facts.on) {
    case "absent":
      return notFound
    case "event":
      return ofEvent(principal, rule, facts)
    case "registration":
      return ofRegistration(principal, rule, facts)
    case "attendee":
      return isAttendee(principal, facts.attendeeId)
        ? asAttendee
        : hasAnywhere(principal, rule.permission)
          ? asStaff
          : notFound
    case "owned":
      return ofOwned(principal, rule, facts)
  }
}
