/**
 * Loading registrations for a batch: those that it names, by attendee or by id, and the heads of waitlists.
 */
import type { Footprint, Loaded } from "@turnout/core/admission/domain/state/RegistrationRows"
import type { Chosen, Found, Part } from "../../statements/Parts.ts"
import { plain, quoted } from "../../statements/RowSource.ts"
import { REGISTRATION, type RegistrationRow, toRegistration } from "../Rows.ts"

/** The active registrations of attendees. */
const attendees: Part<Footprint["attendees"][number]> = {
  name: "attendees",
  columns: [quoted("attendee", ({ attendeeId }) => attendeeId), plain("event", "uuid", ({ eventId }) => eventId)],
  sql: (s, rows) => `SELECT 'attendees' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.attendee_id = t.attendee AND r.state <> 'cancelled' OFFSET 0
) r`
}

const registrations: Part<Footprint["registrations"][number]> = {
  name: "registrations",
  columns: [plain("registration", "uuid", ({ registrationId }) => registrationId)],
  sql: (s, rows) => `SELECT 'registrations' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = t.registration OFFSET 0) r`
}

/** The first waiters of events. */
const heads: Part<Footprint["waiting"][number]> = {
  name: "heads",
  columns: [plain("event", "uuid", ({ eventId }) => eventId), plain("head", "integer", ({ limit }) => limit)],
  sql: (s, rows) => `SELECT 'heads' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.state = 'waitlisted' ORDER BY r.sequence LIMIT t.head
) r`
}

export const choose = (chosen: Chosen<undefined>, footprint: Footprint): void => {
  chosen.add(attendees, footprint.attendees)
  chosen.add(registrations, footprint.registrations)
  chosen.add(heads, footprint.waiting)
}

export const read = (found: Found): Loaded => ({
  registrations: [attendees, registrations].flatMap((part) => found.of<RegistrationRow>(part).map(toRegistration)),
  waiting: found
    .of<RegistrationRow>(heads)
    .map(toRegistration)
    .toSorted((a, b) => a.sequence - b.sequence)
})
