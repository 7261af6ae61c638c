/**
 * The statement that writes a batch: all of its rows at once, put together from nouns.
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
import * as Parts from "../../statements/Parts.ts"
import * as ServerTime from "../../statements/ServerTime.ts"
import type { Statement } from "../../client/Session.ts"
import * as EventWrite from "../events/EventWrite.ts"
import * as IdempotencyWrite from "../idempotency/IdempotencyWrite.ts"
import * as RegistrationWrite from "../registrations/RegistrationWrite.ts"
import { journalled } from "./JournalWrite.ts"
import type { Chosen } from "./WriteParts.ts"

/** The number of parameters before those of the parts: the tables of ids and times, and the time of the decision. */
const SHARED = 3
const DECIDED_AT = 2

/** The number of rows of a part, from the array of its first column. */
const rowsOf = ({ isOne, parameter, part }: Parts.Used): string =>
  isOne ? "1" : `cardinality($${parameter}::${part.columns[0]!.type}[])`

/** The text of a statement for a schema, given as a quoted identifier. */
const write = (s: string, used: ReadonlyArray<Parts.Used>): string => {
  const parts = used.map((one) => `${one.part.name} AS (\n  ${Parts.sql(s, one)}\n)`)
  // The statement fails (22012) unless everything is found. The parts in this condition are carried out before the others.
  const checks = used
    .filter(({ part }) => part.mustFindAll)
    .map((one) => `(SELECT count(*) FROM ${one.part.name}) = ${rowsOf(one)}`)
  const found = checks.length === 0 ? "1" : `1 / CASE WHEN ${checks.join(" AND ")} THEN 1 ELSE 0 END`
  // Both tables have their types even if no part refers to them.
  return `WITH tables AS (SELECT $1::uuid[], $2::timestamptz[]), ${parts.join(", ")}
SELECT ${found} AS written, ${ServerTime.near("$3::timestamptz")}, ${ServerTime.CLOCK}`
}

/**
 * Makes the statement for a batch that was decided at this time, with one message id for each journal entry. Unless that is about
 * the present moment once the locks are held, the statement fails (2201G). `expected` are the events as the batch was
 * decided on them, in the order of their ids: if one of them has changed since, the statement fails (22012).
 */
export type Write = (
  changes: Changes,
  messageIds: ReadonlyArray<string>,
  now: Date,
  expected?: ReadonlyArray<KnownEvent> | undefined
) => Statement

/** Writes batches into a schema, given as a quoted identifier. */
export const make = (s: string): Write => {
  const textOf = Parts.memoize((used) => write(s, used))
  return (changes, messageIds, now, expected) => {
    const ids = NumberedValues.make((id: EventId) => id)
    const times = NumberedValues.make((date: Date) => date.getTime())
    const chosen: Chosen = new Parts.Chosen({ ids, times, messageIds }, SHARED)
    EventWrite.choose(chosen, changes, expected)
    RegistrationWrite.choose(chosen, changes)
    chosen.add(journalled, changes.journal)
    IdempotencyWrite.choose(chosen, changes)
    const shared = [plainArray(ids.values, (id) => id), plainArray(times.values, toText), toText(now)]
    return { text: textOf(chosen.used), parameters: [...shared, ...chosen.parameters], decidedAt: DECIDED_AT }
  }
}
