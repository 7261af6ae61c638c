/**
 * How each kind of row is written. Rows refer to ids and times by their numbers in the tables that are the first two
 * parameters of the statement.
 *
 * What changes rows is carried out before what makes new ones (see `Part.mustFindAll`), so a registration that a batch
 * cancels is out of the unique index before the same attendee's new one is in, and the journal draws no number before the
 * events are locked.
 */
import { JournalEventType, schemaVersionOf } from "@turnout/core/domain/JournalEvent"
import type { Part } from "./Parts.ts"
import { type Column, json, nullable, plain, quoted } from "./RowSource.ts"

const EVENT_COLUMNS = `id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz`

const id = (column: string): string => `($1::uuid[])[${column}]`
const time = (column: string): string => `($2::timestamptz[])[${column}]`

export const created: Part = {
  name: "created",
  columns: [quoted("row")],
  sql: (s, rows) => `INSERT INTO ${s}.events
  SELECT e.* FROM ${rows} CROSS JOIN LATERAL jsonb_to_record(t.row::jsonb) AS e(${EVENT_COLUMNS}) ORDER BY e.id`
}

/**
 * Where the row is that a row of `t` is about: as `p`, with its `place`, and whatever else is asked for. Rows are looked up
 * one by one and then updated by their place: joined to the table, they are found by reading all of it as soon as a plan is
 * made while there is little in it, and a plan outlives that by far. A row that another transaction is changing is not
 * found.
 */
const placeOf = (s: string, table: string, condition: string, ...columns: ReadonlyArray<string>): string =>
  `CROSS JOIN LATERAL (SELECT ${["f.ctid AS place", ...columns].join(", ")} FROM ${s}.${table} f WHERE ${condition} OFFSET 0) p`

export const detailed: Part = {
  name: "detailed",
  columns: [plain("event", "integer"), quoted("row")],
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

const movedColumns: ReadonlyArray<Column> = [
  plain("event", "integer"),
  plain("capacity", "integer"),
  plain("status", "text"),
  plain("version", "bigint"),
  plain("confirmed", "integer"),
  plain("waitlisted", "integer"),
  plain("attended", "integer"),
  plain("no_show", "integer"),
  plain("updated_at", "integer")
]

const move = (s: string, rows: string, condition = ""): string => `UPDATE ${s}.events e SET capacity = t.capacity,
    status = t.status, version = t.version, confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended,
    no_show = t.no_show, updated_at = ${time("t.updated_at")}
  FROM ${rows} ${placeOf(s, "events", `f.id = ${id("t.event")}`, "f.id", "f.version")}
  ${condition}
  WHERE e.ctid = p.place RETURNING 1`

export const moved: Part = { name: "moved", columns: movedColumns, mustFindAll: true, sql: move }

/**
 * Events that are as they are expected to be, told by the last entry of their journal. The rows are in the order of their
 * ids, and are locked in that order.
 */
export const followed: Part = {
  name: "followed",
  columns: [...movedColumns, plain("last_message_id", "uuid")],
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

export const registered: Part = {
  name: "registered",
  columns: [
    plain("id", "uuid"),
    plain("event", "integer"),
    nullable(quoted("attendee_id")),
    quoted("name"),
    quoted("email"),
    quoted("notes"),
    plain("state", "text"),
    plain("sequence", "bigint"),
    plain("registered_at", "integer"),
    plain("changed_at", "integer")
  ],
  sql: (s, rows) => `INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
    registered_at, changed_at)
  SELECT t.id, ${id("t.event")}, coalesce(t.attendee_id, t.email), t.name, t.email, t.notes, t.state, t.sequence,
    ${time("t.registered_at")}, ${time("t.changed_at")}
  FROM ${rows}`
}

export const changed: Part = {
  name: "changed",
  columns: [plain("id", "uuid"), plain("state", "text"), plain("changed_at", "integer")],
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.registrations r SET state = t.state, changed_at = ${time("t.changed_at")}
  FROM ${rows} ${placeOf(s, "registrations", "f.id = t.id")}
  WHERE r.ctid = p.place RETURNING 1`
}

export const counted: Part = {
  name: "counted",
  columns: [
    plain("event", "integer"),
    plain("level", "smallint"),
    plain("block", "bigint"),
    plain("waiting", "integer")
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

export const journalled: Part = {
  name: "journalled",
  columns: [
    plain("version", "bigint"),
    plain("event", "integer"),
    plain("id", "uuid"),
    plain("type", "text"),
    quoted("actor"),
    nullable(quoted("correlation_id")),
    nullable(quoted("causation_id")),
    plain("occurred_at", "integer"),
    json("payload")
  ],
  sql: (s, rows) => `INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, actor, correlation_id,
    causation_id, occurred_at, payload)
  SELECT ${id("t.event")}, t.version, t.id, t.type, ${SCHEMA_VERSION}, t.actor, t.correlation_id, t.causation_id,
    ${time("t.occurred_at")}, t.payload::json
  FROM ${rows}`
}

const recordColumns: ReadonlyArray<Column> = [
  quoted("key"),
  plain("operation", "text"),
  quoted("principal"),
  plain("fingerprint", "text"),
  nullable(plain("request_id", "uuid")),
  nullable(plain("registration_id", "uuid")),
  plain("created_at", "integer"),
  plain("expires_at", "integer")
]

export const remembered: Part = {
  name: "remembered",
  columns: [...recordColumns, json("answer")],
  sql: (s, rows) => `INSERT INTO ${s}.idempotency (key, operation, principal, fingerprint, request_id, registration_id,
    created_at, expires_at, answer)
  SELECT t.key, t.operation, t.principal, t.fingerprint, coalesce(t.request_id, t.registration_id), t.registration_id,
    ${time("t.created_at")}, ${time("t.expires_at")}, t.answer::json
  FROM ${rows}`
}

/** Expired records that make way for a new one, unless another transaction has done so in the meantime. */
export const renewed: Part = {
  name: "renewed",
  columns: [...recordColumns, json("answer")],
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
