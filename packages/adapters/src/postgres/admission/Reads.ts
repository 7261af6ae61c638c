/**
 * The SQL that reads: the lock, and all queries but the list of events (see `EventList`).
 *
 * Every statement of the hot path takes all of its rows as array parameters, so that its text, and with it the prepared plan,
 * is the same for a batch of one and a batch of a thousand. `CROSS JOIN LATERAL (… OFFSET 0)` keeps the planner from turning
 * the probes into a scan when the plan is made while the tables are still empty.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { MAX_PROMOTING_EVENTS } from "@turnout/core/admission/ports/AdmissionStore"
import { plainArray } from "../statements/ArrayLiteral.ts"
import type { Statement } from "../client/Session.ts"
import { BITS } from "./WaitlistBlocks.ts"

export const EVENT = `id, title, description, location, organizer, starts_at, ends_at, time_zone, registration_opens_at,
  registration_closes_at, waitlist, waitlist_limit, capacity, status, version, confirmed, waitlisted, attended, no_show,
  created_at, updated_at`

export const REGISTRATION = "id, event_id, attendee_id, name, email, notes, state, sequence, registered_at, changed_at"

export interface Reads {
  /** $1: event ids. Locks the events in ascending order. */
  readonly lock: string
  /** $1, $2, $3: event ids, versions and message ids. Returns one row for each entry that is in the journal. */
  readonly probe: string
  readonly event: string
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
  /** The events of which promotions are due. */
  readonly promotionsDue: string
  readonly ready: string
  /**
   * Writes nothing to any table, but fails if the server refuses writes for a reason that depends on neither a row nor the
   * disk.
   */
  readonly writable: string
}

/**
 * The number of waiters up to a sequence: whole blocks of the highest level, then those of the level below, and so on, then the
 * remaining waiters one by one. `event` and `sequence` are expressions.
 */
const waitingUpTo = (s: string, event: string, sequence: string): string => {
  const sums = BITS.map((bits, index) => {
    const above = BITS[index + 1]
    const isBeyondLarger = above === undefined ? "" : `AND b.block >= ${sequence} >> ${above} << ${above - bits}`
    return `(SELECT coalesce(sum(b.waiting), 0) FROM ${s}.waitlist_blocks b
   WHERE b.event_id = ${event} AND b.level = ${index + 1} AND b.block < ${sequence} >> ${bits} ${isBeyondLarger})`
  })
  return `(
  ${sums.join(" +\n  ")} +
  (SELECT count(*) FROM ${s}.registrations w
   WHERE w.event_id = ${event} AND w.state = 'waitlisted' AND w.sequence <= ${sequence}
     AND w.sequence >= ${sequence} >> ${BITS[0]} << ${BITS[0]})
)::integer`
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): Reads => ({
  lock: `SELECT ${EVENT} FROM ${s}.events WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
  probe: `SELECT j.id FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k(event, version, id)
CROSS JOIN LATERAL (
  SELECT j.id FROM ${s}.journal j WHERE j.event_id = k.event AND j.version = k.version AND j.id = k.id OFFSET 0
) j`,
  event: `SELECT ${EVENT} FROM ${s}.events WHERE id = $1::uuid`,
  registration: `SELECT ${REGISTRATION} FROM ${s}.registrations WHERE id = $2::uuid AND event_id = $1::uuid`,
  registrations: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  registrationsInState: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = $2::text AND sequence > $3::bigint ORDER BY sequence LIMIT $4::integer`,
  waitlist: `SELECT ${REGISTRATION}, (row_number() OVER (ORDER BY sequence) +
  ${waitingUpTo(s, "$1::uuid", "$2::bigint")})::integer AS position
FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = 'waitlisted' AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  attendeeRegistrations: `SELECT ${REGISTRATION} FROM (
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state <> 'cancelled'
  UNION ALL
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state = 'cancelled'
) r
WHERE $2::uuid IS NULL OR id > $2::uuid ORDER BY id LIMIT $3::integer`,
  waitlistPlace: `SELECT e.waitlisted AS length, ${waitingUpTo(s, "r.event_id", "r.sequence")} AS position
FROM (SELECT * FROM ${s}.registrations WHERE id = $2::uuid OFFSET 0) r JOIN ${s}.events e ON e.id = r.event_id
WHERE r.event_id = $1::uuid AND r.state = 'waitlisted'`,
  journal: `SELECT event_id, version, id, type, schema_version, payload, actor, correlation_id, causation_id, occurred_at
FROM ${s}.journal WHERE event_id = $1::uuid AND version > $2::bigint ORDER BY version LIMIT $3::integer`,
  promotionsDue: `SELECT id FROM ${s}.events WHERE promotions_due LIMIT ${MAX_PROMOTING_EVENTS}`,
  ready: `SELECT max(migration_id) AS version FROM ${s}.migrations`,
  writable: `WITH events AS (INSERT INTO ${s}.events (id) SELECT id FROM ${s}.events WHERE false),
moved AS (UPDATE ${s}.events SET version = version WHERE false),
registrations AS (INSERT INTO ${s}.registrations (id) SELECT id FROM ${s}.registrations WHERE false),
changed AS (UPDATE ${s}.registrations SET state = state WHERE false),
blocks AS (INSERT INTO ${s}.waitlist_blocks (event_id) SELECT event_id FROM ${s}.waitlist_blocks WHERE false),
counted AS (UPDATE ${s}.waitlist_blocks SET waiting = waiting WHERE false),
journal AS (INSERT INTO ${s}.journal (event_id) SELECT event_id FROM ${s}.journal WHERE false),
idempotency AS (INSERT INTO ${s}.idempotency (key) SELECT key FROM ${s}.idempotency WHERE false),
renewed AS (UPDATE ${s}.idempotency SET answer = answer WHERE false)
SELECT 1`
})

/** Locks events, in ascending order, and returns them. */
export const lock = (reads: Reads, events: ReadonlyArray<EventId>): Statement => ({
  text: reads.lock,
  parameters: [plainArray(events, (id) => id)]
})

/** A journal entry, by its place and its message id. */
export interface JournalMark {
  readonly eventId: string
  readonly version: number
  readonly messageId: string
}

/** Looks for journal entries. */
export const probe = (reads: Reads, entries: ReadonlyArray<{ readonly mark: JournalMark }>): Statement => ({
  text: reads.probe,
  parameters: [
    plainArray(entries, ({ mark }) => mark.eventId),
    plainArray(entries, ({ mark }) => mark.version),
    plainArray(entries, ({ mark }) => mark.messageId)
  ]
})
