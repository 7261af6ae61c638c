/**
 * Reading registrations and waitlists from Postgres.
 */
import type { RegistrationReads } from "@turnout/core/admission/ports/RegistrationReads"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import { REGISTRATION, type RegistrationRow, toRegistration } from "../Rows.ts"
import { BITS } from "./WaitlistBlocks.ts"

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

const statements = (s: string) => ({
  one: `SELECT ${REGISTRATION} FROM (SELECT * FROM ${s}.registrations WHERE id = $2::uuid OFFSET 0) r
WHERE event_id = $1::uuid`,
  /** $1: event, $2: after, $3: limit. */
  ofEvent: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  /** $1: event, $2: state, $3: after, $4: limit. */
  inState: `SELECT ${REGISTRATION} FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = $2::text AND sequence > $3::bigint ORDER BY sequence LIMIT $4::integer`,
  /** $1: attendee, $2: after, $3: limit. */
  ofAttendee: `SELECT ${REGISTRATION} FROM (
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state <> 'cancelled'
  UNION ALL
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state = 'cancelled'
) r
WHERE $2::uuid IS NULL OR id > $2::uuid ORDER BY id LIMIT $3::integer`,
  /** $1: event, $2: after, $3: limit. */
  waitlist: `SELECT ${REGISTRATION}, (row_number() OVER (ORDER BY sequence) +
  ${waitingUpTo(s, "$1::uuid", "$2::bigint")})::integer AS position
FROM ${s}.registrations
WHERE event_id = $1::uuid AND state = 'waitlisted' AND sequence > $2::bigint ORDER BY sequence LIMIT $3::integer`,
  /** $1: event, $2: registration. */
  place: `SELECT e.waitlisted AS length, ${waitingUpTo(s, "r.event_id", "r.sequence")} AS position
FROM (SELECT * FROM ${s}.registrations WHERE id = $2::uuid OFFSET 0) r JOIN ${s}.events e ON e.id = r.event_id
WHERE r.event_id = $1::uuid AND r.state = 'waitlisted' AND e.status <> 'cancelled'`
})

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, schema: string): RegistrationReads => {
  const { inState, ofAttendee, ofEvent, one, place, waitlist } = statements(schema)

  const readRegistrations = (text: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(read<RegistrationRow>(text, parameters), (rows) => rows.map(toRegistration))

  return {
    registration: (eventId, id) => Effect.map(readRegistrations(one, [eventId, id]), ([registration]) => registration),
    registrations: (eventId, state, { after, limit }) =>
      state === null
        ? readRegistrations(ofEvent, [eventId, after ?? 0, limit])
        : readRegistrations(inState, [eventId, state, after ?? 0, limit]),
    attendeeRegistrations: (attendeeId, { after, limit }) => readRegistrations(ofAttendee, [attendeeId, after, limit]),
    waitlist: (eventId, { after, limit }) =>
      Effect.map(
        read<RegistrationRow & { readonly position: number }>(waitlist, [eventId, after ?? 0, limit]),
        (rows) => rows.map((row) => ({ position: row.position, registration: toRegistration(row) }))
      ),
    waitlistPlace: (eventId, id) =>
      Effect.map(read<{ position: number; length: number }>(place, [eventId, id]), ([found]) => found)
  }
}
