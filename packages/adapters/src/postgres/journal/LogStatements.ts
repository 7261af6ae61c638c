/**
 * The statements that read the log of a server (`LogReader`).
 *
 * Each of them checks by itself that the server has the marks that it rests on. `OFFSET 0` keeps the planner from turning
 * probes into scans when a plan is made while the tables are empty.
 */
import { ENTRY } from "../delivery/OutboxRows.ts"
import { latest } from "./SlotRows.ts"

/** Whether the server has every one of these marks, see `LogWindow`: then it has lost nothing that rests on them. */
export const hasMarks = (s: string, ids: string, nonces: string): string => `NOT EXISTS (
  SELECT FROM unnest(${ids}::xid8[], ${nonces}::text[]) AS k(tx, nonce)
  WHERE NOT EXISTS (SELECT FROM ${s}.journal_marks m WHERE m.tx = k.tx AND m.nonce = k.nonce OFFSET 0)
)`

const lastNumber = (s: string): string =>
  `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ${s}.journal_seq)`

export interface LogStatements {
  /** The first mark of the journal. */
  readonly root: string
  /** Writes down a snapshot, and returns its mark and floor. */
  readonly mark: string
  /** The last number that was drawn. */
  readonly lastNumber: string
  /** $1, $2: marks. Whether the server has them, the last number that was drawn, and a snapshot that was taken before. */
  readonly now: string
  /** $1, $2: marks. Those that the server has, the latest first, with the floors of the transactions that they list as open. */
  readonly known: string
  /**
   * $1: sink, $2, $3, $4, $5: slots, numbers to begin after, passed snapshots and ends of windows; $6: limit; $7: positions as
   * they were acknowledged, or null; $8, $9: marks. Returns at least one row: without the marks, or if another position is
   * acknowledged, it says that nothing is certain.
   */
  readonly read: string
  /**
   * $1: sink, $2: slots, $3: positions as they were acknowledged, or null; $4, $5: a mark for each, so a slot may be there
   * twice. Returns the slots that are not certain.
   */
  readonly uncertain: string
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): LogStatements => ({
  root: `SELECT m.tx::text AS tx, m.nonce FROM ${s}.journal_marks m ORDER BY m.tx LIMIT 1`,
  mark: `CALL ${s}.mark_journal(NULL, NULL, NULL, NULL)`,
  lastNumber: `SELECT ${lastNumber(s)} AS number`,
  now: `SELECT ${hasMarks(s, "$1", "$2")} AS is_certain, pg_current_snapshot()::text AS snapshot, ${lastNumber(s)} AS number`,
  known: `SELECT m.tx::text AS tx, m.nonce, m.floor, m.snapshot::text AS snapshot, ARRAY(
  SELECT coalesce((SELECT b.floor FROM ${s}.journal_marks b WHERE b.tx < x.tx ORDER BY b.tx DESC LIMIT 1), 0)
  FROM pg_snapshot_xip(m.snapshot) WITH ORDINALITY AS x(tx, number) ORDER BY x.number
)::text[] AS since
FROM unnest($1::xid8[], $2::text[]) AS k(tx, nonce)
CROSS JOIN LATERAL (SELECT * FROM ${s}.journal_marks m WHERE m.tx = k.tx AND m.nonce = k.nonce OFFSET 0) m
ORDER BY m.tx DESC`,
  read: `WITH certain AS MATERIALIZED (
  SELECT ${hasMarks(s, "$8", "$9")} AND NOT EXISTS (
    SELECT FROM unnest($2::smallint[], $7::text[]) AS t(slot, position) ${latest(s, "$1", "t.slot")}
    WHERE p.position <> t.position
  ) AS is_certain
)
SELECT c.is_certain, r.* FROM certain c LEFT JOIN LATERAL (
  SELECT w.slot, ${ENTRY}, b.stream IS NOT NULL AS is_blocked
  FROM unnest($2::smallint[], $3::bigint[], $4::pg_snapshot[], $5::pg_snapshot[]) AS w(slot, behind, passed, until)
  CROSS JOIN LATERAL (
    SELECT * FROM ${s}.journal j
    WHERE j.slot = w.slot AND j.seq > w.behind
      AND pg_visible_in_snapshot(j.tx, w.until) AND NOT pg_visible_in_snapshot(j.tx, w.passed)
    ORDER BY j.seq LIMIT $6::integer
  ) j
  LEFT JOIN LATERAL (
    SELECT stream FROM ${s}.outbox_blocked b WHERE b.sink = $1 AND b.stream = j.event_id OFFSET 0
  ) b ON true
  WHERE c.is_certain
) r ON true
ORDER BY r.seq`,
  uncertain: `SELECT t.slot FROM unnest($2::smallint[], $3::text[], $4::xid8[], $5::text[]) AS t(slot, position, tx, nonce)
WHERE NOT EXISTS (SELECT FROM ${s}.journal_marks m WHERE m.tx = t.tx AND m.nonce = t.nonce OFFSET 0)
  OR EXISTS (SELECT FROM (VALUES (0)) v(n) ${latest(s, "$1", "t.slot")} WHERE p.position <> t.position)`
})
