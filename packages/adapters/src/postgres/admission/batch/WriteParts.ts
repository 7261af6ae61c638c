/**
 * The words that the parts of a write share. The parts themselves, with their columns and their SQL, are beside their nouns.
 * Rows refer to ids and times by their numbers in the tables that are the first two parameters of the statement.
 *
 * Parts that change rows are carried out before parts that make new ones (see `Part.mustFindAll`). So a registration that a
 * batch cancels is out of the unique index before the same attendee's new one is in, and the journal draws no number before the
 * events are locked.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { NumberedValues } from "../../statements/NumberedValues.ts"
import type * as Parts from "../../statements/Parts.ts"

/** What the rows of a batch share. */
export interface Shared {
  readonly ids: NumberedValues<EventId>
  readonly times: NumberedValues<Date>
  /** One id for each entry of the journal. */
  readonly messageIds: ReadonlyArray<string>
}

/** A kind of row that is written. */
export type Part<Row> = Parts.Part<Row, Shared>

/** The parts of a batch that have rows. */
export type Chosen = Parts.Chosen<Shared>

/** The id with the number in a column. */
export const id = (column: string): string => `($1::uuid[])[${column}]`
/** The time with the number in a column. */
export const time = (column: string): string => `($2::timestamptz[])[${column}]`

/**
 * Finds the row that a row of `t` is about, as `p`, with its `place` and other columns. Rows are looked up one by one and then
 * updated by their place: in a join, the whole table would be read if the plan was made while there is little in the table, and
 * a plan is used for much longer. A row that another transaction is changing is not found.
 */
export const placeOf = (s: string, table: string, condition: string, ...columns: ReadonlyArray<string>): string =>
  `CROSS JOIN LATERAL (SELECT ${["f.ctid AS place", ...columns].join(", ")} FROM ${s}.${table} f WHERE ${condition} OFFSET 0) p`
