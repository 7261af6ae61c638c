/**
 * The SQL of the store: one statement to lock, one to load, one to write, and the queries.
 *
 * Every statement takes all of its rows as array parameters, so that its text, and with it the prepared plan, is the same
 * for a batch of one and a batch of a thousand. `CROSS JOIN LATERAL (… OFFSET 0)` keeps the planner from turning the
 * probes into a scan when the plan is made while the tables are still empty.
 */
import type { Changes } from "@turnout/core/domain/Batch"
import { encodePayload, SCHEMA_VERSION } from "@turnout/core/domain/JournalEvent"
import { encodeAnswer } from "@turnout/core/domain/Outcome"
import type { Footprint } from "@turnout/core/domain/WorkingSet"
import { arrayLiteral } from "./ArrayLiteral.ts"
import { fromEvent } from "./Rows.ts"

const EVENT_COLUMNS = `id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz`

const REGISTRATION = "id, event_id, attendee_id, name, email, notes, state, sequence, registered_at, changed_at"

export interface Statements {
  /** $1: event ids. Locks them in ascending order. */
  readonly lock: string
  /** $1, $2: events and attendees; $3: registration ids; $4, $5: events and limits; $6, $7, $8: idempotency scopes. */
  readonly load: string
  /** $1, $2, $3: event ids, versions and message ids. One row for each that is in the journal. */
  readonly probe: string
  /** See `writeParameters`. Counts the idempotency rows that it wrote. */
  readonly write: string
  readonly event: string
  /** $1: status, $2: organizer, $3: from, $4: until, $5, $6: after, $7: limit; null does not restrict. */
  readonly events: string
  readonly registration: string
  /** $1: event, $2: after, $3: limit. */
  readonly registrations: string
  /** $1: event, $2: state, $3: after, $4: limit. */
  readonly registrationsInState: string
  /** $1: event, $2: after, $3: limit. */
  readonly waitlist: string
  /** $1: attendee, $2: after, $3: limit. */
  readonly attendeeRegistrations: string
  /** $1: event, $2: registration. */
  readonly waitlistPlace: string
  /** $1: event, $2: after, $3: limit. */
  readonly journal: string
  readonly ready: string
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): Statements => ({
  lock: `SELECT * FROM ${s}.events WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
  load: `SELECT ${REGISTRATION}, false AS is_head, NULL::jsonb AS record
FROM unnest($1::uuid[], $2::text[]) AS k(event, attendee)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = k.event AND r.attendee_id = k.attendee AND r.state <> 'cancelled' OFFSET 0
) r
UNION ALL
SELECT ${REGISTRATION}, false, NULL
FROM unnest($3::uuid[]) AS k(registration)
CROSS JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = k.registration OFFSET 0) r
UNION ALL
SELECT ${REGISTRATION}, true, NULL
FROM unnest($4::uuid[], $5::integer[]) AS k(event, head)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.registrations r
  WHERE r.event_id = k.event AND r.state = 'waitlisted' ORDER BY r.sequence LIMIT k.head
) r
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, to_jsonb(i)
FROM unnest($6::text[], $7::text[], $8::text[]) AS k(operation, key, principal)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.idempotency i
  WHERE i.operation = k.operation AND i.key = k.key AND i.principal = k.principal OFFSET 0
) i`,
  probe: `SELECT j.id FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k(event, version, id)
CROSS JOIN LATERAL (
  SELECT j.id FROM ${s}.journal j WHERE j.event_id = k.event AND j.version = k.version AND j.id = k.id OFFSET 0
) j`,
  write: `WITH created AS (
  INSERT INTO ${s}.events SELECT * FROM jsonb_to_recordset($1::jsonb) AS t(${EVENT_COLUMNS})
), detailed AS (
  UPDATE ${s}.events e SET title = t.title, description = t.description, location = t.location,
    organizer = t.organizer, starts_at = t.starts_at, ends_at = t.ends_at, time_zone = t.time_zone,
    registration_opens_at = t.registration_opens_at, registration_closes_at = t.registration_closes_at,
    waitlist = t.waitlist, waitlist_limit = t.waitlist_limit, capacity = t.capacity, status = t.status,
    version = t.version, confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended,
    no_show = t.no_show, updated_at = t.updated_at
  FROM jsonb_to_recordset($2::jsonb) AS t(${EVENT_COLUMNS}) WHERE e.id = t.id
), moved AS (
  UPDATE ${s}.events e SET capacity = t.capacity, status = t.status, version = t.version, confirmed = t.confirmed,
    waitlisted = t.waitlisted, attended = t.attended, no_show = t.no_show, updated_at = t.updated_at
  FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::bigint[], $7::integer[], $8::integer[], $9::integer[],
    $10::integer[], $11::timestamptz[])
    AS t(id, capacity, status, version, confirmed, waitlisted, attended, no_show, updated_at)
  WHERE e.id = t.id
), registered AS (
  INSERT INTO ${s}.registrations (${REGISTRATION})
  SELECT * FROM unnest($12::uuid[], $13::uuid[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[],
    $19::bigint[], $20::timestamptz[], $21::timestamptz[])
), changed AS (
  UPDATE ${s}.registrations r SET state = t.state, changed_at = t.changed_at
  FROM unnest($22::uuid[], $23::text[], $24::timestamptz[]) AS t(id, state, changed_at) WHERE r.id = t.id
), journalled AS (
  INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, payload, metadata, occurred_at)
  SELECT event_id, version, id, type, ${SCHEMA_VERSION}, payload::jsonb, metadata::jsonb, occurred_at
  FROM unnest($25::uuid[], $26::bigint[], $27::uuid[], $28::text[], $29::text[], $30::text[], $31::timestamptz[])
    AS t(event_id, version, id, type, payload, metadata, occurred_at)
), remembered AS (
  INSERT INTO ${s}.idempotency AS i
    (operation, key, principal, fingerprint, request_id, answer, created_at, expires_at)
  SELECT operation, key, principal, fingerprint, request_id, answer::jsonb, created_at, expires_at
  FROM unnest($32::text[], $33::text[], $34::text[], $35::text[], $36::uuid[], $37::text[], $38::timestamptz[],
    $39::timestamptz[])
    AS t(operation, key, principal, fingerprint, request_id, answer, created_at, expires_at)
  ON CONFLICT (operation, key, principal) DO UPDATE
    SET fingerprint = excluded.fingerprint, request_id = excluded.request_id, answer = excluded.answer, created_at = excluded.created_at,
      expires_at = excluded.expires_at
    WHERE i.expires_at <= excluded.created_at
  RETURNING 1
)
SELECT count(*)::integer AS idempotency FROM remembered`,
  event: `SELECT * FROM ${s}.events WHERE id = $1::uuid`,
  events: `SELECT * FROM ${s}.events
WHERE ($1::text IS NULL OR status = $1::text) AND ($2::text IS NULL OR organizer = $2::text)
  AND ($3::timestamptz IS NULL OR starts_at >= $3::timestamptz)
  AND ($4::timestamptz IS NULL OR starts_at < $4::timestamptz)
  AND ($5::timestamptz IS NULL OR (starts_at, id) > ($5::timestamptz, $6::uuid))
ORDER BY starts_at, id LIMIT $7::integer`,
  registration: `SELECT ${REGISTRATION} FROM ${s}.registrations WHERE id = $2::uuid AND event_id = $1::uuid`,
  registrations: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  registrationsInState: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = $2::text AND sequence > $3::bigint ORDER BY sequence LIMIT $4::integer`,
  waitlist: `SELECT ${REGISTRATION}, (row_number() OVER (ORDER BY sequence) + (
  SELECT count(*) FROM ${s}.registrations w
  WHERE w.event_id = $1::uuid AND w.state = 'waitlisted' AND w.sequence <= $2::bigint
))::integer AS position
FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = 'waitlisted' AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  attendeeRegistrations: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE attendee_id = $1::text AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3::integer`,
  waitlistPlace: `SELECT e.waitlisted AS length, (
  SELECT count(*) FROM ${s}.registrations w
  WHERE w.event_id = r.event_id AND w.state = 'waitlisted' AND w.sequence <= r.sequence
)::integer AS position
FROM ${s}.registrations r JOIN ${s}.events e ON e.id = r.event_id
WHERE r.id = $2::uuid AND r.event_id = $1::uuid AND r.state = 'waitlisted'`,
  journal: `SELECT * FROM ${s}.journal WHERE event_id = $1::uuid AND version > $2::bigint ORDER BY version LIMIT $3::integer`,
  ready: `SELECT max(migration_id) AS version FROM ${s}.migrations`
})

const time = (date: Date): string => date.toISOString()

/** The parameters of `load`. */
export const loadParameters = (footprint: Footprint): ReadonlyArray<string> => [
  arrayLiteral(footprint.attendees, (key) => key.eventId),
  arrayLiteral(footprint.attendees, (key) => key.attendeeId),
  arrayLiteral(footprint.registrations, (key) => key.registrationId),
  arrayLiteral(footprint.waiting, (key) => key.eventId),
  arrayLiteral(footprint.waiting, (key) => key.limit),
  arrayLiteral(footprint.idempotency, (scope) => scope.operation),
  arrayLiteral(footprint.idempotency, (scope) => scope.key),
  arrayLiteral(footprint.idempotency, (scope) => scope.principal)
]

/** The parameters of `write`; one message id for each journal entry. */
export const writeParameters = (changes: Changes, messageIds: ReadonlyArray<string>): ReadonlyArray<string> => {
  const created = changes.events.filter((row) => row.created)
  const detailed = changes.events.filter((row) => row.details && !row.created)
  const moved = changes.events.filter((row) => !row.details && !row.created).map((row) => row.event)
  const registered = changes.registrations.filter((row) => row.created).map((row) => row.registration)
  const changed = changes.registrations.filter((row) => !row.created).map((row) => row.registration)
  const { idempotency, journal } = changes
  return [
    JSON.stringify(created.map((row) => fromEvent(row.event))),
    JSON.stringify(detailed.map((row) => fromEvent(row.event))),

    arrayLiteral(moved, (event) => event.id),
    arrayLiteral(moved, (event) => event.capacity),
    arrayLiteral(moved, (event) => event.status),
    arrayLiteral(moved, (event) => event.version),
    arrayLiteral(moved, (event) => event.counts.confirmed),
    arrayLiteral(moved, (event) => event.counts.waitlisted),
    arrayLiteral(moved, (event) => event.counts.attended),
    arrayLiteral(moved, (event) => event.counts.noShow),
    arrayLiteral(moved, (event) => time(event.updatedAt)),

    arrayLiteral(registered, (registration) => registration.id),
    arrayLiteral(registered, (registration) => registration.eventId),
    arrayLiteral(registered, (registration) => registration.attendee.id),
    arrayLiteral(registered, (registration) => registration.attendee.name),
    arrayLiteral(registered, (registration) => registration.attendee.email),
    arrayLiteral(registered, (registration) => registration.notes),
    arrayLiteral(registered, (registration) => registration.state),
    arrayLiteral(registered, (registration) => registration.sequence),
    arrayLiteral(registered, (registration) => time(registration.registeredAt)),
    arrayLiteral(registered, (registration) => time(registration.changedAt)),

    arrayLiteral(changed, (registration) => registration.id),
    arrayLiteral(changed, (registration) => registration.state),
    arrayLiteral(changed, (registration) => time(registration.changedAt)),

    arrayLiteral(journal, (entry) => entry.eventId),
    arrayLiteral(journal, (entry) => entry.version),
    arrayLiteral(messageIds, (id) => id),
    arrayLiteral(journal, (entry) => entry.event._tag),
    arrayLiteral(journal, (entry) => JSON.stringify(encodePayload(entry.event))),
    arrayLiteral(journal, (entry) => JSON.stringify(entry.metadata)),
    arrayLiteral(journal, (entry) => time(entry.occurredAt)),

    arrayLiteral(idempotency, (record) => record.operation),
    arrayLiteral(idempotency, (record) => record.key),
    arrayLiteral(idempotency, (record) => record.principal),
    arrayLiteral(idempotency, (record) => record.fingerprint),
    arrayLiteral(idempotency, (record) => record.requestId),
    arrayLiteral(idempotency, (record) => JSON.stringify(encodeAnswer(record.answer))),
    arrayLiteral(idempotency, (record) => time(record.createdAt)),
    arrayLiteral(idempotency, (record) => time(record.expiresAt))
  ]
}
