/**
 * The statement that writes a batch: all of its rows at once.
 *
 * Every kind of row has its part, and the statement is made of the parts that have rows: the executor starts every part
 * that it is given, which for a single registration would cost more than writing it. Few combinations occur, and each of
 * them is one prepared statement.
 *
 * For large batches most of the cost is the server's reading of the parameters, so whatever repeats from row to row is
 * sent once: event ids and times go into two tables, and the rows refer to them by number. JSON texts are separated by a
 * control character, which JSON never contains.
 */
import type { Changes } from "@turnout/core/domain/Batch"
import type { EventId } from "@turnout/core/domain/Event"
import type { IdempotencyRecord } from "@turnout/core/domain/Idempotency"
import { toText } from "@turnout/core/domain/Instant"
import { payloadJson, SCHEMA_VERSION } from "@turnout/core/domain/JournalEvent"
import { plainArray, textArray } from "./ArrayLiteral.ts"
import { fromAnswer, fromEvent, type StoredAnswer } from "./Rows.ts"
import type { Statement } from "./Session.ts"
import { deltas } from "./WaitlistBlocks.ts"

const EVENT_COLUMNS = `id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz`

/** What separates JSON texts: "record separator", as in RFC 7464. */
const SEPARATOR = "\u001e"

const id = (column: string): string => `($1::uuid[])[${column}]`
const time = (column: string): string => `($2::timestamptz[])[${column}]`

/** How a kind of row is written. `$` gives the placeholder of the part's n-th parameter, counted from 1. */
interface Part {
  readonly name: string
  readonly parameters: number
  readonly sql: (s: string, $: (n: number, type: string) => string) => string
}

const created: Part = {
  name: "created",
  parameters: 1,
  sql: (s, $) => `INSERT INTO ${s}.events
  SELECT * FROM jsonb_to_recordset(${$(1, "jsonb")}) AS t(${EVENT_COLUMNS}) ORDER BY id`
}

// The planner takes unnest for a few rows, and a JSON document for a hundred, for which it would rather scan a table that is
// empty while the plan is made.
const detailed: Part = {
  name: "detailed",
  parameters: 2,
  sql: (s, $) => `UPDATE ${s}.events e SET title = t.title, description = t.description, location = t.location,
    organizer = t.organizer, starts_at = t.starts_at, ends_at = t.ends_at, time_zone = t.time_zone,
    registration_opens_at = t.registration_opens_at, registration_closes_at = t.registration_closes_at,
    waitlist = t.waitlist, waitlist_limit = t.waitlist_limit, capacity = t.capacity, status = t.status,
    version = t.version, confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended,
    no_show = t.no_show, updated_at = t.updated_at
  FROM unnest(${$(1, "integer[]")}, ${$(2, "text[]")}) AS k(event, row)
  CROSS JOIN LATERAL jsonb_to_record(k.row::jsonb) AS t(${EVENT_COLUMNS}) WHERE e.id = ${id("k.event")}`
}

const moved: Part = {
  name: "moved",
  parameters: 9,
  sql: (s, $) => `UPDATE ${s}.events e SET capacity = t.capacity, status = t.status, version = t.version,
    confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended, no_show = t.no_show,
    updated_at = ${time("t.updated_at")}
  FROM unnest(${$(1, "integer[]")}, ${$(2, "integer[]")}, ${$(3, "text[]")}, ${$(4, "bigint[]")}, ${$(5, "integer[]")},
    ${$(6, "integer[]")}, ${$(7, "integer[]")}, ${$(8, "integer[]")}, ${$(9, "integer[]")})
    AS t(event, capacity, status, version, confirmed, waitlisted, attended, no_show, updated_at)
  WHERE e.id = ${id("t.event")}`
}

const registered: Part = {
  name: "registered",
  parameters: 10,
  sql: (s, $) => `INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence,
    registered_at, changed_at)
  SELECT id, ${id("event")}, coalesce(attendee_id, email), name, email, notes, state, sequence,
    ${time("registered_at")}, ${time("changed_at")}
  FROM unnest(${$(1, "uuid[]")}, ${$(2, "integer[]")}, ${$(3, "text[]")}, ${$(4, "text[]")}, ${$(5, "text[]")},
    ${$(6, "text[]")}, ${$(7, "text[]")}, ${$(8, "bigint[]")}, ${$(9, "integer[]")}, ${$(10, "integer[]")})
    AS t(id, event, attendee_id, name, email, notes, state, sequence, registered_at, changed_at)`
}

const changed: Part = {
  name: "changed",
  parameters: 3,
  sql: (s, $) => `UPDATE ${s}.registrations r SET state = t.state, changed_at = ${time("t.changed_at")}
  FROM unnest(${$(1, "uuid[]")}, ${$(2, "text[]")}, ${$(3, "integer[]")}) AS t(id, state, changed_at)
  WHERE r.id = t.id`
}

const counted: Part = {
  name: "counted",
  parameters: 4,
  sql: (s, $) => `INSERT INTO ${s}.waitlist_blocks AS b (event_id, level, block, waiting)
  SELECT ${id("event")}, level, block, waiting
  FROM unnest(${$(1, "integer[]")}, ${$(2, "smallint[]")}, ${$(3, "bigint[]")}, ${$(4, "integer[]")})
    AS t(event, level, block, waiting)
  ON CONFLICT (event_id, level, block) DO UPDATE SET waiting = b.waiting + excluded.waiting`
}

const journalled: Part = {
  name: "journalled",
  parameters: 9,
  sql: (s, $) => `INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, actor, correlation_id,
    causation_id, occurred_at, payload)
  SELECT ${id("event")}, version, id, type, ${SCHEMA_VERSION}, actor, correlation_id, causation_id,
    ${time("occurred_at")}, payload::json
  FROM ROWS FROM (
    unnest(${$(1, "integer[]")}, ${$(2, "bigint[]")}, ${$(3, "uuid[]")}, ${$(4, "text[]")}, ${$(5, "text[]")},
      ${$(6, "text[]")}, ${$(7, "text[]")}, ${$(8, "integer[]")}),
    string_to_table(${$(9, "text")}, '${SEPARATOR}')
  ) AS t(event, version, id, type, actor, correlation_id, causation_id, occurred_at, payload)`
}

const remembered: Part = {
  name: "remembered",
  parameters: 9,
  sql: (s, $) => `INSERT INTO ${s}.idempotency (key, operation, principal, fingerprint, request_id, registration_id,
    created_at, expires_at, answer)
  SELECT key, operation, principal, fingerprint, coalesce(request_id, registration_id), registration_id,
    ${time("created_at")}, ${time("expires_at")}, answer::json
  FROM ROWS FROM (
    unnest(${$(1, "text[]")}, ${$(2, "text[]")}, ${$(3, "text[]")}, ${$(4, "text[]")}, ${$(5, "uuid[]")},
      ${$(6, "uuid[]")}, ${$(7, "integer[]")}, ${$(8, "integer[]")}),
    string_to_table(${$(9, "text")}, '${SEPARATOR}')
  ) AS t(key, operation, principal, fingerprint, request_id, registration_id, created_at, expires_at, answer)`
}

/** Expired records that make way for a new one; fails (22012) if another transaction has done so in the meantime. */
const renewed: Part = {
  name: "renewed",
  parameters: 9,
  sql: (
    s,
    $
  ) => `UPDATE ${s}.idempotency i SET fingerprint = t.fingerprint, request_id = coalesce(t.request_id, t.registration_id),
    registration_id = t.registration_id, answer = t.answer::json, created_at = ${time("t.created_at")},
    expires_at = ${time("t.expires_at")}
  FROM unnest(${$(1, "text[]")}, ${$(2, "text[]")}, ${$(3, "text[]")}, ${$(4, "text[]")}, ${$(5, "uuid[]")},
      ${$(6, "uuid[]")}, ${$(7, "integer[]")}, ${$(8, "integer[]")}, ${$(9, "text[]")})
    AS t(key, operation, principal, fingerprint, request_id, registration_id, created_at, expires_at, answer)
  WHERE i.key = t.key AND i.operation = t.operation AND i.principal = t.principal
    AND i.expires_at <= ${time("t.created_at")}
  RETURNING 1`
}

/** The text of a statement for a schema, given as a quoted identifier, made of these parts. `$1` and `$2` are the tables. */
export const text = (s: string, parts: ReadonlyArray<Part>): string => {
  let parameters = 2
  const written = parts.map((part) => {
    const before = parameters
    parameters += part.parameters
    return `${part.name} AS (\n  ${part.sql(s, (n, type) => `$${before + n}::${type}`)}\n)`
  })
  const main = parts.includes(renewed)
    ? `SELECT 1 / CASE WHEN (SELECT count(*) FROM renewed) = cardinality($${parameters}::text[]) THEN 1 ELSE 0 END`
    : "SELECT 1"
  // Both tables have their types even if no part refers to them.
  return `WITH tables AS (SELECT $1::uuid[], $2::timestamptz[]), ${written.join(", ")}\n${main} AS written`
}

/** Values that rows refer to by number, counted from 1, each of them once. */
const makeTable = <A, K>(keyOf: (value: A) => K) => {
  const numbers = new Map<K, number>()
  const values: Array<A> = []
  let last: K | undefined
  let lastNumber = 0
  return {
    values,
    numberOf: (value: A): number => {
      const key = keyOf(value)
      // Most rows have the value of the row before.
      if (key === last) return lastNumber
      let number = numbers.get(key)
      if (number === undefined) {
        number = values.push(value)
        numbers.set(key, number)
      }
      last = key
      lastNumber = number
      return number
    }
  }
}

/** A batch as a statement, with one message id for each journal entry. */
export type Write = (changes: Changes, messageIds: ReadonlyArray<string>) => Statement

/** What writes batches into a schema, given as a quoted identifier. */
export const make = (s: string): Write => {
  const texts = new Map<string, string>()
  return (changes, messageIds) => {
    const parts: Array<Part> = []
    const parameters: Array<string> = []
    const ids = makeTable((id: EventId) => id)
    const times = makeTable((date: Date) => date.getTime())
    const add = <Row>(part: Part, rows: ReadonlyArray<Row>, columns: () => ReadonlyArray<string>) => {
      if (rows.length === 0) return
      parts.push(part)
      parameters.push(...columns())
    }

    const newEvents = changes.events.filter((row) => row.created)
    add(created, newEvents, () => [JSON.stringify(newEvents.map((row) => fromEvent(row.event)))])
    const newDetails = changes.events.filter((row) => row.details && !row.created)
    add(detailed, newDetails, () => [
      plainArray(newDetails, (row) => ids.numberOf(row.event.id)),
      textArray(newDetails, (row) => JSON.stringify(fromEvent(row.event)))
    ])
    const events = changes.events.filter((row) => !row.details && !row.created).map((row) => row.event)
    add(moved, events, () => [
      plainArray(events, (event) => ids.numberOf(event.id)),
      plainArray(events, (event) => event.capacity),
      plainArray(events, (event) => event.status),
      plainArray(events, (event) => event.version),
      plainArray(events, (event) => event.counts.confirmed),
      plainArray(events, (event) => event.counts.waitlisted),
      plainArray(events, (event) => event.counts.attended),
      plainArray(events, (event) => event.counts.noShow),
      plainArray(events, (event) => times.numberOf(event.updatedAt))
    ])

    const newcomers = changes.registrations.filter((row) => row.before === null).map((row) => row.registration)
    add(registered, newcomers, () => [
      plainArray(newcomers, (registration) => registration.id),
      plainArray(newcomers, (registration) => ids.numberOf(registration.eventId)),
      textArray(newcomers, ({ attendee }) => (attendee.id === attendee.email ? null : attendee.id)),
      textArray(newcomers, ({ attendee }) => attendee.name),
      textArray(newcomers, ({ attendee }) => attendee.email),
      textArray(newcomers, (registration) => registration.notes),
      plainArray(newcomers, (registration) => registration.state),
      plainArray(newcomers, (registration) => registration.sequence),
      plainArray(newcomers, (registration) => times.numberOf(registration.registeredAt)),
      plainArray(newcomers, (registration) => times.numberOf(registration.changedAt))
    ])
    const others = changes.registrations.filter((row) => row.before !== null).map((row) => row.registration)
    add(changed, others, () => [
      plainArray(others, (registration) => registration.id),
      plainArray(others, (registration) => registration.state),
      plainArray(others, (registration) => times.numberOf(registration.changedAt))
    ])
    const blocks = deltas(changes.registrations)
    add(counted, blocks, () => [
      plainArray(blocks, ({ eventId }) => ids.numberOf(eventId)),
      plainArray(blocks, ({ level }) => level),
      plainArray(blocks, ({ block }) => block),
      plainArray(blocks, ({ delta }) => delta)
    ])

    const { journal } = changes
    add(journalled, journal, () => [
      plainArray(journal, (entry) => ids.numberOf(entry.eventId)),
      plainArray(journal, (entry) => entry.version),
      plainArray(messageIds, (id) => id),
      plainArray(journal, (entry) => entry.event._tag),
      textArray(journal, (entry) => entry.metadata.actor),
      textArray(journal, (entry) => entry.metadata.correlationId),
      textArray(journal, (entry) => entry.metadata.causationId),
      plainArray(journal, (entry) => times.numberOf(entry.occurredAt)),
      journal.map((entry) => payloadJson(entry.event)).join(SEPARATOR)
    ])

    const columnsOf = (records: ReadonlyArray<IdempotencyRecord>, answers: ReadonlyArray<StoredAnswer>) => [
      textArray(records, ({ scope }) => scope.key),
      plainArray(records, ({ scope }) => scope.operation),
      textArray(records, ({ scope }) => scope.principal),
      plainArray(records, (record) => record.fingerprint),
      plainArray(records, ({ requestId }, index) => (requestId === answers[index]!.registrationId ? null : requestId)),
      plainArray(answers, ({ registrationId }) => registrationId),
      plainArray(records, (record) => times.numberOf(record.createdAt)),
      plainArray(records, (record) => times.numberOf(record.expiresAt))
    ]
    const records = changes.idempotency.filter(({ renews }) => !renews).map(({ record }) => record)
    add(remembered, records, () => {
      const answers = records.map(({ answer }) => fromAnswer(answer))
      return [...columnsOf(records, answers), answers.map(({ json }) => json).join(SEPARATOR)]
    })
    const renewals = changes.idempotency.filter(({ renews }) => renews).map(({ record }) => record)
    add(renewed, renewals, () => {
      const answers = renewals.map(({ answer }) => fromAnswer(answer))
      return [...columnsOf(renewals, answers), textArray(answers, ({ json }) => json)]
    })

    const key = parts.map(({ name }) => name).join()
    let statement = texts.get(key)
    if (statement === undefined) texts.set(key, (statement = text(s, parts)))
    const tables = [plainArray(ids.values, (id) => id), plainArray(times.values, toText)]
    return { text: statement, parameters: [...tables, ...parameters] }
  }
}
