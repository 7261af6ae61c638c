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
import { ENTRY } from "./OutboxRows.ts"

/** The leases that are still held, locked. `t` must have `slot` and `epoch`. */
const held = (s: string, leases: string): string => `held AS (
  SELECT o.slot FROM ${leases} JOIN ${s}.outbox_slots o ON o.sink = $1 AND o.slot = t.slot
  WHERE o.epoch = t.epoch AND o.owner IS NOT NULL
  ORDER BY o.slot FOR UPDATE OF o
)`

/** The position of a slot that counts, as a table `p`: the latest comes first in the index, whatever is behind it. */
export const latest = (s: string, sink: string, slot: string): string => `CROSS JOIN LATERAL (
  SELECT p.revision, p.position FROM ${s}.outbox_positions p WHERE p.sink = ${sink} AND p.slot = ${slot}
  ORDER BY p.revision DESC LIMIT 1
) p`

const LEASES = "unnest($2::smallint[], $3::bigint[]) AS t(slot, epoch)"

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
  register: `WITH known AS (INSERT INTO ${s}.sinks (name) VALUES ($1) ON CONFLICT DO NOTHING),
slots AS (
  INSERT INTO ${s}.outbox_slots (sink, slot) SELECT $1, t.slot FROM unnest($2::smallint[]) AS t(slot)
  ON CONFLICT DO NOTHING RETURNING slot
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
  claim: `WITH claimed AS (
  UPDATE ${s}.outbox_slots SET epoch = epoch + 1, owner = $2, until = ${millisFromNow("$3::float8")}
  WHERE sink = $1 AND slot = ANY(ARRAY(
    SELECT slot FROM ${s}.outbox_slots WHERE sink = $1 AND (until IS NULL OR until <= clock_timestamp())
    ORDER BY slot LIMIT $4::integer FOR UPDATE SKIP LOCKED
  ))
  RETURNING slot, epoch
)
SELECT c.slot, c.epoch, p.position FROM claimed c ${latest(s, "$1", "c.slot")}`,
  renew: `WITH ${held(s, LEASES)}
UPDATE ${s}.outbox_slots o SET until = ${millisFromNow("$4::float8")}
WHERE o.sink = $1 AND o.slot = ANY(ARRAY(SELECT slot FROM held)) RETURNING o.slot`,
  release: `WITH ${held(s, LEASES)}
UPDATE ${s}.outbox_slots o SET owner = NULL, until = NULL
WHERE o.sink = $1 AND o.slot = ANY(ARRAY(SELECT slot FROM held)) RETURNING o.slot`,
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
  acknowledge: `WITH ${held(s, LEASES)},
blocked AS (
  INSERT INTO ${s}.outbox_blocked (sink, stream, slot, version, attempts, error, retry_at)
  SELECT $1, t.stream, t.slot, t.version, t.attempts, t.error, ${millisFromNow("t.millis")}
  FROM unnest($5::smallint[], $6::uuid[], $7::bigint[], $8::integer[], $9::text[], $10::float8[])
    AS t(slot, stream, version, attempts, error, millis)
  WHERE t.slot IN (SELECT slot FROM held)
  ON CONFLICT (sink, stream) DO NOTHING
),
current AS (
  SELECT t.slot, t.position AS next, p.revision
  FROM unnest($2::smallint[], $4::text[]) AS t(slot, position) ${latest(s, "$1", "t.slot")}
  WHERE t.slot IN (SELECT slot FROM held)
),
removed AS (
  DELETE FROM ${s}.outbox_positions p USING current c
  WHERE p.sink = $1 AND p.slot = c.slot AND p.revision = c.revision
)
INSERT INTO ${s}.outbox_positions (sink, slot, revision, position)
SELECT $1, slot, revision + 1, next FROM current RETURNING slot`,
  parkedMillis: `SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)) * 1000, 0)::float8 AS millis
FROM ${s}.outbox_blocked WHERE sink = $1 AND retry_at IS NULL`,
  due: `SELECT b.slot, b.stream, b.version AS first, b.attempts, ${ENTRY}
FROM unnest($2::smallint[], $3::pg_snapshot[], $4::bigint[], $5::pg_snapshot[]) AS w(slot, passed, position, until)
CROSS JOIN LATERAL (
  SELECT * FROM ${s}.outbox_blocked b
  WHERE b.sink = $1 AND b.slot = w.slot AND b.retry_at <= (SELECT clock_timestamp()) ORDER BY b.retry_at LIMIT $6::integer
) b
LEFT JOIN LATERAL (
  SELECT * FROM ${s}.journal j
  WHERE j.event_id = b.stream AND j.version >= b.version
    AND (pg_visible_in_snapshot(j.tx, w.passed) OR j.seq <= w.position AND pg_visible_in_snapshot(j.tx, w.until))
  ORDER BY j.version LIMIT $7::integer
) j ON true
ORDER BY b.stream, j.version`,
  settle: `WITH ${held(s, LEASES)},
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
