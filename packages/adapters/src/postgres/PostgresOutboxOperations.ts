/**
 * The outbox for its operators, on Postgres and PGlite.
 *
 * Every change is one statement, with its line in the audit log. Looking counts rows of the log, up to a bound for each
 * slot, so it costs more than delivering does; it takes no locks.
 */
import type { EventId } from "@turnout/core/domain/Event"
import * as Slot from "@turnout/core/domain/Slot"
import {
  type BlockedStream,
  MAX_COUNTED,
  OutboxOperations,
  type OutboxStatus,
  SinkNotFound,
  StreamMovedOn,
  StreamNotBlocked
} from "@turnout/core/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { plainArray } from "./ArrayLiteral.ts"
import { transact } from "./AroundEffect.ts"
import * as LogWindow from "./LogWindow.ts"
import { GIVEN, windowParameters, WINDOWS } from "./LogWindowRows.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "./Migrations.ts"
import { ENTRY, type EntryRow, toDelivery } from "./OutboxRows.ts"
import * as OutboxStatements from "./OutboxStatements.ts"
import { repair } from "./PostgresOutboxRepair.ts"
import * as Query from "./Query.ts"
import { type Time, toDate, toDateOrNull } from "./Rows.ts"

interface SlotRow {
  readonly sink: string
  readonly slot: number
  readonly epoch: bigint
  readonly owner: string | null
  readonly until: Time | null
  readonly position: string
}

interface SinkRow {
  readonly name: string
  readonly created_at: Time
  readonly workers: number
  readonly retrying: number
  readonly parked: number
  readonly parked_since: Time | null
}

interface BlockRow {
  readonly sink: string
  readonly stream: string
  readonly version: bigint
  readonly attempts: number
  readonly error: string
  readonly since: Time
  readonly retry_at: Time | null
}

const toBlock = (row: BlockRow): BlockedStream => ({
  sink: row.sink,
  stream: row.stream as EventId,
  version: Number(row.version),
  attempts: row.attempts,
  error: row.error,
  since: toDate(row.since),
  retryAt: toDateOrNull(row.retry_at)
})

const BLOCK = "sink, stream, version, attempts, error, since, retry_at"

const statementsOf = (s: string) => {
  /** A change of blocked streams, which is written to the audit log. */
  const changing = (action: string, change: string, where = "b.sink = $1 AND b.stream = $2::uuid", who = "$3") =>
    `WITH changed AS (
  UPDATE ${s}.outbox_blocked b SET ${change}, attempts = 0, retry_at = clock_timestamp() WHERE ${where} RETURNING b.*
), audited AS (
  INSERT INTO ${s}.audit_log (who, action, details)
  SELECT ${who}, '${action}', json_build_object('sink', sink, 'stream', stream, 'version', version) FROM changed
)
SELECT ${BLOCK} FROM changed`
  return {
    sinks: `SELECT k.name, k.created_at,
  (SELECT count(*)::integer FROM ${s}.outbox_workers w WHERE w.sink = k.name AND w.until > clock_timestamp()) AS workers,
  count(b.retry_at)::integer AS retrying, (count(b.stream) - count(b.retry_at))::integer AS parked,
  min(b.since) FILTER (WHERE b.retry_at IS NULL) AS parked_since
FROM ${s}.sinks k LEFT JOIN ${s}.outbox_blocked b ON b.sink = k.name
GROUP BY k.name, k.created_at ORDER BY k.name`,
    slots: `SELECT o.sink, o.slot, o.epoch, o.owner, o.until, p.position
FROM ${s}.outbox_slots o ${OutboxStatements.latest(s, "o.sink", "o.slot")} ORDER BY o.sink, o.slot`,
    now: "SELECT clock_timestamp() AS at",
    backlog: `SELECT c.count, c.oldest FROM ${WINDOWS}
CROSS JOIN LATERAL (
  SELECT count(*)::integer AS count, min(occurred_at) AS oldest FROM (
    SELECT j.occurred_at FROM ${s}.journal j
    WHERE j.slot = w.slot AND j.seq > w.behind AND NOT ${GIVEN} ORDER BY j.seq LIMIT ${MAX_COUNTED}
  ) j
) c`,
    blocked: `SELECT ${BLOCK} FROM ${s}.outbox_blocked
WHERE sink = $1 AND stream > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
  AND ($2::boolean IS NULL OR (retry_at IS NULL) = $2::boolean)
ORDER BY stream LIMIT $4::integer`,
    block: `SELECT ${BLOCK} FROM ${s}.outbox_blocked WHERE sink = $1 AND stream = $2::uuid`,
    waiting: `SELECT ${ENTRY} FROM ${s}.journal j WHERE j.event_id = $1::uuid AND j.version >= $2::bigint
ORDER BY j.version LIMIT $3::integer`,
    retry: changing("outbox.retry", "version = b.version"),
    retryAll: changing("outbox.retry", "version = b.version", "b.sink = $1 AND b.retry_at IS NULL", "$2"),
    skip: changing(
      "outbox.skip",
      "version = b.version + 1",
      "b.sink = $1 AND b.stream = $2::uuid AND b.version = $4::bigint"
    ),
    discard: changing(
      "outbox.discard",
      `version = (SELECT coalesce(max(j.version) + 1, b.version) FROM ${s}.journal j WHERE j.event_id = b.stream)`
    ),
    quiet: OutboxStatements.quiet(s),
    forget: `WITH forgotten AS (DELETE FROM ${s}.sinks WHERE name = $1 RETURNING name),
slots AS (DELETE FROM ${s}.outbox_slots WHERE sink = $1),
positions AS (DELETE FROM ${s}.outbox_positions WHERE sink = $1),
workers AS (DELETE FROM ${s}.outbox_workers WHERE sink = $1),
blocked AS (DELETE FROM ${s}.outbox_blocked WHERE sink = $1),
replays AS (DELETE FROM ${s}.replays WHERE sink = $1),
audited AS (
  INSERT INTO ${s}.audit_log (who, action, details)
  SELECT $2, 'outbox.forget', json_build_object('sink', name) FROM forgotten
)
SELECT name FROM forgotten`,
    note: `INSERT INTO ${s}.audit_log (who, action, details) VALUES ($1, $2, $3::json)`,
    audit: `SELECT id, at, who, action, details FROM ${s}.audit_log
WHERE $1::bigint IS NULL OR id < $1::bigint ORDER BY id DESC LIMIT $2::integer`,
    prune: `WITH deleted AS (
  DELETE FROM ${s}.journal d USING (
    SELECT j.event_id, j.version FROM unnest($6::smallint[], $7::bigint[]) AS k(slot, up_to)
    CROSS JOIN LATERAL (
      SELECT * FROM ${s}.journal j
      WHERE j.slot = k.slot AND j.seq <= k.up_to
        AND j.occurred_at < least($8::timestamptz, clock_timestamp() - interval '1 hour')
        AND NOT EXISTS (SELECT FROM ${WINDOWS} WHERE w.slot = j.slot AND NOT ${GIVEN})
        AND NOT EXISTS (
          SELECT FROM ${s}.outbox_blocked b WHERE b.stream = j.event_id AND b.version <= j.version
        )
        AND NOT EXISTS (
          SELECT FROM ${s}.replays r
          WHERE r.state IN ('running', 'stopped') AND j.seq <= r.up_to AND (j.slot, j.seq) > (r.slot, r.seq)
        )
      ORDER BY j.seq LIMIT $9::integer
    ) j LIMIT $9::integer
  ) j
  WHERE d.event_id = j.event_id AND d.version = j.version RETURNING 1
), audited AS (
  INSERT INTO ${s}.audit_log (who, action, details)
  SELECT $10, 'outbox.prune', json_build_object('before', $8::timestamptz, 'entries', count(*)) FROM deleted
  HAVING count(*) > 0
)
SELECT count(*)::integer AS entries FROM deleted`
  }
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const schema = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = statementsOf(schema)
  const { isKnown, lastNumber } = OutboxStatements.make(schema)
  const client = yield* SqlClient.SqlClient
  const sql = client.withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)

  const slots = Effect.map(query<SlotRow>(statements.slots), (rows) =>
    rows.map((row) => ({ ...row, at: LogWindow.fromText(row.position) }))
  )

  const status = Effect.gen(function* (): Effect.fn.Return<OutboxStatus, StoreError> {
    const [clock] = yield* query<{ at: Time }>(statements.now)
    const [last] = yield* query<{ number: bigint }>(lastNumber)
    const bySink = Map.groupBy(yield* slots, ({ sink }) => sink)
    const sinks = yield* Effect.forEach(yield* query<SinkRow>(statements.sinks), (row) =>
      Effect.gen(function* () {
        const own = bySink.get(row.name) ?? []
        const counts = yield* query<{ count: number; oldest: Time | null }>(statements.backlog, windowParameters(own))
        const oldest = counts.flatMap(({ oldest }) => (oldest === null ? [] : [toDate(oldest).getTime()]))
        return {
          name: row.name,
          createdAt: toDate(row.created_at),
          workers: row.workers,
          slots: own.map(({ epoch, owner, slot, until }) => ({
            slot,
            epoch: Number(epoch),
            owner,
            until: toDateOrNull(until)
          })),
          backlog: counts.reduce((sum, { count }) => sum + count, 0),
          isBacklogLarger: counts.some(({ count }) => count === MAX_COUNTED),
          oldest: oldest.length === 0 ? null : new Date(Math.min(...oldest)),
          retrying: row.retrying,
          parked: row.parked,
          parkedSince: toDateOrNull(row.parked_since)
        }
      })
    )
    return { at: toDate(clock!.at), written: Number(last!.number), sinks }
  })

  /** The sink is there; what was asked for of it is not. */
  const requireSink = (sink: string): Effect.Effect<void, SinkNotFound | StoreError> =>
    Effect.flatMap(query(isKnown, [sink]), (rows) =>
      rows.length === 0 ? Effect.fail(new SinkNotFound({ sink })) : Effect.void
    )
  const one = Effect.fnUntraced(function* (
    sink: string,
    stream: EventId,
    rows: ReadonlyArray<BlockRow>
  ): Effect.fn.Return<BlockedStream, SinkNotFound | StreamNotBlocked | StoreError> {
    const [row] = rows
    if (row !== undefined) return toBlock(row)
    yield* requireSink(sink)
    return yield* new StreamNotBlocked({ sink, stream })
  })
  const change = (statement: string) => (sink: string, stream: EventId, who: string) =>
    Effect.flatMap(once<BlockRow>(statement, [sink, stream, who]), (rows) => one(sink, stream, rows))

  return OutboxOperations.of({
    status,
    blocked: Effect.fnUntraced(function* (sink, isParked, { after, limit }) {
      const rows = yield* query<BlockRow>(statements.blocked, [sink, isParked, after, limit])
      if (rows.length === 0) yield* requireSink(sink)
      return rows.map(toBlock)
    }),
    blockedStream: Effect.fnUntraced(function* (sink, stream, limit) {
      const block = yield* one(sink, stream, yield* query<BlockRow>(statements.block, [sink, stream]))
      const waiting = yield* query<EntryRow>(statements.waiting, [stream, block.version, limit])
      return { block, waiting: waiting.map(toDelivery) }
    }),
    retry: change(statements.retry),
    retryAll: Effect.fnUntraced(function* (sink, who) {
      yield* requireSink(sink)
      return (yield* query<BlockRow>(statements.retryAll, [sink, who])).length
    }),
    skip: Effect.fnUntraced(function* (sink, stream, version, who) {
      const [row] = yield* once<BlockRow>(statements.skip, [sink, stream, who, version])
      if (row !== undefined) return toBlock(row)
      const block = yield* one(sink, stream, yield* query<BlockRow>(statements.block, [sink, stream]))
      return yield* new StreamMovedOn({ sink, stream, version: block.version })
    }),
    discard: change(statements.discard),
    forget: Effect.fnUntraced(function* (sink, who) {
      const forgotten = yield* transact<ReadonlyArray<unknown>, never, never>(
        sql,
        (run) => Effect.andThen(run(statements.quiet), run(statements.forget, [sink, who])),
        Query.onceFailed
      )
      if (forgotten.length === 0) return yield* new SinkNotFound({ sink })
    }),
    repair: (who) => Effect.provideService(repair({ ...options, who }), SqlClient.SqlClient, client),
    note: (who, action, details) => Effect.asVoid(query(statements.note, [who, action, JSON.stringify(details)])),
    audit: ({ after, limit }) =>
      Effect.map(
        query<{ id: bigint; at: Time; who: string; action: string; details: Record<string, unknown> }>(
          statements.audit,
          [after, limit]
        ),
        (rows) => rows.map((row) => ({ ...row, id: Number(row.id), at: toDate(row.at) }))
      ),
    prune: Effect.fnUntraced(function* (before, limit, who) {
      const positions = yield* slots
      const bySlot = Map.groupBy(positions, ({ slot }) => slot)
      // Without a sink, nobody needs anything.
      const upTo = Slot.slots.map((slot) =>
        Math.min(Number.MAX_SAFE_INTEGER, ...(bySlot.get(slot) ?? []).map(({ at }) => LogWindow.readUpTo(at)))
      )
      const [row] = yield* query<{ entries: number }>(statements.prune, [
        ...windowParameters(positions),
        plainArray(Slot.slots, (slot) => slot),
        plainArray(upTo, (number) => number),
        before,
        limit,
        who
      ])
      return row!.entries
    })
  })
})

/** The operations on the `SqlClient` in the context. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<OutboxOperations, never, SqlClient.SqlClient> =>
  Layer.effect(OutboxOperations, make(options))
