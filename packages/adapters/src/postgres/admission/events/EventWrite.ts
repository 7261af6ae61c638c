/**
 * Writing events: new ones, those that have changed themselves, those that have moved on, and those that are deleted.
 *
 * Most events that change have only moved on: with the registrations that a batch makes, their version and their counts are
 * others. Such a write leaves the revision as it is.
 */
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { ChangedEvent, Changes } from "@turnout/core/admission/domain/state/EventRows"
import { type Column, plain, quoted } from "../../statements/RowSource.ts"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { KnownEvent } from "../batch/KnownEvents.ts"
import { type Chosen, id, type Part, placeOf, type Shared, time } from "../batch/WriteParts.ts"
import { EVENT, fromEvent } from "../Rows.ts"

const EVENT_COLUMNS = `id uuid, organization_id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz, cancelled_from text,
  revision bigint, registration text, cancellation_closes_at timestamptz`

const created: Part<ChangedEvent> = {
  name: "created",
  columns: [quoted("row", ({ event }) => JSON.stringify(fromEvent(event)))],
  sql: (s, rows) => `INSERT INTO ${s}.events (${EVENT})
  SELECT ${EVENT} FROM ${rows} CROSS JOIN LATERAL jsonb_to_record(t.row::jsonb) AS e(${EVENT_COLUMNS}) ORDER BY e.id`
}

const revised: Part<ChangedEvent> = {
  name: "revised",
  columns: [
    plain("event", "integer", ({ event }, _, { ids }) => ids.numberOf(event.id)),
    quoted("row", ({ event }) => JSON.stringify(fromEvent(event)))
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.events e SET title = n.title, description = n.description, location = n.location,
    organizer = n.organizer, starts_at = n.starts_at, ends_at = n.ends_at, time_zone = n.time_zone,
    registration_opens_at = n.registration_opens_at, registration_closes_at = n.registration_closes_at,
    waitlist = n.waitlist, waitlist_limit = n.waitlist_limit, capacity = n.capacity, status = n.status,
    cancelled_from = n.cancelled_from, version = n.version, confirmed = n.confirmed, waitlisted = n.waitlisted,
    attended = n.attended, no_show = n.no_show, updated_at = n.updated_at, revision = n.revision,
    registration = n.registration, cancellation_closes_at = n.cancellation_closes_at
  FROM ${rows} ${placeOf(s, "events", `f.id = ${id("t.event")}`)}
  CROSS JOIN LATERAL jsonb_to_record(t.row::jsonb) AS n(${EVENT_COLUMNS})
  WHERE e.ctid = p.place RETURNING 1`
}

const movedColumns: ReadonlyArray<Column<Event, Shared>> = [
  plain("event", "integer", ({ id }, _, { ids }) => ids.numberOf(id)),
  plain("capacity", "integer", ({ capacity }) => capacity),
  plain("status", "text", ({ status }) => status),
  plain("version", "bigint", ({ version }) => version),
  plain("confirmed", "integer", ({ counts }) => counts.confirmed),
  plain("waitlisted", "integer", ({ counts }) => counts.waitlisted),
  plain("attended", "integer", ({ counts }) => counts.attended),
  plain("no_show", "integer", ({ counts }) => counts.noShow),
  plain("updated_at", "integer", ({ updatedAt }, _, { times }) => times.numberOf(updatedAt))
]

const move = (s: string, rows: string, condition = ""): string => `UPDATE ${s}.events e SET capacity = t.capacity,
    status = t.status, version = t.version, confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended,
    no_show = t.no_show, updated_at = ${time("t.updated_at")}
  FROM ${rows} ${placeOf(s, "events", `f.id = ${id("t.event")}`, "f.id", "f.version")}
  ${condition}
  WHERE e.ctid = p.place RETURNING 1`

const moved: Part<Event> = { name: "moved", columns: movedColumns, mustFindAll: true, sql: move }

/** An event as it is now, and the last entry of its journal before the batch, by its message id. */
interface Follower {
  readonly event: Event
  readonly lastMessageId: string
}

const ofFollower = (column: Column<Event, Shared>): Column<Follower, Shared> => {
  const { valueOf } = column
  return { ...column, valueOf: ({ event }, n, shared) => valueOf(event, n, shared) }
}

/**
 * Events that are still as expected, which the last entry of their journal tells. The rows are in the order of their ids, and
 * are locked in that order.
 */
const followed: Part<Follower> = {
  name: "followed",
  columns: [...movedColumns.map(ofFollower), plain("last_message_id", "uuid", ({ lastMessageId }) => lastMessageId)],
  mustFindAll: true,
  sql: (s, rows) =>
    move(
      s,
      rows,
      `CROSS JOIN LATERAL (
    SELECT FROM ${s}.journal j WHERE j.event_id = p.id AND j.version = p.version AND j.id = t.last_message_id OFFSET 0
  ) j`
    )
}

const deleted: Part<EventId> = {
  name: "deleted",
  columns: [plain("event", "integer", (eventId, _, { ids }) => ids.numberOf(eventId))],
  mustFindAll: true,
  sql: (s, rows) => `DELETE FROM ${s}.events e
  USING ${rows} ${placeOf(s, "events", `f.id = ${id("t.event")}`)}
  WHERE e.ctid = p.place RETURNING 1`
}

/** `expected` are the events as the batch was decided on them, in the order of their ids, if that was a guess. */
export const choose = (
  chosen: Chosen,
  { deletedEvents, events }: Changes,
  expected: ReadonlyArray<KnownEvent> | undefined
): void => {
  const old = events.filter((row) => !row.created)
  chosen.add(
    created,
    events.filter((row) => row.created)
  )
  chosen.add(
    revised,
    old.filter((row) => row.revised)
  )
  chosen.add(deleted, deletedEvents)
  const movedOn = old.filter((row) => !row.revised).map(({ event }) => event)
  if (expected === undefined) return chosen.add(moved, movedOn)
  const now = new Map(movedOn.map((event) => [event.id, event]))
  chosen.add(
    followed,
    expected.map(({ event, lastMessageId }) => ({ event: now.get(event.id)!, lastMessageId }))
  )
}
