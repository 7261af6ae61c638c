/**
 * Sweeping a table: each step deletes the rows of the next few pages that a condition holds of.
 *
 * A step reads `PAGES` pages, wherever the rows stand and however large the table is. It needs no index, so a sweep adds nothing
 * to the work of the transactions that write the table. An index on a time would have to take every new row, and a BRIN index
 * is no help, since short and long times stand side by side.
 *
 * A row that another transaction has locked or is changing is left out, so a step waits for nobody, and any number of
 * processes may sweep one table. If a row was changed in the meantime, the condition is asked of it as it is now.
 */
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import type { Swept } from "@turnout/core/kernel/ports/Swept"
import * as Effect from "effect/Effect"
import type { Query } from "../client/Query.ts"

/** The number of pages that a step reads: 1 MB. */
const PAGES = 128

interface Row {
  readonly deleted: number
  readonly pages: number
}

/** The statement for a table, given with its quoted schema. `condition` is about its row `t`, with parameters from $3 on. */
const statementOf = (table: string, condition: string): string => `WITH old AS (
  SELECT t.ctid AS place FROM ${table} t
  WHERE t.ctid >= $1::tid AND t.ctid < $2::tid AND ${condition} FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT place FROM old)) RETURNING 1
)
SELECT count(*)::integer AS deleted,
  (pg_relation_size('${table}') / current_setting('block_size')::integer)::integer AS pages
FROM deleted`

/** Deletes the rows that the condition holds of, with these parameters. */
export type Step = (parameters: ReadonlyArray<unknown>) => Effect.Effect<Swept, StoreError>

/** `query` must not keep a plan: one that was made while the table was small would read all of it later. */
export const make = (query: Query, table: string, condition: string): Step => {
  const statement = statementOf(table, condition)
  let page = 0
  return (parameters) =>
    Effect.suspend(() => {
      const next = page + PAGES
      return Effect.map(query<Row>(statement, [`(${page},0)`, `(${next},0)`, ...parameters]), ([row]): Swept => {
        const isThrough = next >= row!.pages
        page = isThrough ? 0 : next
        return { deleted: row!.deleted, isThrough }
      })
    })
}
