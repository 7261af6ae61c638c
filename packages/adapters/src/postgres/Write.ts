/**
 * The statement that writes a batch: all of its rows at once.
 *
 * For large batches most of the cost is the server's reading of the parameters, so whatever repeats from row to row is
 * sent once: event ids and times go into two tables, and the rows refer to them by number. JSON texts are separated by a
 * control character, which JSON never contains.
 */
import type { Changes } from "@turnout/core/domain/Batch"
import type { Event, EventId } from "@turnout/core/domain/Event"
import { toText } from "@turnout/core/domain/Instant"
import { payloadJson } from "@turnout/core/domain/JournalEvent"
import { plainArray } from "./ArrayLiteral.ts"
import type { KnownEvent } from "./KnownEvents.ts"
import { Chosen, memoize, sql, type Used } from "./Parts.ts"
import { fromAnswer, fromEvent } from "./Rows.ts"
import type { ValueOf } from "./RowSource.ts"
import type { Statement } from "./Session.ts"
import { deltas } from "./WaitlistBlocks.ts"
import * as Kinds from "./WriteParts.ts"

/** How many parameters come before those of the parts: the tables of ids and times. */
const TABLES = 2

/** How many rows a part has, told from the array of its first column. */
const rowsOf = ({ isOne, parameter, part }: Used): string =>
  isOne ? "1" : `cardinality($${parameter}::${part.columns[0]!.type}[])`

/** The text of a statement for a schema, given as a quoted identifier. */
const write = (s: string, used: ReadonlyArray<Used>): string => {
  const parts = used.map((one) => `${one.part.name} AS (\n  ${sql(s, one)}\n)`)
  // Fails (22012) unless everything is found; what is looked at here is carried out before the rest.
  const checks = used
    .filter(({ part }) => part.mustFindAll)
    .map((one) => `(SELECT count(*) FROM ${one.part.name}) = ${rowsOf(one)}`)
  const main = checks.length === 0 ? "SELECT 1" : `SELECT 1 / CASE WHEN ${checks.join(" AND ")} THEN 1 ELSE 0 END`
  // Both tables have their types even if no part refers to them.
  return `WITH tables AS (SELECT $1::uuid[], $2::timestamptz[]), ${parts.join(", ")}\n${main} AS written`
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

/**
 * A batch as a statement, with one message id for each journal entry. `expected` are the events as the batch was decided on
 * them, in the order of their ids: if one of them has become another, the statement fails (22012).
 */
export type Write = (
  changes: Changes,
  messageIds: ReadonlyArray<string>,
  expected?: ReadonlyArray<KnownEvent> | undefined
) => Statement

/** What writes batches into a schema, given as a quoted identifier. */
export const make = (s: string): Write => {
  const textOf = memoize((used) => write(s, used))
  return (changes, messageIds, expected) => {
    const chosen = new Chosen(TABLES)
    const ids = makeTable((id: EventId) => id)
    const times = makeTable((date: Date) => date.getTime())

    const events = changes.events.filter((row) => !row.created)
    chosen.add(
      Kinds.created,
      changes.events.filter((row) => row.created),
      [({ event }) => JSON.stringify(fromEvent(event))]
    )
    chosen.add(
      Kinds.detailed,
      events.filter((row) => row.details),
      [({ event }) => ids.numberOf(event.id), ({ event }) => JSON.stringify(fromEvent(event))]
    )
    const counters: ReadonlyArray<ValueOf<Event>> = [
      ({ id }) => ids.numberOf(id),
      ({ capacity }) => capacity,
      ({ status }) => status,
      ({ version }) => version,
      ({ counts }) => counts.confirmed,
      ({ counts }) => counts.waitlisted,
      ({ counts }) => counts.attended,
      ({ counts }) => counts.noShow,
      ({ updatedAt }) => times.numberOf(updatedAt)
    ]
    const moved = events.filter((row) => !row.details).map(({ event }) => event)
    if (expected === undefined) chosen.add(Kinds.moved, moved, counters)
    else {
      const after = new Map(moved.map((event) => [event.id, event]))
      chosen.add(Kinds.followed, expected, [
        ...counters.map(
          (valueOf): ValueOf<KnownEvent> =>
            ({ event }, n) =>
              valueOf(after.get(event.id)!, n)
        ),
        ({ lastMessageId }) => lastMessageId
      ])
    }

    chosen.add(
      Kinds.registered,
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
    chosen.add(
      Kinds.changed,
      changes.registrations.filter((row) => row.before !== null),
      [
        ({ registration }) => registration.id,
        ({ registration }) => registration.state,
        ({ registration }) => times.numberOf(registration.changedAt)
      ]
    )
    chosen.add(Kinds.counted, deltas(changes.registrations), [
      ({ eventId }) => ids.numberOf(eventId),
      ({ level }) => level,
      ({ block }) => block,
      ({ delta }) => delta
    ])

    chosen.add(Kinds.journalled, changes.journal, [
      (entry) => entry.version,
      (entry) => ids.numberOf(entry.eventId),
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
      [Kinds.remembered, false],
      [Kinds.renewed, true]
    ] as const) {
      chosen.add(
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

    const tables = [plainArray(ids.values, (id) => id), plainArray(times.values, toText)]
    return { text: textOf(chosen.used), parameters: [...tables, ...chosen.parameters] }
  }
}
