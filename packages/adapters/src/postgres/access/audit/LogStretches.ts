/**
 * Reading the audit log in stretches, the latest entry first.
 *
 * The condition that is likely to hold of the fewest entries is searched by its index. If there are others, they are asked of the next
 * `WINDOW` entries that the index gives, and the stretch ends there: so it reads no more than these, whatever the log holds.
 */
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import type { LogPlace } from "@turnout/core/access/ports/AuditStore"
import { type ListStatement, Parameters } from "../../admission/ListStatement.ts"

/** The most entries that a stretch looks at to find some of them. */
const WINDOW = 5_000

const COLUMNS = "id, at, who, action, resource, organization_id, outcome, request_id, credential, details"

/** The conditions of a query, those that hold of fewer entries first. */
const conditionsOf = (query: AuditQuery, parameters: Parameters): ReadonlyArray<string> => [
  ...(query.resource === undefined ? [] : [`resource = ${parameters.add(query.resource, "text")}`]),
  ...(query.principal === undefined ? [] : [`who = ${parameters.add(query.principal, "text")}`]),
  ...(query.action === undefined ? [] : [`action = ${parameters.add(query.action, "text")}`]),
  ...(query.organizationId === undefined ? [] : [`organization_id = ${parameters.add(query.organizationId, "uuid")}`])
]

const boundsOf = ({ from, until }: AuditQuery, after: LogPlace | null, parameters: Parameters) => [
  ...(from === undefined ? [] : [`at >= ${parameters.add(from, "timestamptz")}`]),
  ...(until === undefined ? [] : [`at < ${parameters.add(until, "timestamptz")}`]),
  ...(after === null
    ? []
    : [`(at, id) < (${parameters.add(after.at, "timestamptz")}, ${parameters.add(after.id, "bigint")})`])
]

const where = (conditions: ReadonlyArray<string>): string =>
  conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`

export interface Reading extends ListStatement {
  /** The most entries that the statement looks at. */
  readonly window: number
}

/**
 * The statement for a stretch in a schema, given as a quoted identifier. It returns one row at least, with the number of entries that it
 * has looked at, and the place of the last of them.
 */
export const reading = (s: string, query: AuditQuery, after: LogPlace | null, limit: number): Reading => {
  const parameters = new Parameters()
  const [first, ...others] = conditionsOf(query, parameters)
  const bounds = boundsOf(query, after, parameters)
  const wanted = parameters.add(limit, "integer")
  const window = others.length === 0 ? limit : WINDOW
  const text = `WITH looked AS MATERIALIZED (
  SELECT ${COLUMNS} FROM ${s}.audit_log${where([...(first === undefined ? [] : [first]), ...bounds])}
  ORDER BY at DESC, id DESC LIMIT ${others.length === 0 ? wanted : WINDOW}
), edge AS (
  SELECT count(*)::integer AS seen, (array_agg(at ORDER BY at, id))[1] AS edge_at, (array_agg(id ORDER BY at, id))[1] AS edge
  FROM looked
), found AS (
  SELECT * FROM looked${where(others)} ORDER BY at DESC, id DESC LIMIT ${wanted}
)
SELECT e.seen, e.edge_at, e.edge, f.*, o.address, o.user_agent, coalesce(f.credential, o.credential) AS used
FROM edge e LEFT JOIN found f ON true
LEFT JOIN ${s}.audit_origins o ON o.request_id = f.request_id AND o.who = f.who
ORDER BY f.at DESC, f.id DESC`
  return { text, parameters: parameters.values, window }
}
