/**
 * The rows of a slot: its lease in `outbox_slots`, its position in `outbox_positions`. Each claim and each acknowledgement
 * replaces a row by one with a higher number; the newest row is valid.
 */

const MAX_BIGINT = "9223372036854775807"

/**
 * Limits a query to the valid row of a slot, the one with the highest number, which comes first in its index, before all older
 * versions. The planner goes by the index because whole keys are compared: since it knows that a slot has one live row, it
 * would otherwise fetch all rows that there are, and sort them.
 */
export const newest = (alias: string, number: string, sink: string, slot: string): string => {
  const key = [`${alias}.sink`, `${alias}.slot`, `${alias}.${number}`]
  return `(${key.join()}) BETWEEN (${sink}, ${slot}, 0) AND (${sink}, ${slot}, ${MAX_BIGINT})
  ORDER BY ${key.map((column) => `${column} DESC`).join()} LIMIT 1`
}

/**
 * Keeps every relay from writing until the end of the transaction, and waits for those that are writing. Claims and
 * acknowledgements are new rows: a statement that began before them does not see them, and cannot wait for them.
 */
export const quiet = (s: string): string => `LOCK TABLE ${s}.outbox_slots IN EXCLUSIVE MODE`

/** The position of a slot, as a table `p`. */
export const latest = (s: string, sink: string, slot: string): string => `CROSS JOIN LATERAL (
  SELECT p.ctid AS place, p.revision, p.position FROM ${s}.outbox_positions p
  WHERE ${newest("p", "revision", sink, slot)}
) p`

/** The slots of the rows that a statement returned. */
export const toSlots = (rows: ReadonlyArray<{ readonly slot: number }>): ReadonlyArray<number> =>
  rows.map(({ slot }) => slot)
