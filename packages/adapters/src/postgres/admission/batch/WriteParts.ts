/**
 * How each kind of row is written: the columns with their values, and the SQL. Rows refer to ids and times by their numbers in
 * the tables that are the first two parameters of the statement.
 *
 * Parts that change rows are carried out before parts that make new ones (see `Part.mustFindAll`). So a registration that a
 * batch cancels is out of the unique index before the same attendee's new one is in, and the journal draws no number before the
 * events are locked.
 */
import type { Changes } from "@turnout/core/admission/domain/state/Changes"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { ChangedRegistration } from "@turnout/core/admission/domain/state/RegistrationRows"
import {
  type JournalEntry,
  JournalEventType,
  payloadJson,
  schemaVersionOf
} from "@turnout/core/journal/domain/JournalEvent"
import type { KnownEvent } from "./KnownEvents.ts"
import type { NumberedValues } from "../../statements/NumberedValues.ts"
import type * as Parts from "../../statements/Parts.ts"
import { type fromAnswer, fromEvent } from "../Rows.ts"
import { type Column, json, nullable, plain, quoted } from "../../statements/RowSource.ts"
import type { BlockDelta } from "../registrations/WaitlistBlocks.ts"

/** What the rows of a batch share. */
export interface Shared {
  readonly ids: NumberedValues<EventId>
  readonly times: NumberedValues<Date>
  /** One id for each entry of the journal. */
  readonly messageIds: ReadonlyArray<string>
  /** The events that have changed, as they are now. */
  readonly moved: ReadonlyMap<EventId, Event>
}

type Part<Row> = Parts.Part<Row, Shared>
type EventChange = Changes["events"][number]

const EVENT_COLUMNS = `id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz`

const id = (column: string): string => `($1::uuid[])[${column}]`
const time = (column: string): string => `($2::timestamptz[])[${column}]`

export const created: Part<EventChange> = {
  name: "created",
  columns: [quoted("row", ({ event }) => JSON.stringify(fromEvent(event)))],
  sql: (s, rows) => `INSERT INTO ${s}.events
  SELECT e.* FROM ${rows} CROSS JOIN LATERAL jsonb_to_record(t.row::jsonb) AS e(${EVENT_COLUMNS}) ORDER BY e.id`
}

/**
 * Finds the row that a row of `t` is about, as `p`, with its `place` and other columns. Rows are looked up one by one and then
 * updated by their place: in a join, the whole table would be read if the plan was made while there is little in the table, and
 * a plan is used for much longer. A row that another transaction is changing is not found.
 */
const placeOf = (s: string, table: string, condition: string, ...columns: ReadonlyArray<string>): string =>
  `CROSS JOIN LATERAL (SELECT ${["f.ctid AS place", ...columns].join(", ")} FROM ${s}.${table} f WHERE ${condition} OFFSET 0) p`

export const detailed: Part<EventChange> = {
  name: "detailed",
  columns: [
    plain("event", "integer", ({ event }, _, { ids }) => ids.numberOf(event.id)),
    quoted("row", ({ event }) => JSON.stringify(fromEvent(event)))
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.events e SET title = n.title, description = n.description, location = n.location,
    organizer = n.organizer, starts_at = n.starts_at, ends_at = n.ends_at, time_zone = n.time_zone,
    registration_opens_at = n.registration_opens_at, registration_closes_at = n.registration_closes_at,
    waitlist = n.waitlist, waitlist_limit = n.waitlist_limit, capacity = n.capacity, status = n.status,
    version = n.version, confirmed = n.confirmed, waitlisted = n.waitlisted, attended = n.attended,
    no_show = n.no_show, updated_at = n.updated_at
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

export const moved: Part<Event> = { name: "moved", columns: movedColumns, mustFindAll: true, sql: move }

/** A column of the event that an expected event has become. */
const ofMoved = (column: Column<Event, Shared>): Column<KnownEvent, Shared> => {
  const { valueOf } = column
  return { ...column, valueOf: ({ event }, n, shared) => valueOf(shared.moved.get(event.id)!, n, shared) }
}

/**
 * Events that are still as expected, which the last entry of their journal tells. The rows are in the order of their ids, and
 * are locked in that order.
 */
export const followed: Part<KnownEvent> = {
  name: "followed",
  columns: [...movedColumns.map(ofMoved), plain("last_message_id", "uuid", ({ lastMessageId }) => lastMessageId)],
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

export const registered: Part<ChangedRegistration> = {
  name: "registered",
  columns: [
    plain("id", "uuid", ({ registration }) => registration.id),
    plain("event", "integer", ({ registration }, _, { ids }) => ids.numberOf(registration.eventId)),
    nullable(
      quoted("attendee_id", ({ registration: { attendee } }) => (attendee.id === attendee.email ? null : attendee.id))
    ),
    quoted("name", ({ registration }) => registration.attendee.name),
    quoted("email", ({ registration }) => registration.attendee.email),
    quoted("notes", ({ registration }) => registration.notes),
    plain("state", "text", ({ registration }) => registration.state),
    plain("sequence", "bigint", ({ registration }) => registration.sequence),
    plain("registered_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.registeredAt)),
    plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt))
  ],
  sql: (s, rows) => `INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
    registered_at, changed_at)
  SELECT t.id, ${id("t.event")}, coalesce(t.attendee_id, t.email), t.name, t.email, t.notes, t.state, t.sequence,
    ${time("t.registered_at")}, ${time("t.changed_at")}
  FROM ${rows}`
}

export const changed: Part<ChangedRegistration> = {
  name: "changed",
  columns: [
    plain("id", "uuid", ({ registration }) => registration.id),
    plain("state", "text", ({ registration }) => registration.state),
    plain("changed_at", "integer", ({ registration }, _, { times }) => times.numberOf(registration.changedAt))
  ],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.registrations r SET state = t.state, changed_at = ${time("t.changed_at")}
  FROM ${rows} ${placeOf(s, "registrations", "f.id = t.id")}
  WHERE r.ctid = p.place RETURNING 1`
}

export const counted: Part<BlockDelta> = {
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

const laterVersions = JournalEventType.literals.filter((type) => schemaVersionOf(type) > 1)
/** The schema version of a row: a constant, as long as every type is in its first. */
const SCHEMA_VERSION =
  laterVersions.length === 0
    ? "1"
    : `CASE t.type ${laterVersions.map((type) => `WHEN '${type}' THEN ${schemaVersionOf(type)}`).join(" ")} ELSE 1 END`

export const journalled: Part<JournalEntry> = {
  name: "journalled",
  columns: [
    plain("version", "bigint", ({ version }) => version),
    plain("event", "integer", ({ eventId }, _, { ids }) => ids.numberOf(eventId)),
    plain("id", "uuid", (_, index, { messageIds }) => messageIds[index]!),
    plain("type", "text", ({ event }) => event._tag),
    quoted("actor", ({ metadata }) => metadata.actor),
    nullable(quoted("correlation_id", ({ metadata }) => metadata.correlationId)),
    nullable(quoted("causation_id", ({ metadata }) => metadata.causationId)),
    plain("occurred_at", "integer", ({ occurredAt }, _, { times }) => times.numberOf(occurredAt)),
    json("payload", ({ event }) => payloadJson(event))
  ],
  sql: (s, rows) => `INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, actor, correlation_id,
    causation_id, occurred_at, payload)
  SELECT ${id("t.event")}, t.version, t.id, t.type, ${SCHEMA_VERSION}, t.actor, t.correlation_id, t.causation_id,
    ${time("t.occurred_at")}, t.payload::json
  FROM ${rows}`
}

/** A record, with its answer in the form in which it is stored. */
export type StoredRecord = { readonly record: IdempotencyRecord } & ReturnType<typeof fromAnswer>

const recordColumns: ReadonlyArray<Column<StoredRecord, Shared>> = [
  quoted("key", ({ record }) => record.scope.key),
  plain("operation", "text", ({ record }) => record.scope.operation),
  quoted("principal", ({ record }) => record.scope.principal),
  plain("fingerprint", "text", ({ record }) => record.fingerprint),
  nullable(
    plain("request_id", "uuid", ({ record, registrationId }) =>
      record.requestId === registrationId ? null : record.requestId
    )
  ),
  nullable(plain("registration_id", "uuid", ({ registrationId }) => registrationId)),
  plain("created_at", "integer", ({ record }, _, { times }) => times.numberOf(record.createdAt)),
  plain("expires_at", "integer", ({ record }, _, { times }) => times.numberOf(record.expiresAt)),
  json("answer", ({ json }) => json)
]

export const remembered: Part<StoredRecord> = {
  name: "remembered",
  columns: recordColumns,
  sql: (s, rows) => `INSERT INTO ${s}.idempotency (key, operation, principal, fingerprint, request_id, registration_id,
    created_at, expires_at, answer)
  SELECT t.key, t.operation, t.principal, t.fingerprint, coalesce(t.request_id, t.registration_id), t.registration_id,
    ${time("t.created_at")}, ${time("t.expires_at")}, t.answer::json
  FROM ${rows}`
}

/** Expired records that are replaced by new ones, unless another transaction has replaced them in the meantime. */
export const renewed: Part<StoredRecord> = {
  name: "renewed",
  columns: recordColumns,
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.idempotency i SET fingerprint = t.fingerprint,
    request_id = coalesce(t.request_id, t.registration_id), registration_id = t.registration_id,
    answer = t.answer::json, created_at = ${time("t.created_at")}, expires_at = ${time("t.expires_at")}
  FROM ${rows} ${placeOf(
    s,
    "idempotency",
    `f.key = t.key AND f.operation = t.operation AND f.principal = t.principal
    AND f.expires_at <= ${time("t.created_at")}`
  )}
  WHERE i.ctid = p.place RETURNING 1`
}
