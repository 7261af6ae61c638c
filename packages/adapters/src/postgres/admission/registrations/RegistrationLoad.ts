/**
 * Loading registrations for a batch: those that it names, by attendee or by id, the heads of waitlists, and the first of all.
 */
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { Footprint } from "@turnout/core/admission/domain/state/RegistrationFootprint"
import type { Loaded } from "@turnout/core/admission/domain/state/RegistrationRows"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
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

/** The active registrations of the attendees of registrations. */
const sameAttendees: Part<Footprint["sameAttendees"][number]> = {
  name: "same_attendees",
  columns: [
    plain("registration", "uuid", ({ registrationId }) => registrationId),
    plain("event", "uuid", ({ eventId }) => eventId)
  ],
  sql: (s, rows) => `SELECT 'same_attendees' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (SELECT attendee_id FROM ${s}.registrations WHERE id = t.registration OFFSET 0) a (attendee)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND r.attendee_id = a.attendee AND r.state <> 'cancelled' OFFSET 0
) r`
}

/** A list of registrations of each event, of which it takes the first. */
const ofEvents = (
  name: string,
  condition: (s: string) => string,
  order: string
): Part<{ readonly eventId: EventId; readonly limit: number }> => ({
  name,
  columns: [plain("event", "uuid", ({ eventId }) => eventId), plain("head", "integer", ({ limit }) => limit)],
  sql: (s, rows) => `SELECT '${name}' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = t.event AND ${condition(s)} ORDER BY ${order} LIMIT t.head
) r`
})

/** The registrations that got their seats last. All confirmed ones of the event are read: seats are seldom taken back. */
const lastSeated = ofEvents("last_seated", () => "r.state = 'confirmed'", "r.changed_at DESC, r.sequence DESC")

/** The first registrations that the cancellation of their event has not ended: they entered after those that have ended. */
const ending = ofEvents(
  "ending",
  (s) => `r.state IN ('confirmed', 'waitlisted') AND r.sequence > coalesce((
    SELECT max(c.sequence) FROM ${s}.registrations c WHERE c.event_id = t.event AND c.cancelled_reason = 'eventCancelled'
  ), 0)`,
  "r.sequence"
)

/** The last registrations that the cancellation of their event has ended. */
const returning = ofEvents("returning", () => "r.cancelled_reason = 'eventCancelled'", "r.sequence DESC")

/** The first waiters of events. */
const heads = ofEvents("heads", () => "r.state = 'waitlisted'", "r.sequence")

/** The first registration of events, in whatever state it is. */
const firsts: Part<Footprint["firsts"][number]> = {
  name: "firsts",
  columns: [plain("event", "uuid", (eventId) => eventId)],
  sql: (s, rows) => `SELECT 'firsts' AS kind, ${REGISTRATION}, NULL::jsonb AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r WHERE r.event_id = t.event ORDER BY r.sequence LIMIT 1
) r`
}

export const choose = (chosen: Chosen<undefined>, footprint: Footprint): void => {
  chosen.add(attendees, footprint.attendees)
  chosen.add(registrations, footprint.registrations)
  chosen.add(sameAttendees, footprint.sameAttendees)
  chosen.add(heads, footprint.waiting)
  chosen.add(lastSeated, footprint.lastSeated)
  chosen.add(ending, footprint.ending)
  chosen.add(returning, footprint.returning)
  chosen.add(firsts, footprint.firsts)
}

const inOrderOfEntry = (a: Registration, b: Registration): number => a.sequence - b.sequence

export const read = (found: Found): Loaded => {
  const of = (...parts: ReadonlyArray<Parameters<Found["of"]>[0]>) =>
    parts.flatMap((part) => found.of<RegistrationRow>(part).map(toRegistration))
  return {
    registrations: of(attendees, sameAttendees, registrations, lastSeated, firsts),
    waiting: of(heads).toSorted(inOrderOfEntry),
    ending: of(ending).toSorted(inOrderOfEntry),
    returning: of(returning).toSorted((a, b) => inOrderOfEntry(b, a))
  }
}
