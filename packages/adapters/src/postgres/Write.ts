/**
 * The statement that writes a batch: all of its rows at once, whatever they are.
 *
 * Every kind of row has its part; a part without rows costs next to nothing. Most of the cost is the server's reading of
 * the parameters, so whatever repeats from row to row is sent once: event ids and times go into two tables, and the rows
 * refer to them by number. JSON texts are separated by a control character, which JSON never contains.
 */
import type { Changes } from "@turnout/core/domain/Batch"
import type { EventId } from "@turnout/core/domain/Event"
import type { IdempotencyRecord } from "@turnout/core/domain/Idempotency"
import { toText } from "@turnout/core/domain/Instant"
import { payloadJson, SCHEMA_VERSION } from "@turnout/core/domain/JournalEvent"
import { plainArray, textArray } from "./ArrayLiteral.ts"
import { fromAnswer, fromEvent } from "./Rows.ts"
import type { Statement } from "./Session.ts"
import { deltas } from "./WaitlistBlocks.ts"

const EVENT_COLUMNS = `id uuid, title text, description text, location text, organizer text, starts_at timestamptz,
  ends_at timestamptz, time_zone text, registration_opens_at timestamptz, registration_closes_at timestamptz,
  waitlist text, waitlist_limit integer, capacity integer, status text, version bigint, confirmed integer,
  waitlisted integer, attended integer, no_show integer, created_at timestamptz, updated_at timestamptz`

/** What separates JSON texts: "record separator", as in RFC 7464. */
const SEPARATOR = "\u001e"

/** The text of the statement for a schema, given as a quoted identifier. `$1` and `$2` are the tables of ids and times. */
export const text = (s: string): string => {
  const id = (column: string) => `($1::uuid[])[${column}]`
  const time = (column: string) => `($2::timestamptz[])[${column}]`
  return `WITH created AS (
  INSERT INTO ${s}.events SELECT * FROM jsonb_to_recordset($3::jsonb) AS t(${EVENT_COLUMNS}) ORDER BY id
), detailed AS (
  UPDATE ${s}.events e SET title = t.title, description = t.description, location = t.location,
    organizer = t.organizer, starts_at = t.starts_at, ends_at = t.ends_at, time_zone = t.time_zone,
    registration_opens_at = t.registration_opens_at, registration_closes_at = t.registration_closes_at,
    waitlist = t.waitlist, waitlist_limit = t.waitlist_limit, capacity = t.capacity, status = t.status,
    version = t.version, confirmed = t.confirmed, waitlisted = t.waitlisted, attended = t.attended,
    no_show = t.no_show, updated_at = t.updated_at
  FROM jsonb_to_recordset($4::jsonb) AS t(${EVENT_COLUMNS}) WHERE e.id = t.id
), moved AS (
  UPDATE ${s}.events e SET capacity = t.capacity, status = t.status, version = t.version, confirmed = t.confirmed,
    waitlisted = t.waitlisted, attended = t.attended, no_show = t.no_show, updated_at = ${time("t.updated_at")}
  FROM unnest($5::integer[], $6::integer[], $7::text[], $8::bigint[], $9::integer[], $10::integer[], $11::integer[],
    $12::integer[], $13::integer[])
    AS t(id, capacity, status, version, confirmed, waitlisted, attended, no_show, updated_at)
  WHERE e.id = ${id("t.id")}
), registered AS (
  INSERT INTO ${s}.registrations (id, event_id, attendee_id, name, email, notes, state, sequence, registered_at,
    changed_at)
  SELECT id, ${id("event")}, coalesce(attendee_id, email), name, email, notes, state, sequence,
    ${time("registered_at")}, ${time("changed_at")}
  FROM unnest($14::uuid[], $15::integer[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
    $21::bigint[], $22::integer[], $23::integer[])
    AS t(id, event, attendee_id, name, email, notes, state, sequence, registered_at, changed_at)
), changed AS (
  UPDATE ${s}.registrations r SET state = t.state, changed_at = ${time("t.changed_at")}
  FROM unnest($24::uuid[], $25::text[], $26::integer[]) AS t(id, state, changed_at) WHERE r.id = t.id
), counted AS (
  INSERT INTO ${s}.waitlist_blocks AS b (event_id, level, block, waiting)
  SELECT ${id("event")}, level, block, waiting
  FROM unnest($27::integer[], $28::smallint[], $29::bigint[], $30::integer[]) AS t(event, level, block, waiting)
  ON CONFLICT (event_id, level, block) DO UPDATE SET waiting = b.waiting + excluded.waiting
), journalled AS (
  INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, actor, correlation_id, causation_id, occurred_at,
    payload)
  SELECT ${id("event")}, version, id, type, ${SCHEMA_VERSION}, actor, correlation_id, causation_id,
    ${time("occurred_at")}, payload::json
  FROM ROWS FROM (
    unnest($31::integer[], $32::bigint[], $33::uuid[], $34::text[], $35::text[], $36::text[], $37::text[],
      $38::integer[]),
    string_to_table($39::text, '${SEPARATOR}')
  ) AS t(event, version, id, type, actor, correlation_id, causation_id, occurred_at, payload)
), remembered AS (
  INSERT INTO ${s}.idempotency
    (key, operation, principal, fingerprint, request_id, registration_id, created_at, expires_at, answer)
  SELECT key, operation, principal, fingerprint, coalesce(request_id, registration_id), registration_id,
    ${time("created_at")}, ${time("expires_at")}, answer::json
  FROM ROWS FROM (
    unnest($40::text[], $41::text[], $42::text[], $43::text[], $44::uuid[], $45::uuid[], $46::integer[],
      $47::integer[]),
    string_to_table($48::text, '${SEPARATOR}')
  ) AS t(key, operation, principal, fingerprint, request_id, registration_id, created_at, expires_at, answer)
), renewed AS (
  UPDATE ${s}.idempotency i SET fingerprint = t.fingerprint, request_id = t.request_id,
    registration_id = t.registration_id, answer = t.answer, created_at = t.created_at, expires_at = t.expires_at
  FROM jsonb_to_recordset($49::jsonb) AS t(key text, operation text, principal text, fingerprint text, request_id uuid,
    registration_id uuid, answer json, created_at timestamptz, expires_at timestamptz)
  WHERE i.key = t.key AND i.operation = t.operation AND i.principal = t.principal AND i.expires_at <= t.created_at
  RETURNING 1
)
-- Fails (22012) unless every expired key is renewed: another transaction has done so, for a command of its own.
SELECT 1 / CASE WHEN (SELECT count(*) FROM renewed) = jsonb_array_length($49::jsonb) THEN 1 ELSE 0 END AS written`
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

/** A record by the names of the columns. */
const toRow = ({ answer, createdAt, expiresAt, fingerprint, requestId, scope }: IdempotencyRecord) => {
  const { json, registrationId } = fromAnswer(answer)
  return {
    key: scope.key,
    operation: scope.operation,
    principal: scope.principal,
    fingerprint,
    request_id: requestId,
    registration_id: registrationId,
    answer: JSON.parse(json) as unknown,
    created_at: createdAt,
    expires_at: expiresAt
  }
}

/** A batch as a statement, with one message id for each journal entry. */
export const write = (text: string, changes: Changes, messageIds: ReadonlyArray<string>): Statement => {
  const ids = makeTable((id: EventId) => id)
  const times = makeTable((date: Date) => date.getTime())
  const created = changes.events.filter((row) => row.created)
  const detailed = changes.events.filter((row) => row.details && !row.created)
  const moved = changes.events.filter((row) => !row.details && !row.created).map((row) => row.event)
  const registered = changes.registrations.filter((row) => row.before === null).map((row) => row.registration)
  const changed = changes.registrations.filter((row) => row.before !== null).map((row) => row.registration)
  const blocks = deltas(changes.registrations)
  const { journal } = changes
  const remembered = changes.idempotency.filter(({ renews }) => !renews).map(({ record }) => record)
  const answers = remembered.map(({ answer }) => fromAnswer(answer))
  const renewed = changes.idempotency.filter(({ renews }) => renews).map(({ record }) => toRow(record))
  const rows = [
    JSON.stringify(created.map((row) => fromEvent(row.event))),
    JSON.stringify(detailed.map((row) => fromEvent(row.event))),

    plainArray(moved, (event) => ids.numberOf(event.id)),
    plainArray(moved, (event) => event.capacity),
    plainArray(moved, (event) => event.status),
    plainArray(moved, (event) => event.version),
    plainArray(moved, (event) => event.counts.confirmed),
    plainArray(moved, (event) => event.counts.waitlisted),
    plainArray(moved, (event) => event.counts.attended),
    plainArray(moved, (event) => event.counts.noShow),
    plainArray(moved, (event) => times.numberOf(event.updatedAt)),

    plainArray(registered, (registration) => registration.id),
    plainArray(registered, (registration) => ids.numberOf(registration.eventId)),
    textArray(registered, ({ attendee }) => (attendee.id === attendee.email ? null : attendee.id)),
    textArray(registered, ({ attendee }) => attendee.name),
    textArray(registered, ({ attendee }) => attendee.email),
    textArray(registered, (registration) => registration.notes),
    plainArray(registered, (registration) => registration.state),
    plainArray(registered, (registration) => registration.sequence),
    plainArray(registered, (registration) => times.numberOf(registration.registeredAt)),
    plainArray(registered, (registration) => times.numberOf(registration.changedAt)),

    plainArray(changed, (registration) => registration.id),
    plainArray(changed, (registration) => registration.state),
    plainArray(changed, (registration) => times.numberOf(registration.changedAt)),

    plainArray(blocks, ({ eventId }) => ids.numberOf(eventId)),
    plainArray(blocks, ({ level }) => level),
    plainArray(blocks, ({ block }) => block),
    plainArray(blocks, ({ delta }) => delta),

    plainArray(journal, (entry) => ids.numberOf(entry.eventId)),
    plainArray(journal, (entry) => entry.version),
    plainArray(messageIds, (id) => id),
    plainArray(journal, (entry) => entry.event._tag),
    textArray(journal, (entry) => entry.metadata.actor),
    textArray(journal, (entry) => entry.metadata.correlationId),
    textArray(journal, (entry) => entry.metadata.causationId),
    plainArray(journal, (entry) => times.numberOf(entry.occurredAt)),
    journal.map((entry) => payloadJson(entry.event)).join(SEPARATOR),

    textArray(remembered, ({ scope }) => scope.key),
    plainArray(remembered, ({ scope }) => scope.operation),
    textArray(remembered, ({ scope }) => scope.principal),
    plainArray(remembered, (record) => record.fingerprint),
    plainArray(remembered, ({ requestId }, index) => (requestId === answers[index]!.registrationId ? null : requestId)),
    plainArray(answers, ({ registrationId }) => registrationId),
    plainArray(remembered, (record) => times.numberOf(record.createdAt)),
    plainArray(remembered, (record) => times.numberOf(record.expiresAt)),
    answers.map(({ json }) => json).join(SEPARATOR),
    JSON.stringify(renewed)
  ]
  // Last, when the rows have put everything into the tables.
  const tables = [plainArray(ids.values, (id) => id), plainArray(times.values, toText)]
  return { text, parameters: [...tables, ...rows] }
}
