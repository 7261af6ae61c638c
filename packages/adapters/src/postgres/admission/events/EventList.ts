/**
 * The statements that list events, one for each combination of filters other than time.
 *
 * A plan is made once and serves every list with the same statement. No index answers a condition such as `$1 IS NULL OR
 * organizer = $1` in such a plan: it would read events by their start until it had found enough. So a condition on status or
 * organizer is in a statement or not, which makes four statements. Times and the place to go on from are one range of the
 * index, which is always there, and as wide as possible where there is no bound.
 */
import type { EventFilter, EventKey } from "@turnout/core/admission/ports/EventReads"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"

export interface EventList {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown>
}

const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
const MILLISECOND = 1

/**
 * The place after which a page begins. Times are whole milliseconds, so the range before `from` ends one millisecond before it.
 */
const placeBefore = (from: Date | null, after: EventKey | null): readonly [startsAt: Date | string, id: string] => {
  if (after !== null && (from === null || after.startsAt.getTime() >= from.getTime())) return [after.startsAt, after.id]
  return [from === null ? "-infinity" : new Date(from.getTime() - MILLISECOND), LAST_ID]
}

/** Makes the statement for a page of the events that match a filter, in a schema, given as a quoted identifier. */
export const make =
  (s: string, columns: string) =>
  ({ from, organizer, status, until }: EventFilter, { after, limit }: PageRequest<EventKey>): EventList => {
    const parameters: Array<unknown> = [...placeBefore(from, after), until ?? "infinity", limit]
    const parameter = (value: string) => `$${parameters.push(value)}::text`
    // Within `coalesce`, the planner expects half of the events to match. If it expected few, it would sort all events of the
    // range.
    const inStatus = status === null ? "" : ` AND coalesce(status = ${parameter(status)}, false)`
    const ofOrganizer = organizer === null ? "" : ` AND organizer = ${parameter(organizer)}`
    const text = `SELECT ${columns} FROM ${s}.events
WHERE (starts_at, id) > ($1::timestamptz, $2::uuid) AND starts_at < $3::timestamptz${inStatus}${ofOrganizer}
ORDER BY starts_at, id LIMIT $4::integer`
    return { text, parameters }
  }
