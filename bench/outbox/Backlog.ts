/**
 * The messages that all contestants deliver: registrations in a number of streams, about 400 bytes of JSON each.
 */

export interface Backlog {
  readonly messages: number
  readonly streams: number
}

/** SQL for the id of the stream with a number, which is given in SQL. The last bits of the number are the slot. */
export const streamId = (number: string): string =>
  `('01900000-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`

const PAYLOAD = `'{"registration":{"id":"' || gen_random_uuid() || '","eventId":"' || stream || '","attendee":{"id":"mailto:person-'
  || n || '@example.com","name":"Ada Lovelace","email":"person-' || n || '@example.com"},"notes":"Vegetarian, comes by train"'
  || ',"state":"confirmed","sequence":' || version
  || ',"registeredAt":"2026-11-21T10:00:00.000Z","changedAt":"2026-11-21T10:00:00.000Z"}}'`

/**
 * SQL for the messages: `n` from 1 on, `stream`, `version` from 1 on in each stream, and `payload`, a text. `numberOf`
 * turns the index of a stream, from 0 on, into the number of its id.
 */
export const messages = (
  { messages, streams }: Backlog,
  numberOf: (stream: string) => string = (stream) => stream
): string =>
  `(SELECT n, stream, version, ${PAYLOAD} AS payload
  FROM (SELECT n, ${streamId(numberOf(`(n - 1) % ${streams}`))} AS stream, (n - 1) / ${streams} + 1 AS version
    FROM generate_series(1, ${messages}) AS n) AS numbered) AS messages`

/** SQL that removes all messages, and every trace of sinks and relays. */
export const EMPTY_OUTBOX = `TRUNCATE turnout.journal, turnout.sinks, turnout.outbox_slots, turnout.outbox_positions,
  turnout.outbox_workers RESTART IDENTITY`

/** SQL that writes the messages to the journal of a schema, in the order of their numbers. */
export const insertJournal = (schema: string, backlog: Backlog, numberOf?: (stream: string) => string): string =>
  `INSERT INTO ${schema}.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
  SELECT stream, version, gen_random_uuid(), 'AttendeeRegistered', 1, payload::json, 'anonymous', now()
  FROM ${messages(backlog, numberOf)} ORDER BY n`
