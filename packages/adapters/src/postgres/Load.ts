/**
 * The statement that loads a footprint: registrations, the heads of waitlists, and idempotency records.
 *
 * `CROSS JOIN LATERAL (… OFFSET 0)` keeps the planner from turning the
 * probes into a scan when the plan is made while the tables are still empty.
 */
import type { Footprint } from "@turnout/core/domain/WorkingSet"
import { Chosen, memoize, type Part, sql } from "./Parts.ts"
import { plain, quoted } from "./RowSource.ts"
import type { Statement } from "./Session.ts"
import { REGISTRATION } from "./Statements.ts"

/** Active registrations. */
const attendees: Part = {
  name: "attendees",
  columns: [quoted("attendee"), plain("event", "uuid")],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.attendee_id = t.attendee AND r.state <> 'cancelled' OFFSET 0
) r`
}

const registrations: Part = {
  name: "registrations",
  columns: [plain("registration", "uuid")],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = t.registration OFFSET 0) r`
}

/** The first waiters of events. */
const heads: Part = {
  name: "heads",
  columns: [plain("event", "uuid"), plain("head", "integer")],
  sql: (s, rows) => `SELECT ${REGISTRATION}, true AS is_head, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.state = 'waitlisted' ORDER BY r.sequence LIMIT t.head
) r`
}

/** Idempotency records, each with the registration that it refers to. */
const records: Part = {
  name: "records",
  columns: [quoted("key"), plain("operation", "text"), quoted("principal")],
  sql: (s, rows) => `SELECT ${REGISTRATION}, false AS is_head, i.record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT i.registration_id, to_jsonb(i) AS record FROM ${s}.idempotency i
  WHERE i.key = t.key AND i.operation = t.operation AND i.principal = t.principal OFFSET 0
) i
LEFT JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = i.registration_id OFFSET 0) r ON true`
}

/** What loads footprints from a schema, given as a quoted identifier; no statement if there is nothing to look for. */
export const make = (s: string): ((footprint: Footprint) => ReadonlyArray<Statement>) => {
  const textOf = memoize((used) => used.map((one) => sql(s, one)).join("\nUNION ALL\n"))
  return (footprint) => {
    const chosen = new Chosen()
    chosen.add(attendees, footprint.attendees, [({ attendeeId }) => attendeeId, ({ eventId }) => eventId])
    chosen.add(registrations, footprint.registrations, [({ registrationId }) => registrationId])
    chosen.add(heads, footprint.waiting, [({ eventId }) => eventId, ({ limit }) => limit])
    chosen.add(records, footprint.idempotency, [
      ({ key }) => key,
      ({ operation }) => operation,
      ({ principal }) => principal
    ])
    if (chosen.used.length === 0) return []
    return [{ text: textOf(chosen.used), parameters: chosen.parameters }]
  }
}
