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
import { toText } from "@turnout/core/domain/Instant"
import { payloadJson } from "@turnout/core/domain/JournalEvent"
import { plainArray } from "./ArrayLiteral.ts"
import { fromAnswer, fromEvent } from "./Rows.ts"
import * as RowSource from "./RowSource.ts"
import type { Statement } from "./Session.ts"
import { deltas } from "./WaitlistBlocks.ts"
import * as Parts from "./WriteParts.ts"

/** A part, and how many rows it has. */
interface Used {
  readonly part: Parts.Part
  readonly rows: number
}

/** The text of a statement for a schema, given as a quoted identifier. `$1` and `$2` are the tables. */
const textOf = (s: string, used: ReadonlyArray<Used>): string => {
  let parameters = 2
  const written = used.map(({ part, rows }) => {
    const from = RowSource.source(part.columns, rows === 1, parameters)
    parameters += part.columns.length
    return `${part.name} AS (\n  ${part.sql(s, from)}\n)`
  })
  const renewing = used.find(({ part }) => part === Parts.renewed)
  const expected = renewing?.rows === 1 ? "1" : `cardinality($${parameters}::text[])`
  const main = renewing
    ? `SELECT 1 / CASE WHEN (SELECT count(*) FROM renewed) = ${expected} THEN 1 ELSE 0 END`
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
    const used: Array<Used> = []
    const parameters: Array<string | null> = []
    const ids = makeTable((id: EventId) => id)
    const times = makeTable((date: Date) => date.getTime())
    const add = <Row>(part: Parts.Part, rows: ReadonlyArray<Row>, values: ReadonlyArray<RowSource.ValueOf<Row>>) => {
      if (rows.length === 0) return
      used.push({ part, rows: rows.length })
      parameters.push(...RowSource.parameters(part.columns, rows, values))
    }

    const events = changes.events.filter((row) => !row.created)
    add(
      Parts.created,
      changes.events.filter((row) => row.created),
      [({ event }) => JSON.stringify(fromEvent(event))]
    )
    add(
      Parts.detailed,
      events.filter((row) => row.details),
      [({ event }) => ids.numberOf(event.id), ({ event }) => JSON.stringify(fromEvent(event))]
    )
    add(
      Parts.moved,
      events.filter((row) => !row.details),
      [
        ({ event }) => ids.numberOf(event.id),
        ({ event }) => event.capacity,
        ({ event }) => event.status,
        ({ event }) => event.version,
        ({ event }) => event.counts.confirmed,
        ({ event }) => event.counts.waitlisted,
        ({ event }) => event.counts.attended,
        ({ event }) => event.counts.noShow,
        ({ event }) => times.numberOf(event.updatedAt)
      ]
    )

    add(
      Parts.registered,
      changes.registrations.filter((row) => row.before === null),
      [
        ({ registration }) => registration.id,
        ({ registration }) => ids.numberOf(registration.eventId),
        ({ registration: { attendee } }) => (attendee.id === attendee.email ? null : attendee.id),
        ({ registration }) => registration.attendee.name,
        ({ registration }) => registration.attendee.email,
        ({ registration }) => registration.notes,
        ({ registration }) => registration.state,
        ({ registration }) => registration.sequence,
        ({ registration }) => times.numberOf(registration.registeredAt),
        ({ registration }) => times.numberOf(registration.changedAt)
      ]
    )
    add(
      Parts.changed,
      changes.registrations.filter((row) => row.before !== null),
      [
        ({ registration }) => registration.id,
        ({ registration }) => registration.state,
        ({ registration }) => times.numberOf(registration.changedAt)
      ]
    )
    add(Parts.counted, deltas(changes.registrations), [
      ({ eventId }) => ids.numberOf(eventId),
      ({ level }) => level,
      ({ block }) => block,
      ({ delta }) => delta
    ])

    add(Parts.journalled, changes.journal, [
      (entry) => ids.numberOf(entry.eventId),
      (entry) => entry.version,
      (_, index) => messageIds[index]!,
      (entry) => entry.event._tag,
      (entry) => entry.metadata.actor,
      (entry) => entry.metadata.correlationId,
      (entry) => entry.metadata.causationId,
      (entry) => times.numberOf(entry.occurredAt),
      (entry) => payloadJson(entry.event)
    ])

    const stored = changes.idempotency.map(({ record, renews }) => ({ record, renews, ...fromAnswer(record.answer) }))
    for (const [part, renews] of [
      [Parts.remembered, false],
      [Parts.renewed, true]
    ] as const) {
      add(
        part,
        stored.filter((row) => row.renews === renews),
        [
          ({ record }) => record.scope.key,
          ({ record }) => record.scope.operation,
          ({ record }) => record.scope.principal,
          ({ record }) => record.fingerprint,
          ({ record, registrationId }) => (record.requestId === registrationId ? null : record.requestId),
          ({ registrationId }) => registrationId,
          ({ record }) => times.numberOf(record.createdAt),
          ({ record }) => times.numberOf(record.expiresAt),
          ({ json }) => json
        ]
      )
    }

    const key = used.map(({ part, rows }) => (rows === 1 ? part.name : `${part.name}s`)).join()
    let text = texts.get(key)
    if (text === undefined) texts.set(key, (text = textOf(s, used)))
    const tables = [plainArray(ids.values, (id) => id), plainArray(times.values, toText)]
    return { text, parameters: [...tables, ...parameters] }
  }
}
