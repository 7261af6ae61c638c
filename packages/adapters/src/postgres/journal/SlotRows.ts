/**
 * The rows of a slot: its lease in `outbox_slots`, its position in `outbox_positions`. Each claim and each acknowledgement
 * replaces a row by one with a higher number, of which the newest counts.
 */

const MAX_BIGINT = "9223372036854775807"

/**
 * Limits a query to the row of a slot that counts, the one with the highest number: the first that its index comes to,
 * whatever has piled up behind it. It is comparing whole keys that makes the planner go by the index: knowing that a slot
 * has one row alive, it would otherwise fetch all that there are, and sort them.
 */
export const newest = (alias: string, number: string, sink: string, slot: string): string => {
  const key = [`${alias}.sink`, `${alias}.slot`, `${alias}.${number}`]
  return `(${key.join()}) BETWEEN (${sink}, ${slot}, 0) AND (${sink}, ${slot}, ${MAX_BIGINT})
  ORDER BY ${key.map((column) => `${column} DESC`).join()} LIMIT 1`
}

/**
 * Keeps every worker from writing until the end of the transaction, and waits for those who are writing. Claims and
 * acknowledgements are new rows: a statement that has begun before does not see them, and cannot wait for them.
 */
export const quiet = (s: string): string => `LOCK TABLE ${s}.outbox_slots IN EXCLUSIVE MODE`

/** The position of a slot, as a table `p`. */
export const latest = (s: string, sink: string, slot: string): string => `CROSS JOIN LATERAL (
  SELECT p.ctid AS place, p.revision, p.position FROM ${s}.outbox_positions p
  WHERE ${newest("p", "revision", sink, slot)}
) p`

/** The slots of rows that are answered. */
export const toSlots = (rows: ReadonlyArray<{ readonly slot: number }>): ReadonlyArray<number> =>
  rows.map(({ slot }) => slot)
