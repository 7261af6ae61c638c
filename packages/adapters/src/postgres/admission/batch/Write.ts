/**
 * The statement that writes a batch: all of its rows at once.
 *
 * For large batches, the server spends most of the time on reading the parameters, so values that repeat from row to row are
 * sent once: event ids and times are in two tables, and the rows refer to them by number. JSON texts are separated by a control
 * character, which JSON never contains.
 */
import type { Changes } from "@turnout/core/admission/domain/state/Changes"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { toText } from "@turnout/core/kernel/domain/Instant"
import { plainArray } from "../../statements/ArrayLiteral.ts"
import type { KnownEvent } from "./KnownEvents.ts"
import * as NumberedValues from "../../statements/NumberedValues.ts"
import { Chosen, memoize, sql, type Used } from "../../statements/Parts.ts"
import { fromAnswer } from "../Rows.ts"
import type { Statement } from "../../client/Session.ts"
import { deltas } from "../registrations/WaitlistBlocks.ts"
import * as Kinds from "./WriteParts.ts"

/** The number of parameters before those of the parts: the tables of ids and times. */
const TABLES = 2

/** The number of rows of a part, from the array of its first column. */
const rowsOf = ({ isOne, parameter, part }: Used): string =>
  isOne ? "1" : `cardinality($${parameter}::${part.columns[0]!.type}[])`

/** The text of a statement for a schema, given as a quoted identifier. */
const write = (s: string, used: ReadonlyArray<Used>): string => {
  const parts = used.map((one) => `${one.part.name} AS (\n  ${sql(s, one)}\n)`)
  // The statement fails (22012) unless everything is found. The parts in this condition are carried out before the others.
  const checks = used
    .filter(({ part }) => part.mustFindAll)
    .map((one) => `(SELECT count(*) FROM ${one.part.name}) = ${rowsOf(one)}`)
  const main = checks.length === 0 ? "SELECT 1" : `SELECT 1 / CASE WHEN ${checks.join(" AND ")} THEN 1 ELSE 0 END`
  // Both tables have their types even if no part refers to them.
  return `WITH tables AS (SELECT $1::uuid[], $2::timestamptz[]), ${parts.join(", ")}\n${main} AS written`
}

/**
 * Makes the statement for a batch, with one message id for each journal entry. `expected` are the events as the batch was
 * decided on them, in the order of their ids: if one of them has changed since, the statement fails (22012).
 */
export type Write = (
  changes: Changes,
  messageIds: ReadonlyArray<string>,
  expected?: ReadonlyArray<KnownEvent> | undefined
) => Statement

/** Writes batches into a schema, given as a quoted identifier. */
export const make = (s: string): Write => {
  const textOf = memoize((used) => write(s, used))
  return (changes, messageIds, expected) => {
    const events = changes.events.filter((row) => !row.created)
    const moved = events.filter((row) => !row.details).map(({ event }) => event)
    const ids = NumberedValues.make((id: EventId) => id)
    const times = NumberedValues.make((date: Date) => date.getTime())
    const chosen = new Chosen<Kinds.Shared>(
      { ids, times, messageIds, moved: new Map(expected === undefined ? [] : moved.map((event) => [event.id, event])) },
      TABLES
    )

    chosen.add(
      Kinds.created,
      changes.events.filter((row) => row.created)
    )
    chosen.add(
      Kinds.detailed,
      events.filter((row) => row.details)
    )
    if (expected === undefined) chosen.add(Kinds.moved, moved)
    else chosen.add(Kinds.followed, expected)

    chosen.add(
      Kinds.registered,
      changes.registrations.filter((row) => row.before === null)
    )
    chosen.add(
      Kinds.changed,
      changes.registrations.filter((row) => row.before !== null)
    )
    chosen.add(Kinds.counted, deltas(changes.registrations))
    chosen.add(Kinds.journalled, changes.journal)

    const records = changes.idempotency.map(({ record, renews }) => ({ record, renews, ...fromAnswer(record.answer) }))
    chosen.add(
      Kinds.remembered,
      records.filter((row) => !row.renews)
    )
    chosen.add(
      Kinds.renewed,
      records.filter((row) => row.renews)
    )

    const tables = [plainArray(ids.values, (id) => id), plainArray(times.values, toText)]
    return { text: textOf(chosen.used), parameters: [...tables, ...chosen.parameters] }
  }
}
