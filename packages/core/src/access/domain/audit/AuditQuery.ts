/**
 * What is looked for in the audit trail, and in which of its sources it can be.
 */
import * as Schema from "effect/Schema"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import { spanProblem } from "../../../kernel/domain/rules/SpanRules.ts"
import { line } from "../../../kernel/domain/Text.ts"

const text = Schema.optionalKey(line({ minLength: 1, maxLength: 200 }))

export const AuditQuery = Schema.Struct({
  /** Only what this principal has done, in full. */
  principal: text,
  /** Only this action, in full. */
  action: text,
  /** Only what was done to this resource, in full. */
  resource: text,
  /** Only what concerns this organization. */
  organizationId: Schema.optionalKey(OrganizationId),
  /** At this moment or later. */
  from: Schema.optionalKey(Instant),
  /** Before this moment, which is after `from`. */
  until: Schema.optionalKey(Instant)
}).check(Schema.makeFilter((query) => spanProblem(query, "from", "until")))
export type AuditQuery = typeof AuditQuery.Type

/** The types of journal events begin with a capital letter, and no other action does. */
const isOfJournal = (action: string): boolean => /^[A-Z]/.test(action)

/** The sources that can have what a query looks for. */
export const sourcesOf = ({ action, resource }: AuditQuery): { readonly log: boolean; readonly journal: boolean } => ({
  log: action === undefined || !isOfJournal(action),
  journal:
    (action === undefined || isOfJournal(action)) &&
    (resource === undefined || /^(?:event|registration):/.test(resource))
})
