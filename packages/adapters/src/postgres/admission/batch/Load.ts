/**
 * The statement that loads a footprint: registrations, the heads of waitlists, and idempotency records.
 *
 * `CROSS JOIN LATERAL (… OFFSET 0)` keeps the planner from turning the probes into a scan when the plan is made while the
 * tables are still empty.
 */
import type { Footprint } from "@turnout/core/admission/domain/state/Footprint"
import { Chosen, memoize, type Part, sql } from "../../statements/Parts.ts"
import { REGISTRATION } from "../Rows.ts"
import { plain, quoted } from "../../statements/RowSource.ts"
import type { Statement } from "../../client/Session.ts"

/** The active registrations of attendees. */
const attendees: Part<Footprint["attendees"][number]> = {
  name: "attendees",
  columns: [quoted("attendee", ({ attendeeId }) => attendeeId), plain("event", "uuid", ({ eventId }) => eventId)],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.attendee_id = t.attendee AND r.state <> 'cancelled' OFFSET 0
) r`
}

const registrations: Part<Footprint["registrations"][number]> = {
  name: "registrations",
  columns: [plain("registration", "uuid", ({ registrationId }) => registrationId)],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = t.registration OFFSET 0) r`
}

/** The first waiters of events. */
const heads: Part<Footprint["waiting"][number]> = {
  name: "heads",
  columns: [plain("event", "uuid", ({ eventId }) => eventId), plain("head", "integer", ({ limit }) => limit)],
  sql: (s, rows) => `SELECT ${REGISTRATION}, true AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.state = 'waitlisted' ORDER BY r.sequence LIMIT t.head
) r`
}

/** Idempotency records, each with the registration that it refers to. */
const records: Part<Footprint["idempotency"][number]> = {
  name: "records",
  columns: [
    quoted("key", ({ key }) => key),
    plain("operation", "text", ({ operation }) => operation),
    quoted("principal", ({ principal }) => principal)
  ],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, i.record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT i.registration_id, to_jsonb(i) AS record FROM ${s}.idempotency i
  WHERE i.key = t.key AND i.operation = t.operation AND i.principal = t.principal OFFSET 0
) i
LEFT JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = i.registration_id OFFSET 0) r ON true`
}

/**
 * Makes the statements that load a footprint from a schema, given as a quoted identifier; none, if nothing is to be looked for.
 */
export const make = (s: string): ((footprint: Footprint) => ReadonlyArray<Statement>) => {
  const textOf = memoize((used) => used.map((one) => sql(s, one)).join("\nUNION ALL\n"))
  return (footprint) => {
    const chosen = new Chosen(undefined)
    chosen.add(attendees, footprint.attendees)
    chosen.add(registrations, footprint.registrations)
    chosen.add(heads, footprint.waiting)
    chosen.add(records, footprint.idempotency)
    if (chosen.used.length === 0) return []
    return [{ text: textOf(chosen.used), parameters: chosen.parameters }]
  }
}
