/**
 * Reading the journal in stretches for the audit trail, the latest entry first.
 *
 * The journal has no index by time, principal or organization: every registration would pay for it. It is read backwards in windows of
 * numbers instead, which `journal_by_slot` finds, and a stretch ends after some thousand entries, whether it has found many or none. What
 * concerns one event is read from its stream, in windows of versions.
 */
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { ownerOf } from "../../admission/events/EventOwner.ts"
import { type ListStatement, Parameters } from "../../admission/ListStatement.ts"

/** The lengths of the windows of a stretch, one after the other. */
export const WINDOWS: ReadonlyArray<number> = [256, 1_024, 4_096, 16_384]

/** By how much the times of entries may be against the order of their numbers: see `AuditStore.journal`. */
export const SLACK_MILLIS = 60_000

const COLUMNS = "j.seq, j.event_id, j.version, j.id, j.type, j.actor, j.correlation_id, j.occurred_at"

/** The slots, each with something that its entries give. `OFFSET 0` keeps the planner from going through all of the journal. */
const slots = (s: string, condition: string, order = ""): string => `generate_series(0, ${SLOTS - 1}) AS w(slot)
  CROSS JOIN LATERAL (
    SELECT * FROM ${s}.journal j WHERE j.slot = w.slot::smallint AND ${condition} ORDER BY j.seq DESC ${order} OFFSET 0
  ) j`

/** $1: a number. The last entry with that number or a lower one, and its time; no row if there is none. */
export const last = (s: string): string =>
  `SELECT j.seq, j.occurred_at FROM ${slots(s, "j.seq <= $1::bigint", "LIMIT 1")} ORDER BY j.seq DESC LIMIT 1`

const registrationOf = (entry: string): string => `${entry}.payload -> 'registration' ->> 'id'`

const conditionsOf = (s: string, query: AuditQuery, parameters: Parameters): ReadonlyArray<string> => {
  const [kind, id] = query.resource?.split(/:(.*)/s) ?? []
  const payload = `(SELECT ${registrationOf("p")} FROM ${s}.journal p WHERE p.event_id = l.event_id AND p.version = l.version)`
  return [
    ...(query.principal === undefined ? [] : [`l.actor = ${parameters.add(query.principal, "text")}`]),
    ...(query.action === undefined ? [] : [`l.type = ${parameters.add(query.action, "text")}`]),
    ...(query.from === undefined ? [] : [`l.occurred_at >= ${parameters.add(query.from, "timestamptz")}`]),
    ...(query.until === undefined ? [] : [`l.occurred_at < ${parameters.add(query.until, "timestamptz")}`]),
    ...(query.organizationId === undefined
      ? []
      : [`${ownerOf(s, "l.event_id")} = ${parameters.add(query.organizationId, "uuid")}`]),
    ...(kind === "registration" ? [`${payload} = ${parameters.add(id, "text")}`] : []),
    ...(kind === "event" ? [`${payload} IS NULL`] : [])
  ]
}

/** A part of the journal: numbers down from one, or the versions of a stream down from one. */
export type Window = { readonly down: number; readonly length: number } & (
  { readonly stream?: undefined } | { readonly stream: string }
)

/**
 * The statement for a window in a schema, given as a quoted identifier: its entries that the query looks for. It returns one row at
 * least, with the time of the last entry of the window, or null.
 */
export const reading = (s: string, query: AuditQuery, window: Window, limit: number): ListStatement => {
  const parameters = new Parameters()
  const down = parameters.add(window.down, "bigint")
  const length = parameters.add(window.length, "bigint")
  const key = window.stream === undefined ? "seq" : "version"
  const entries =
    window.stream === undefined
      ? `${slots(s, `j.seq > ${down} - ${length} AND j.seq <= ${down}`)}`
      : `${s}.journal j WHERE j.event_id = ${parameters.add(window.stream, "uuid")}
    AND j.version > ${down} - ${length} AND j.version <= ${down}`
  const conditions = conditionsOf(s, query, parameters)
  const text = `WITH looked AS MATERIALIZED (SELECT ${COLUMNS} FROM ${entries}),
edge AS (SELECT (array_agg(l.occurred_at ORDER BY l.${key}))[1] AS edge_at FROM looked l),
found AS (
  SELECT * FROM looked l${conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`}
  ORDER BY l.${key} DESC LIMIT ${parameters.add(limit, "integer")}
)
SELECT e.edge_at, f.*, f.${key} AS place, ${ownerOf(s, "f.event_id")} AS organization_id,
  (SELECT ${registrationOf("p")} FROM ${s}.journal p WHERE p.event_id = f.event_id AND p.version = f.version) AS registration_id,
  o.credential, o.address, o.user_agent
FROM edge e LEFT JOIN found f ON true
LEFT JOIN ${s}.audit_origins o ON o.request_id = f.correlation_id AND o.who = f.actor
ORDER BY f.${key} DESC`
  return { text, parameters: parameters.values }
}
