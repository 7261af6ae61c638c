/**
 * The statements that write and read sinks, relays, leases, acknowledgements and blocked streams. Those that read the log are
 * in `LogStatements`. `(SELECT clock_timestamp())` lets the planner look for a time in an index.
 *
 * Several rows of a sink are always locked in the order of their slots, so that two relays never wait for each other in a
 * circle. Writes under a lease go to the slots in `held` only: those whose epoch is still the one that the relay has.
 */
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { hasMarks } from "../journal/LogStatements.ts"
import * as SinkStatements from "./SinkStatements.ts"
import { GIVEN } from "../journal/LogWindowRows.ts"
import { ENTRY } from "./OutboxRows.ts"
import { latest, newest } from "../journal/SlotRows.ts"

const LEASES = "unnest($2::smallint[], $3::bigint[], $4::text[]) AS t(slot, epoch, owner)"

/**
 * The leases that are still held, locked. A claim that was made before has removed the row with their epoch; on a server that
 * has lost a claim, another relay may have the same epoch.
 */
const held = (s: string): string => `held AS (
  SELECT o.slot, o.epoch FROM (SELECT * FROM ${LEASES} ORDER BY slot) AS t
  CROSS JOIN LATERAL (
    SELECT o.slot, o.epoch FROM ${s}.outbox_slots o
    WHERE o.sink = $1 AND o.slot = t.slot AND o.epoch = t.epoch AND o.owner = t.owner FOR UPDATE
  ) o
)`

/**
 * The rows of the leases in `held`: one for each slot; the condition on the epoch keeps older versions from being looked at.
 */
const HELD_ROWS = `o.sink = $1 AND o.slot = ANY(ARRAY(SELECT slot FROM held))
  AND o.epoch >= (SELECT min(epoch) FROM held)`

const millisFromNow = (parameter: string): string => `clock_timestamp() + ${parameter} * interval '1 millisecond'`

/**
 * Whether a lease has run out. No lease is taken for an hour: one that seems to last that long was taken before somebody set
 * the server's clock back, and its holder, if it were alive, would have renewed it since.
 */
export const isOver = (until: string): string =>
  `(${until} IS NULL OR ${until} <= clock_timestamp() OR ${until} > clock_timestamp() + interval '1 hour')`

export interface OutboxStatements {
  /** $1: sink. Returns one row if the sink is registered. */
  readonly isKnown: string
  /** $1: sink. Returns its id, if it is registered. */
  readonly idOf: string
  /** $1: the id of a sink. Returns one row if an operator has forgotten it. */
  readonly isForgotten: string
  /**
   * $1: sink, $2: slots, $3: position; $4, $5: its marks; $6: the webhook whose sink it is, or null. Registers the sink if it
   * is not registered and the server has the marks. Says whether the sink is wanted: it is not if its webhook is gone.
   */
  readonly register: string
  /** $1: sink, $2: owner, $3: milliseconds. */
  readonly announce: string
  /** $1: sink. */
  readonly countRelays: string
  /** $1: sink, $2: owner. */
  readonly depart: string
  /** $1: sink, $2: owner, $3: milliseconds, $4: limit. */
  readonly claim: string
  /** $1: sink, $2, $3, $4: slots, epochs and owners; $5: positions as they were acknowledged; $6: milliseconds. */
  readonly renew: string
  /** $1: sink, $2, $3, $4: slots, epochs and owners. */
  readonly release: string
  /**
   * $1: sink, $2, $3, $4: slots, epochs and owners; $5: positions; $6: positions as they were acknowledged; $7, $8: marks; $9
   * to $14: the slots, streams, versions, attempts, errors and milliseconds of blocks.
   */
  readonly acknowledge: string
  /** $1: sink. */
  readonly parkedMillis: string
  /** $1: sink, $2, $3, $4, $5: slots, passed snapshots, positions in windows and their ends; $6: limit, $7: depth. */
  readonly due: string
  /**
   * $1: sink, $2, $3, $4: slots, epochs and owners; $5, $6, $7: the slots, streams and old versions of retries; $8 to $11: the
   * versions, attempts, errors and milliseconds of those that stay blocked; a version that is null ends the block.
   */
  readonly settle: string
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): OutboxStatements => ({
  isKnown: `SELECT 1 FROM ${s}.sinks WHERE name = $1`,
  idOf: `SELECT id::text AS id FROM ${s}.sinks WHERE name = $1`,
  isForgotten: `SELECT true AS is_forgotten FROM ${s}.forgotten_sinks WHERE id = $1::uuid`,
  // If the webhook is being removed, the statement waits for that; a webhook that is there stays until this is committed.
  register: `WITH webhook AS MATERIALIZED (SELECT w.id FROM ${s}.webhooks w WHERE w.id = $6::uuid FOR KEY SHARE),
wanted AS MATERIALIZED (SELECT $6::uuid IS NULL OR EXISTS (SELECT FROM webhook) AS is_wanted),
${SinkStatements.making(s, { names: `SELECT $1 FROM wanted WHERE is_wanted AND ${hasMarks(s, "$4", "$5")}`, slots: "$2", position: "$3" })}
SELECT is_wanted FROM wanted`,
  announce: `WITH gone AS (
  DELETE FROM ${s}.outbox_workers WHERE sink = $1 AND owner <> $2 AND until < clock_timestamp() - interval '1 minute'
)
INSERT INTO ${s}.outbox_workers (sink, owner, until) VALUES ($1, $2, ${millisFromNow("$3::float8")})
ON CONFLICT (sink, owner) DO UPDATE SET until = excluded.until`,
  countRelays: `SELECT count(*)::integer AS relays FROM ${s}.outbox_workers WHERE sink = $1 AND NOT ${isOver("until")}`,
  depart: `DELETE FROM ${s}.outbox_workers WHERE sink = $1 AND owner = $2`,
  claim: `WITH free AS (
  SELECT o.place FROM generate_series(0, ${SLOTS - 1}) AS n(slot)
  CROSS JOIN LATERAL (
    SELECT o.ctid AS place FROM ${s}.outbox_slots o WHERE ${newest("o", "epoch", "$1", "n.slot::smallint")}
  ) l
  CROSS JOIN LATERAL (
    SELECT o.ctid AS place FROM ${s}.outbox_slots o
    WHERE o.ctid = l.place AND ${isOver("o.until")} FOR UPDATE SKIP LOCKED
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
  renew: `WITH ${held(s)},
current AS (
  SELECT t.slot FROM unnest($2::smallint[], $5::text[]) AS t(slot, position) ${latest(s, "$1", "t.slot")}
  WHERE t.slot IN (SELECT slot FROM held) AND p.position = t.position
)
UPDATE ${s}.outbox_slots o SET until = ${millisFromNow("$6::float8")}
WHERE ${HELD_ROWS} AND o.slot IN (SELECT slot FROM current) RETURNING o.slot`,
  release: `WITH ${held(s)}
UPDATE ${s}.outbox_slots o SET owner = NULL, until = NULL WHERE ${HELD_ROWS} RETURNING o.slot`,
  acknowledge: `WITH ${held(s)},
current AS MATERIALIZED (
  SELECT t.slot, t.next, p.revision, p.place, p.position = t.position AS is_new
  FROM unnest($2::smallint[], $5::text[], $6::text[]) AS t(slot, next, position) ${latest(s, "$1", "t.slot")}
  -- The next one is there already if an answer was lost. Then the blocks were as well, and may have ended since.
  WHERE t.slot IN (SELECT slot FROM held) AND p.position IN (t.position, t.next) AND ${hasMarks(s, "$7", "$8")}
),
blocked AS (
  INSERT INTO ${s}.outbox_blocked (sink, stream, slot, version, attempts, error, retry_at)
  SELECT $1, t.stream, t.slot, t.version, t.attempts, t.error, ${millisFromNow("t.millis")}
  FROM unnest($9::smallint[], $10::uuid[], $11::bigint[], $12::integer[], $13::text[], $14::float8[])
    AS t(slot, stream, version, attempts, error, millis)
  WHERE t.slot IN (SELECT slot FROM current WHERE is_new)
  ON CONFLICT (sink, stream) DO NOTHING
),
removed AS (
  DELETE FROM ${s}.outbox_positions WHERE ctid = ANY(ARRAY(SELECT place FROM current))
)
INSERT INTO ${s}.outbox_positions (sink, slot, revision, position)
SELECT $1, slot, revision + 1, next FROM current RETURNING slot`,
  parkedMillis: `SELECT greatest(0, extract(epoch FROM clock_timestamp() - min(since)) * 1000)::float8 AS millis
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
  SELECT * FROM unnest($5::smallint[], $6::uuid[], $7::bigint[], $8::bigint[], $9::integer[], $10::text[], $11::float8[])
    AS t(slot, stream, was, version, attempts, error, millis)
  WHERE t.slot IN (SELECT slot FROM held)
),
ended AS (
  DELETE FROM ${s}.outbox_blocked b USING retried t
  WHERE b.sink = $1 AND b.stream = t.stream AND b.version = t.was AND t.version IS NULL
),
changed AS (
  -- One that is carried out late takes no attempts back, and retries no stream that was parked since.
  UPDATE ${s}.outbox_blocked b
  SET version = t.version, attempts = t.attempts, error = t.error, retry_at = ${millisFromNow("t.millis")}
  FROM retried t
  WHERE b.sink = $1 AND b.stream = t.stream AND b.version = t.was AND (t.version > b.version OR t.attempts >= b.attempts)
)
SELECT slot FROM held`
})
