/**
 * Reading the people who have registered for the events of an organization from Postgres.
 *
 * Registrations know their event, and not its organization, and no index has the people of an organization in their order: every
 * registration would pay for it. There are two ways to a page instead, and each is short where the other one is long:
 *
 * - In windows: the next registrations of all organizations in the order of the attendees, of which those of the organization are taken.
 *   An organization that has a good part of all registrations fills its page from the first windows.
 * - By events: all registrations of the organization, put into order.
 *
 * A page looks at `WINDOWS` windows, and if that is not enough, it goes on by events. So it reads some thousand registrations, or those of
 * one organization, which then is a small one, or has few people who are looked for. It never reads those of all.
 *
 * By events, each read goes through all that follows. SQL decides about everybody whose name and address are ASCII, and of the others a
 * read takes up to `MOST`, so an organization is read once, or a few times if it has many people whom only the core can decide about.
 */
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { RegisteredPerson } from "@turnout/core/admission/domain/model/RegisteredPerson"
import type { PeopleReads } from "@turnout/core/admission/ports/PeopleReads"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import * as Candidates from "../Candidates.ts"
import { type ListStatement, Parameters } from "../ListStatement.ts"
import { type Time, toDate } from "../Rows.ts"

/** The number of registrations of a window: of those that were cancelled, and of the others. */
const WINDOW = 1_000
/** The most windows of a page. */
const WINDOWS = 5
/** The most people of a read by events, of whom the core has to decide: some megabytes. */
const MOST = 50_000

interface PersonRow {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly registrations: number
  readonly last_registered_at: Time
}

const toPerson = (row: PersonRow): RegisteredPerson => ({
  id: row.id as AttendeeId,
  name: row.name,
  email: row.email,
  registrations: row.registrations,
  lastRegisteredAt: toDate(row.last_registered_at)
})

/** Whose registrations are looked at, and what is looked for among them. */
interface Asked {
  readonly organizationId: OrganizationId
  readonly search: Search.Terms | null
  /** Those with higher ids. */
  readonly after: string
  readonly limit: number
}

/** Every registration is in one of two indexes: see the first migration. */
const HALVES = ["state <> 'cancelled'", "state = 'cancelled'"]

const COLUMNS = "id, event_id, attendee_id, name, email, registered_at"

/** The end of the window after $1: an attendee, all of whose registrations are in it; NULL if it has all that follow. */
const endOf = (s: string): string => {
  const last = (half: string) => `(SELECT attendee_id FROM ${s}.registrations
  WHERE ${half} AND attendee_id > $1::text ORDER BY attendee_id OFFSET ${WINDOW - 1} LIMIT 1)`
  return `SELECT least(${HALVES.map(last).join(", ")}) AS attendee`
}

/** The registrations of a window that are for events of the organization. `last` is `null` if there is no end. */
const inWindow = (
  s: string,
  { after, last, organization }: Record<"after" | "organization", string> & { last: string | null }
) => {
  const range = `attendee_id > ${after}${last === null ? "" : ` AND attendee_id <= ${last}`}`
  const halves = HALVES.map((half) => `SELECT ${COLUMNS} FROM ${s}.registrations WHERE ${half} AND ${range}`)
  return `(
  ${halves.join("\n  UNION ALL\n  ")}
) r WHERE EXISTS (SELECT FROM ${s}.events e WHERE e.id = r.event_id AND e.organization_id = ${organization} OFFSET 0)`
}

/** The registrations of the organization. `OFFSET 0` keeps the planner from going through those of all. */
const ofEvents = (s: string, { after, organization }: Record<"after" | "organization", string>) => `${s}.events e
CROSS JOIN LATERAL (
  SELECT ${COLUMNS} FROM ${s}.registrations WHERE event_id = e.id AND attendee_id > ${after} OFFSET 0
) r WHERE e.organization_id = ${organization}`

const latest = (column: string) => `(array_agg(r.${column} ORDER BY r.registered_at DESC, r.id DESC))[1] AS ${column}`

/** Makes the statement for a page of people, in a schema, given as a quoted identifier. `end` is that of a window, if it is one. */
const statementFor = (
  s: string,
  { after, limit, organizationId, search }: Asked,
  end?: { readonly last: string | null }
): ListStatement => {
  const parameters = new Parameters()
  const bounds = { organization: parameters.add(organizationId, "uuid"), after: parameters.add(after, "text") }
  const last = end === undefined || end.last === null ? null : parameters.add(end.last, "text")
  const from = end === undefined ? ofEvents(s, bounds) : inWindow(s, { ...bounds, last })
  const where = search === null ? "" : `\nWHERE ${Candidates.beginning("name", "email", search, parameters)}`
  const text = `SELECT * FROM (
SELECT r.attendee_id AS id, ${latest("name")}, ${latest("email")},
  count(*)::integer AS registrations, max(r.registered_at) AS last_registered_at
FROM ${from}
GROUP BY r.attendee_id
) p${where}
ORDER BY id LIMIT ${parameters.add(limit, "integer")}`
  return { text, parameters: parameters.values }
}

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, schema: string): PeopleReads => {
  const endOfWindow = endOf(schema)
  const list = (asked: Asked, end?: { readonly last: string | null }) => {
    const { parameters, text } = statementFor(schema, asked, end)
    return Effect.map(read<PersonRow>(text, parameters), (rows) => rows.map(toPerson))
  }

  return {
    people: Effect.fnUntraced(function* (organizationId, search, { after: first, limit }) {
      const isFound = ({ email, name }: RegisteredPerson) => search === null || Search.begins(search, name, email)
      const found: Array<RegisteredPerson> = []
      let after = first ?? ""
      for (let window = 0; window < WINDOWS; window++) {
        const [end] = yield* read<{ readonly attendee: string | null }>(endOfWindow, [after])
        const last = end!.attendee
        // A window has few people, and all candidates of a search among them are read.
        const asked = { organizationId, search, after, limit: search === null ? limit - found.length : 2 * WINDOW }
        found.push(...(yield* list(asked, { last })).filter(isFound))
        if (found.length >= limit || last === null) return found.slice(0, limit)
        after = last
      }
      const rest = yield* Candidates.take(
        (page) => list({ organizationId, search, after: page.after ?? after, limit: page.limit }),
        { after, limit: limit - found.length },
        ({ id }) => id as string,
        isFound,
        MOST
      )
      return [...found, ...rest]
    })
  }
}
