/**
 * What is looked for in the audit trail, and in which of its sources it can be.
 */
import * as Schema from "effect/Schema"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import { line } from "../../../kernel/domain/Text.ts"

const text = Schema.optionalKey(line({ minLength: 1, maxLength: 200 }))

const fields = {
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
} as const

/** The fields of a query, for those who read it from parameters. */
export const auditQueryFields: typeof fields = fields

export const AuditQuery = Schema.Struct(fields).check(
  Schema.makeFilter(({ from, until }) =>
    from !== undefined && until !== undefined && until <= from
      ? [{ path: ["until"], issue: "must be after from" }]
      : undefined
  )
)
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
