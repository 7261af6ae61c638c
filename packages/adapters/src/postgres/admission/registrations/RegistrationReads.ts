/**
 * Reading registrations and waitlists from Postgres.
 */
import { hasText, type RegistrationFilter } from "@turnout/core/admission/ports/RegistrationFilter"
import type { RegistrationReads } from "@turnout/core/admission/ports/RegistrationReads"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import * as Candidates from "../Candidates.ts"
import { plainArray } from "../../statements/ArrayLiteral.ts"
import { REGISTRATION, type RegistrationRow, toRegistration } from "../Rows.ts"
import * as PeopleIndex from "./PeopleIndex.ts"
import * as RegistrationList from "./RegistrationList.ts"
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
  /** $1: attendee, $2: after, $3: limit, $4: organizations, or NULL for all. An attendee has few registrations. */
  ofAttendee: `SELECT ${REGISTRATION} FROM (
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state <> 'cancelled'
  UNION ALL
  SELECT * FROM ${s}.registrations WHERE attendee_id = $1::text AND state = 'cancelled'
) r
WHERE ($2::uuid IS NULL OR id > $2::uuid) AND ($4::uuid[] IS NULL OR EXISTS (
  SELECT FROM ${s}.events e WHERE e.id = r.event_id AND e.organization_id = ANY($4::uuid[]) OFFSET 0))
ORDER BY id LIMIT $3::integer`,
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

/** Runs work that may be given up at any time, after the read that has asked for it. */
export type InBackground = (work: Effect.Effect<void, StoreError>) => Effect.Effect<void>

type RegistrationText = Pick<RegistrationRow, "sequence" | "name" | "email">

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, schema: string, inBackground: InBackground): RegistrationReads => {
  const { ofAttendee, one, place, waitlist } = statements(schema)

  const list = RegistrationList.make(schema, REGISTRATION)
  const listTexts = RegistrationList.make(schema, "sequence, name, email")
  const count = RegistrationList.makeCount(schema)
  const people = PeopleIndex.make(read, schema, inBackground)

  const keysOf = (eventId: EventId, { attendeeId, search }: RegistrationFilter) =>
    search === null || attendeeId !== null ? Effect.undefined : people.keys(eventId, search)

  const readRegistrations = (text: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(read<RegistrationRow>(text, parameters), (rows) => rows.map(toRegistration))

  return {
    registration: (eventId, id) => Effect.map(readRegistrations(one, [eventId, id]), ([registration]) => registration),
    registrations: (eventId, filter, page, order) =>
      Effect.flatMap(keysOf(eventId, filter), (keys) => {
        const readPage = (asked: typeof page) => {
          const { parameters, text } = list(eventId, { filter, page: asked, order, keys })
          return readRegistrations(text, parameters)
        }
        if (filter.search === null) return readPage(page)
        return Candidates.take(
          readPage,
          page,
          ({ sequence }) => sequence,
          ({ attendee }) => hasText(filter, attendee)
        )
      }),
    countRegistrations: (eventId, filter) => {
      if (filter.search === null) {
        const { parameters, text } = count(eventId, filter)
        return Effect.map(read<{ count: number }>(text, parameters), ([row]) => row!.count)
      }
      return Effect.flatMap(keysOf(eventId, filter), (keys) =>
        Candidates.count(
          (page: PageRequest<number>) => {
            const { parameters, text } = listTexts(eventId, { filter, page, order: "entry", keys })
            return read<RegistrationText>(text, parameters)
          },
          ({ sequence }) => Number(sequence),
          (row) => hasText(filter, row)
        )
      )
    },
    attendeeRegistrations: (attendeeId, { after, limit }, organizations) => {
      const of = organizations === null ? null : plainArray(organizations, (id) => id)
      return readRegistrations(ofAttendee, [attendeeId, after, limit, of])
    },
    waitlist: (eventId, { after, limit }) =>
      Effect.map(
        read<RegistrationRow & { readonly position: number }>(waitlist, [eventId, after ?? 0, limit]),
        (rows) => rows.map((row) => ({ position: row.position, registration: toRegistration(row) }))
      ),
    waitlistPlace: (eventId, id) =>
      Effect.map(read<{ position: number; length: number }>(place, [eventId, id]), ([found]) => found)
  }
}
