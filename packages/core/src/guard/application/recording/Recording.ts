/**
 * What of the use cases behind the policy goes into the audit trail: what staff were refused, and which personal data they have read.
 *
 * Nobody else is recorded: people look at what is theirs, and the public at what everybody may see. Registering is not recorded either,
 * whoever does it: the edge gives it no recorder.
 */
import * as Effect from "effect/Effect"
import { AuditTrail } from "../../../access/application/audit/AuditTrail.ts"
import type { About } from "../../../access/domain/audit/AuditEntry.ts"
import type { AnyAction } from "../../../access/domain/policy/Action.ts"
import type { Refused } from "../../../access/domain/policy/Policy.ts"
import { actorOf, isStaff, type Principal, roleIn } from "../../../access/domain/policy/Principal.ts"
import type { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"

/** The one organization of a principal; `null` if there is none, or are several. */
const onlyOf = (principal: Principal): OrganizationId | null => {
  if (principal.kind === "apiKey") return principal.organizationId
  if (principal.kind !== "user" || principal.memberships.length !== 1) return null
  return principal.memberships[0]!.organizationId
}

/**
 * The organization that is shown an attempt: that of the resource, if the principal belongs to it, and otherwise that of the principal.
 * Nobody is shown who of another organization has tried something.
 */
const shownTo = (principal: Principal, organizationId: OrganizationId | null | undefined): OrganizationId | null =>
  organizationId !== null && organizationId !== undefined && roleIn(principal, organizationId) !== undefined
    ? organizationId
    : onlyOf(principal)

/** Records that a principal was refused something, if the principal is staff. */
export const refused = (
  principal: Principal,
  action: AnyAction,
  because: Refused["because"],
  { organizationId, resource = null }: About = {}
): Effect.Effect<void> =>
  isStaff(principal)
    ? Effect.flatMap(AuditTrail, ({ note }) =>
        note({
          who: actorOf(principal),
          action,
          outcome: "refused",
          resource,
          organizationId: shownTo(principal, organizationId),
          details: { because }
        })
      )
    : Effect.void

/** Records that a principal has read personal data, if the principal is staff. */
export const read = (
  principal: Principal,
  action: AnyAction,
  { organizationId = null, resource = null }: About = {}
): Effect.Effect<void> =>
  isStaff(principal)
    ? Effect.flatMap(AuditTrail, ({ note }) =>
        note({ who: actorOf(principal), action, outcome: "done", resource, organizationId })
      )
    : Effect.void
