/**
 * The statements of the outbox.
 *
 * `OFFSET 0` keeps the planner from turning probes into scans when a plan is made while the tables are empty, and
 * `(SELECT clock_timestamp())` lets it look for a time in an index.
 *
 * Several rows of a sink are always locked in the order of their slots, so that two workers never wait for each other in a
 * circle. Whatever is written under a lease is written to the slots in `held` only: those whose epoch is still the one that
 * the worker has.
 */
import { SLOTS } from "@turnout/core/domain/Slot"
import { GIVEN } from "./LogWindowRows.ts"
import { ENTRY } from "./OutboxRows.ts"

const LEASES = "unnest($2::smallint[], $3::bigint[]) AS t(slot, epoch)"

/** The leases that are still held, locked. A claim that comes first has removed the row with their epoch. */
const held = (s: string): string => `held AS (
  SELECT o.slot, o.epoch FROM (SELECT * FROM ${LEASES} ORDER BY slot) AS t
  CROSS JOIN LATERAL (
    SELECT o.slot, o.epoch FROM ${s}.outbox_slots o
    WHERE o.sink = $1 AND o.slot = t.slot AND o.epoch = t.epoch AND o.owner IS NOT NULL FOR UPDATE
  ) o
)`

/** The rows of the leases in `held`: one for each slot, and none of those before it is looked at. */
const HELD_ROWS = `o.sink = $1 AND o.slot = ANY(ARRAY(SELECT slot FROM held))
  AND o.epoch >= (SELECT min(epoch) FROM held)`

const MAX_BIGINT = "9223372036854775807"

/**
 * Limits a query to the row of a slot that counts, the one with the highest number: the first that its index comes to,
 * whatever has piled up behind it. It is comparing whole keys that makes the planner go by the index: knowing that a slot
 * has one row alive, it would otherwise fetch all that there are, and sort them.
 */
const newest = (alias: string, number: string, sink: string, slot: string): string => {
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

const millisFromNow = (parameter: string): string => `clock_timestamp() + ${parameter} * interval '1 millisecond'`

export interface OutboxStatements {
  /** $1: sink. One row if it is known. */
  readonly isKnown: string
  /** $1: sink, $2: slots, $3: position. Makes it known, if it is not. */
  readonly register: string
  /** The last number that was drawn. */
  readonly lastNumber: string
  /** Uses up a transaction id. */
  readonly drawTransactionId: string
  readonly snapshot: string
  /** $1: sink, $2: owner, $3: milliseconds. */
  readonly announce: string
  /** $1: sink. */
  readonly countWorkers: string
  /** $1: sink, $2: owner. */
  readonly depart: string
  /** $1: sink, $2: owner, $3: milliseconds, $4: limit. */
  readonly claim: string
  /** $1: sink, $2, $3: slots and epochs, $4: milliseconds. */
  readonly renew: string
  /** $1: sink, $2, $3: slots and epochs. */
  readonly release: string
  /** $1: sink, $2, $3, $4, $5: slots, numbers to begin behind, passed snapshots and ends of windows; $6: limit. */
  readonly read: string
  /**
   * $1: sink, $2, $3, $4: slots, epochs and positions; $5 to $10: of blocks the slots, streams, versions, attempts, errors
   * and milliseconds.
   */
  readonly acknowledge: string
  /** $1: sink. */
  readonly parkedMillis: string
  /** As `read`; $4: positions in windows, $7: depth. */
  readonly due: string
  /**
   * $1: sink, $2, $3: slots and epochs; $4, $5, $6: of retries the slots, streams and versions as they were; $7 to $10: of
   * those that stay blocked the versions, attempts, errors and milliseconds; a version that is null ends the block.
   */
  readonly settle: string
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): OutboxStatements => ({
  isKnown: `SELECT 1 FROM ${s}.sinks WHERE name = $1`,
  register: `WITH made AS (INSERT INTO ${s}.sinks (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING name),
slots AS (
  INSERT INTO ${s}.outbox_slots (sink, slot) SELECT name, t.slot FROM made, unnest($2::smallint[]) AS t(slot)
  RETURNING slot
)
INSERT INTO ${s}.outbox_positions (sink, slot, revision, position) SELECT $1, slot, 0, $3 FROM slots`,
  lastNumber: `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM ${s}.journal_seq`,
  drawTransactionId: "SELECT pg_current_xact_id()::text",
  snapshot: "SELECT pg_current_snapshot()::text AS snapshot",
  announce: `WITH gone AS (
  DELETE FROM ${s}.outbox_workers WHERE sink = $1 AND owner <> $2 AND until < clock_timestamp() - interval '1 minute'
)
INSERT INTO ${s}.outbox_workers (sink, owner, until) VALUES ($1, $2, ${millisFromNow("$3::float8")})
ON CONFLICT (sink, owner) DO UPDATE SET until = excluded.until`,
  countWorkers: `SELECT count(*)::integer AS workers FROM ${s}.outbox_workers WHERE sink = $1 AND until > clock_timestamp()`,
  depart: `DELETE FROM ${s}.outbox_workers WHERE sink = $1 AND owner = $2`,
  claim: `WITH free AS (
  SELECT o.place FROM generate_series(0, ${SLOTS - 1}) AS n(slot)
  CROSS JOIN LATERAL (
    SELECT o.ctid AS place FROM ${s}.outbox_slots o WHERE ${newest("o", "epoch", "$1", "n.slot::smallint")}
  ) l
  CROSS JOIN LATERAL (
    SELECT o.ctid AS place FROM ${s}.outbox_slots o
    WHERE o.ctid = l.place AND (o.until IS NULL OR o.until <= clock_timestamp()) FOR UPDATE SKIP LOCKED
  ) o
  LIMIT $4::integer
),
over AS (
  DELETE FROM ${s}.outbox_slots WHERE ctid = ANY(ARRAY(SELECT place FROM free)) RETURNING slot, epoch
),
claimed AS (
  INSERT INTO ${s}.outbox_slots (sink, slot, epoch, owner, until)
  SELECT $1, slot, epoch + 1, $2, ${millisFromNow("$3::float8")} FROM over RETURNING slot, epoch
)
SELECT c.slot, c.epoch, p.position FROM claimed c ${latest(s, "$1", "c.slot")}`,
  renew: `WITH ${held(s)}
UPDATE ${s}.outbox_slots o SET until = ${millisFromNow("$4::float8")} WHERE ${HELD_ROWS} RETURNING o.slot`,
  release: `WITH ${held(s)}
UPDATE ${s}.outbox_slots o SET owner = NULL, until = NULL WHERE ${HELD_ROWS} RETURNING o.slot`,
  read: `SELECT w.slot, ${ENTRY}, b.stream IS NOT NULL AS is_blocked
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
ORDER BY j.seq`,
  acknowledge: `WITH ${held(s)},
blocked AS (
  INSERT INTO ${s}.outbox_blocked (sink, stream, slot, version, attempts, error, retry_at)
  SELECT $1, t.stream, t.slot, t.version, t.attempts, t.error, ${millisFromNow("t.millis")}
  FROM unnest($5::smallint[], $6::uuid[], $7::bigint[], $8::integer[], $9::text[], $10::float8[])
    AS t(slot, stream, version, attempts, error, millis)
  WHERE t.slot IN (SELECT slot FROM held)
  ON CONFLICT (sink, stream) DO NOTHING
),
current AS (
  SELECT t.slot, t.position AS next, p.revision, p.place
  FROM unnest($2::smallint[], $4::text[]) AS t(slot, position) ${latest(s, "$1", "t.slot")}
  WHERE t.slot IN (SELECT slot FROM held)
),
removed AS (
  DELETE FROM ${s}.outbox_positions WHERE ctid = ANY(ARRAY(SELECT place FROM current))
)
INSERT INTO ${s}.outbox_positions (sink, slot, revision, position)
SELECT $1, slot, revision + 1, next FROM current RETURNING slot`,
  parkedMillis: `SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)) * 1000, 0)::float8 AS millis
FROM ${s}.outbox_blocked WHERE sink = $1 AND retry_at IS NULL`,
  due: `SELECT b.slot, b.stream, b.version AS first, b.attempts, ${ENTRY}
FROM unnest($2::smallint[], $3::pg_snapshot[], $4::bigint[], $5::pg_snapshot[]) AS w(slot, passed, position, until)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.outbox_blocked b
  WHERE b.sink = $1 AND b.slot = w.slot AND b.retry_at <= (SELECT clock_timestamp()) AND NOT EXISTS (
    SELECT FROM ${s}.journal j WHERE j.event_id = b.stream AND j.version = b.version - 1 AND NOT ${GIVEN}
  )
  ORDER BY b.retry_at LIMIT $6::integer
) b
LEFT JOIN LATERAL (
  SELECT * FROM ${s}.journal j
  WHERE j.event_id = b.stream AND j.version >= b.version AND ${GIVEN}
  ORDER BY j.version LIMIT $7::integer
) j ON true
ORDER BY b.stream, j.version`,
  settle: `WITH ${held(s)},
retried AS (
  SELECT * FROM unnest($4::smallint[], $5::uuid[], $6::bigint[], $7::bigint[], $8::integer[], $9::text[], $10::float8[])
    AS t(slot, stream, was, version, attempts, error, millis)
  WHERE t.slot IN (SELECT slot FROM held)
),
ended AS (
  DELETE FROM ${s}.outbox_blocked b USING retried t
  WHERE b.sink = $1 AND b.stream = t.stream AND b.version = t.was AND t.version IS NULL
),
changed AS (
  UPDATE ${s}.outbox_blocked b
  SET version = t.version, attempts = t.attempts, error = t.error, retry_at = ${millisFromNow("t.millis")}
  FROM retried t
  WHERE b.sink = $1 AND b.stream = t.stream AND b.version = t.was AND t.version IS NOT NULL
)
SELECT slot FROM held`
})
