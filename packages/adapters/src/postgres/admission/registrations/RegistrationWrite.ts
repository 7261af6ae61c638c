/**
 * Writing registrations: new ones, those that have changed, and the counts of waitlists.
 */
import type { AttendeeLink, ChangedRegistration, Changes } from "@turnout/core/admission/domain/state/RegistrationRows"
import { nullable, plain, quoted } from "../../statements/RowSource.ts"
import { type Chosen, id, type Part, placeOf, time } from "../batch/WriteParts.ts"
import { type BlockDelta, deltas } from "./WaitlistBlocks.ts"

const columns: Part<ChangedRegistration>["columns"] = [
  plain("id", "uuid", ({ registration }) => registration.id),
  plain("event", "integer", ({ registration }, _, { ids }) => ids.numberOf(registration.eventId)),
  nullable(
    quoted("attendee_id", ({ registration: { attendee } }) =>
      attendee.id === `mailto:${attendee.email}` ? null : attendee.id
    )
  ),
  quoted("name", ({ registration }) => registration.attendee.name),
  quoted("email", ({ registration }) => registration.attendee.email),
  quoted("notes", ({ registration }) => registration.notes),
  plain("state", "text", ({ registration }) => registration.state),
  plain("sequence", "bigint", ({ registration }) => registration.sequence),
  plain("registered_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.registeredAt)),
  plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt))
]

const cancellation: Part<ChangedRegistration>["columns"] = [
  nullable(plain("cancelled_from", "text", ({ registration }) => registration.cancellation?.from ?? null)),
  nullable(plain("cancelled_reason", "text", ({ registration }) => registration.cancellation?.reason ?? null))
]

const registered: Part<ChangedRegistration> = {
  name: "registered",
  columns,
  sql: (s, rows) => `INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
    registered_at, changed_at)
  SELECT t.id, ${id("t.event")}, coalesce(t.attendee_id, 'mailto:' || t.email), t.name, t.email, t.notes, t.state, t.sequence,
    ${time("t.registered_at")}, ${time("t.changed_at")}
  FROM ${rows}`
}

/** Registrations that one commit makes and ends. They are few, so the others go without the columns of a cancellation. */
const registeredAndEnded: Part<ChangedRegistration> = {
  name: "registered_and_ended",
  columns: [...columns, ...cancellation],
  sql: (s, rows) => `INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
    registered_at, changed_at, cancelled_from, cancelled_reason)
  SELECT t.id, ${id("t.event")}, coalesce(t.attendee_id, 'mailto:' || t.email), t.name, t.email, t.notes, t.state, t.sequence,
    ${time("t.registered_at")}, ${time("t.changed_at")}, t.cancelled_from, t.cancelled_reason
  FROM ${rows}`
}

/** Registrations that end. They are written before others that change, which may be the next of the same attendee. */
const ended: Part<ChangedRegistration> = {
  name: "ended",
  columns: [
    plain("id", "uuid", ({ registration }) => registration.id),
    plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt)),
    ...cancellation
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.registrations r SET state = 'cancelled', changed_at = ${time("t.changed_at")},
    cancelled_from = t.cancelled_from, cancelled_reason = t.cancelled_reason
  FROM ${rows} ${placeOf(s, "registrations", "f.id = t.id")}
  WHERE r.ctid = p.place RETURNING 1`
}

const changed: Part<ChangedRegistration> = {
  name: "changed",
  columns: [
    plain("id", "uuid", ({ registration }) => registration.id),
    plain("state", "text", ({ registration }) => registration.state),
    plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt))
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.registrations r SET state = t.state, changed_at = ${time("t.changed_at")},
    cancelled_from = NULL, cancelled_reason = NULL
  FROM ${rows} ${placeOf(s, "registrations", "f.id = t.id")}
  WHERE r.ctid = p.place RETURNING 1`
}

/** Registrations of which more than the state changes, in the order of the corrections. */
const corrected: Part<ChangedRegistration> = {
  name: "corrected",
  columns: [
    plain("id", "uuid", ({ registration }) => registration.id),
    quoted("attendee_id", ({ registration: { attendee } }) => attendee.id),
    quoted("name", ({ registration }) => registration.attendee.name),
    quoted("email", ({ registration }) => registration.attendee.email),
    quoted("notes", ({ registration }) => registration.notes),
    plain("state", "text", ({ registration }) => registration.state),
    plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt)),
    ...cancellation
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.registrations r SET attendee_id = t.attendee_id, name = t.name, email = t.email,
    notes = t.notes, state = t.state, changed_at = ${time("t.changed_at")}, cancelled_from = t.cancelled_from,
    cancelled_reason = t.cancelled_reason
  FROM ${rows} ${placeOf(s, "registrations", "f.id = t.id")}
  WHERE r.ctid = p.place RETURNING 1`
}

const counted: Part<BlockDelta> = {
  name: "counted",
  columns: [
    plain("event", "integer", ({ eventId }, _, { ids }) => ids.numberOf(eventId)),
    plain("level", "smallint", ({ level }) => level),
    plain("block", "bigint", ({ block }) => block),
    plain("waiting", "integer", ({ delta }) => delta)
  ],
  sql: (s, rows) => `INSERT INTO ${s}.waitlist_blocks AS b (event_id, level, block, waiting)
  SELECT ${id("t.event")}, t.level, t.block, t.waiting FROM ${rows}
  ON CONFLICT (event_id, level, block) DO UPDATE SET waiting = b.waiting + excluded.waiting`
}

const linked: Part<AttendeeLink> = {
  name: "linked",
  columns: [
    plain("id", "uuid", ({ registrationId }) => registrationId),
    plain("event", "integer", ({ eventId }, _, { ids }) => ids.numberOf(eventId)),
    plain("digest", "text", ({ digest }) => digest)
  ],
  sql: (s, rows) => `INSERT INTO ${s}.attendee_links (registration_id, event_id, digest)
  SELECT t.id, ${id("t.event")}, t.digest FROM ${rows}`
}

export const choose = (chosen: Chosen, { links, registrations }: Changes): void => {
  const old = registrations.filter((row) => row.before !== null)
  const uncorrected = old.filter((row) => !row.corrected)
  const isEnded = ({ registration }: ChangedRegistration) => registration.state === "cancelled"
  const made = registrations.filter((row) => row.before === null)
  chosen.add(
    registered,
    made.filter((row) => !isEnded(row))
  )
  chosen.add(registeredAndEnded, made.filter(isEnded))
  chosen.add(ended, uncorrected.filter(isEnded))
  chosen.add(
    changed,
    uncorrected.filter((row) => !isEnded(row))
  )
  chosen.add(
    corrected,
    old.filter((row) => row.corrected)
  )
  chosen.add(counted, deltas(registrations))
  chosen.add(linked, links)
}
