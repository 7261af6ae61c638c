/**
 * The statements that list and count events, one for each combination of filters.
 *
 * A plan is made once and serves every list with the same statement. No index answers a condition such as `$1 IS NULL OR
 * organizer = $1` in such a plan: it would read events by their start until it had found enough. So a condition is in a statement
 * or not. Only the bounds of the start and the place to go on from are always there, as one range of the index, which is as wide
 * as possible where there is no bound.
 *
 * An event overlaps with what comes after a moment if it runs at that moment, or starts later. The events that run are few and
 * are found by their span; those that start later are one range of the starts. So the events of years that are over cost nothing.
 */
import type { EventFilter } from "@turnout/core/admission/ports/EventFilter"
import type { EventKey, EventOrder } from "@turnout/core/admission/ports/EventReads"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import * as Candidates from "../Candidates.ts"
import { type ListStatement, Parameters } from "../ListStatement.ts"
import { plainArray } from "../../statements/ArrayLiteral.ts"

/** A place between events in the order of (startsAt, id). No event has the first id or the last. */
interface Place {
  /** Milliseconds. */
  readonly at: number
  readonly id: string
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000"
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

const isBefore = (one: Place, other: Place): boolean => one.at < other.at || (one.at === other.at && one.id < other.id)

const latest = (first: Place, ...others: ReadonlyArray<Place>): Place =>
  others.reduce((one, other) => (isBefore(one, other) ? other : one), first)
const earliest = (first: Place, ...others: ReadonlyArray<Place>): Place =>
  others.reduce((one, other) => (isBefore(other, one) ? other : one), first)

/** The place before all events that start at a time or later. */
const before = (time: Date | null, none: number): Place => ({ at: time?.getTime() ?? none, id: FIRST_ID })

/** The place after all events that start at a time or earlier. */
const after = (time: Date): Place => ({ at: time.getTime(), id: LAST_ID })

const time = (millis: number): Date | string =>
  millis === Infinity ? "infinity" : millis === -Infinity ? "-infinity" : new Date(millis)

interface Range {
  readonly begin: Place
  readonly end: Place
}

/** The range of starts in which all events of a list are. */
const rangeOf = (filter: EventFilter, page: PageRequest<EventKey>, order: EventOrder): Range => {
  const { overBy, startsFrom, startsUntil, until } = filter
  const place = page.after === null ? [] : [{ at: page.after.startsAt.getTime(), id: page.after.id }]
  return {
    begin: latest(before(startsFrom, -Infinity), ...(order === "earliest" ? place : [])),
    end: earliest(
      before(startsUntil, Infinity),
      before(until, Infinity),
      before(overBy, Infinity),
      ...(order === "latest" ? place : [])
    )
  }
}

/** Whether an event is public (`isPublic` of the domain), or belongs to one of some organizations. Most events are expected to be. */
const isVisible = (organizations: string): string =>
  `coalesce(status IN ('published', 'completed') OR (status <> 'draft' AND cancelled_from IS DISTINCT FROM 'draft')
    OR organization_id = ANY(${organizations}), false)`

/** What stands after `FROM` for the events of a range. They run at `runningAt`, unless that is `null`. */
const fromWhere = (
  s: string,
  { organizationId, organizer, overBy, search, statuses, visibleTo }: EventFilter,
  { begin, end }: Range,
  runningAt: Date | null,
  parameters: Parameters
): string => {
  const place = ({ at, id }: Place) => `(${parameters.add(time(at), "timestamptz")}, ${parameters.add(id, "uuid")})`
  // `OFFSET 0` keeps the planner from looking for them among all events that have started.
  const source =
    runningAt === null
      ? `${s}.events`
      : `(SELECT * FROM ${s}.events
  WHERE tstzrange(starts_at, greatest(starts_at, ends_at)) @> ${parameters.add(runningAt, "timestamptz")} OFFSET 0) e`
  const conditions = [
    `(starts_at, id) > ${place(begin)}`,
    `(starts_at, id) < ${place(end)}`,
    // Within `coalesce`, the planner expects half of the events to match. If it expected few, it would sort all events of the
    // range.
    ...(statuses === null
      ? []
      : [
          `coalesce(status = ANY(${parameters.add(
            plainArray(statuses, (status) => status),
            "text[]"
          )}), false)`
        ]),
    ...(organizationId === null ? [] : [`organization_id = ${parameters.add(organizationId, "uuid")}`]),
    ...(visibleTo === null
      ? []
      : [
          isVisible(
            parameters.add(
              plainArray(visibleTo, (id): string => id),
              "uuid[]"
            )
          )
        ]),
    ...(organizer === null ? [] : [`organizer = ${parameters.add(organizer, "text")}`]),
    ...(overBy === null ? [] : [`coalesce(ends_at <= ${parameters.add(overBy, "timestamptz")}, false)`]),
    ...(search === null
      ? []
      : [Candidates.condition(["title", "location"], parameters.add(Candidates.termOf(search), "text"))])
  ]
  return `${source} WHERE ${conditions.join(" AND ")}`
}

/** The sources of a list: what stands after `FROM`. Their events follow one another. */
const sources = (
  s: string,
  filter: EventFilter,
  { order, page }: { readonly page: PageRequest<EventKey>; readonly order: EventOrder },
  parameters: Parameters
): ReadonlyArray<string> => {
  const { from } = filter
  const range = rangeOf(filter, page, order)
  if (from === null) return [fromWhere(s, filter, range, null, parameters)]
  const later = { ...range, begin: latest(range.begin, after(from)) }
  return [fromWhere(s, filter, range, from, parameters), fromWhere(s, filter, later, null, parameters)]
}

/** Makes the statement for a page of the events that match a filter, in a schema, given as a quoted identifier. */
export const make =
  (s: string, columns: string) =>
  (filter: EventFilter, page: PageRequest<EventKey>, order: EventOrder): ListStatement => {
    const parameters = new Parameters()
    const limit = parameters.add(page.limit, "integer")
    const inOrder = `${order === "earliest" ? "ORDER BY starts_at, id" : "ORDER BY starts_at DESC, id DESC"} LIMIT ${limit}`
    const selects = sources(s, filter, { page, order }, parameters).map(
      (source) => `SELECT ${columns} FROM ${source}\n${inOrder}`
    )
    const text =
      selects.length === 1
        ? selects[0]!
        : `SELECT * FROM (\n${selects.map((select) => `(${select})`).join("\nUNION ALL\n")}\n) e ${inOrder}`
    return { text, parameters: parameters.values }
  }

/** Makes the statement that counts the events that match a filter without a search. */
export const makeCount =
  (s: string) =>
  (filter: EventFilter): ListStatement => {
    const parameters = new Parameters()
    const page = { after: null, limit: 0 }
    const counts = sources(s, filter, { page, order: "earliest" }, parameters).map(
      (source) => `(SELECT count(*) FROM ${source})`
    )
    return { text: `SELECT (${counts.join("\n+ ")})::integer AS count`, parameters: parameters.values }
  }
