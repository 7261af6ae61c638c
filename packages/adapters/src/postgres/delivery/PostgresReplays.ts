/**
 * Replays on Postgres and PGlite.
 *
 * Guarantees: every change is one statement. The journal is read slot by slot, in the order of its numbers, by index; entries
 * after the last number that had been drawn when the replay began are not part of it. Entries that were being written at that
 * moment may be part of it or not: the relay delivers them to the sink in any case.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { type Replay, type ReplayId, type ReplayState, Selection } from "@turnout/core/delivery/domain/Replay"
import { slotOf } from "@turnout/core/journal/domain/Slot"
import { SinkNotFound } from "@turnout/core/delivery/ports/OutboxOperations"
import {
  type HeldReplay,
  ReplayNotFound,
  ReplayNotOpen,
  type ReplayPlace,
  Replays
} from "@turnout/core/delivery/ports/Replays"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { randomUUID } from "node:crypto"
import { textArray } from "../statements/ArrayLiteral.ts"
import * as LogStatements from "../journal/LogStatements.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { ENTRY, type EntryRow, toDelivery } from "./OutboxRows.ts"
import * as OutboxStatements from "./OutboxStatements.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as Query from "../client/Query.ts"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"

/** The number of rows of the journal that one statement looks at. */
const SCANNED_AT_ONCE = 5_000

const REPLAY = `r.id, r.sink, r.selection, r.per_second, r.who, r.started_at, r.state, r.total, r.sent, r.error,
  r.ended_at, r.slot, r.seq, r.epoch`

interface ReplayRow {
  readonly id: string
  readonly sink: string
  readonly selection: unknown
  readonly per_second: number | null
  readonly who: string
  readonly started_at: Time
  readonly state: string
  readonly total: bigint
  readonly sent: bigint
  readonly error: string | null
  readonly ended_at: Time | null
  readonly slot: number
  readonly seq: bigint
  readonly epoch: bigint
}

const selectionCodec = Schema.toCodecJson(Selection)
const encodeSelection = Schema.encodeSync(selectionCodec)
const decodeSelection = Schema.decodeUnknownSync(selectionCodec)

const toReplay = (row: ReplayRow): Replay => ({
  id: row.id,
  sink: row.sink,
  selection: decodeSelection(row.selection),
  perSecond: row.per_second,
  who: row.who,
  startedAt: toDate(row.started_at),
  state: row.state as ReplayState,
  total: Number(row.total),
  sent: Number(row.sent),
  error: row.error,
  endedAt: toDateOrNull(row.ended_at)
})

const toPlace = (slot: number, seq: number | bigint): ReplayPlace => `${slot}:${seq}` as ReplayPlace
const fromPlace = (place: ReplayPlace): readonly [slot: number, seq: number] => {
  const [slot, seq] = place.split(":").map(Number)
  return [slot!, seq!]
}

/** Whether a row `j` is selected. The parameters of `selectionParameters` are numbered from `from` on. */
const isSelected = (from: number): string =>
  [
    `($${from}::timestamptz IS NULL OR j.occurred_at >= $${from}::timestamptz)`,
    `($${from + 1}::timestamptz IS NULL OR j.occurred_at < $${from + 1}::timestamptz)`,
    `($${from + 2}::text[] IS NULL OR j.type = ANY($${from + 2}::text[]))`,
    `($${from + 3}::uuid IS NULL OR j.id = $${from + 3}::uuid)`
  ].join(" AND ")

const selectionParameters = ({ from, message, to, types }: Selection) => [
  from,
  to,
  types === null ? null : textArray(types, (type) => type),
  message
]

const statementsOf = (s: string) => {
  const change = (action: string, to: string, from: string) => {
    const details = { replay: "id", sink: "sink", sent: "sent" }
    return `WITH changed AS (
  UPDATE ${s}.replays r SET ${to} WHERE r.id = $1::uuid AND r.state IN (${from}) RETURNING r.*
), audited AS (
  ${PostgresAuditLog.entry(s, { by: "$2", action, details, resource: ["replay", "id"], from: "changed" })}
)
SELECT ${REPLAY} FROM changed r`
  }
  /** Rows of the journal from a place on, and those of them that are selected. */
  const page = (rows: string) => `WITH page AS MATERIALIZED (${rows}),
seen AS (SELECT count(*)::integer AS count FROM page),
last AS (SELECT slot, seq FROM page ORDER BY slot DESC, seq DESC LIMIT 1),
found AS (SELECT * FROM page j WHERE ${isSelected(4)} ORDER BY j.slot, j.seq LIMIT $8::integer)
SELECT seen.count AS seen, last.slot AS last_slot, last.seq AS last_seq, j.slot, ${ENTRY}
FROM seen LEFT JOIN last ON true LEFT JOIN found j ON true ORDER BY j.slot, j.seq`
  return {
    count: `SELECT count(*) AS count FROM ${s}.journal j WHERE ${isSelected(1)}`,
    countStream: `SELECT count(*) AS count FROM ${s}.journal j WHERE ${isSelected(1)} AND j.event_id = $5::uuid`,
    start: `WITH started AS (
  INSERT INTO ${s}.replays (id, sink, selection, per_second, who, total, up_to)
  VALUES ($7::uuid, $1, $2::json, $3::integer, ${PostgresAuditLog.whoIn("$4")}, $5::bigint, $6::bigint) ON CONFLICT DO NOTHING RETURNING *
), audited AS (
  ${PostgresAuditLog.entry(s, {
    by: "$4",
    action: "outbox.replay",
    resource: ["replay", "id"],
    details: { replay: "id", sink: "sink", selection: "selection", entries: "total" },
    from: "started"
  })}
)
SELECT ${REPLAY} FROM started r`,
    get: `SELECT ${REPLAY} FROM ${s}.replays r WHERE r.id = $1::uuid`,
    list: `SELECT ${REPLAY} FROM ${s}.replays r
WHERE $1::uuid IS NULL OR r.number < (SELECT a.number FROM ${s}.replays a WHERE a.id = $1::uuid)
ORDER BY r.number DESC LIMIT $2::integer`,
    cancel: change(
      "outbox.replay.cancel",
      "state = 'cancelled', ended_at = clock_timestamp(), owner = NULL, until = NULL",
      "'running', 'stopped'"
    ),
    resume: change("outbox.replay.resume", "state = 'running', error = NULL", "'stopped'"),
    claim: `UPDATE ${s}.replays r
SET epoch = r.epoch + 1, owner = $2, until = clock_timestamp() + $3::float8 * interval '1 millisecond'
WHERE r.id = (
  SELECT id FROM ${s}.replays
  WHERE sink = $1 AND state = 'running' AND ${OutboxStatements.isOver("until")}
  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING ${REPLAY}`,
    // $1: the replay, $2 and $3: the place, $4 to $7: the selection, $8: the limit, $9: the stream.
    read: page(`SELECT j.* FROM ${s}.journal j
  WHERE (j.slot, j.seq) > ($2::smallint, $3::bigint)
    AND j.seq <= (SELECT up_to FROM ${s}.replays WHERE id = $1::uuid)
  ORDER BY j.slot, j.seq LIMIT ${SCANNED_AT_ONCE}`),
    readStream: page(`SELECT j.* FROM ${s}.journal j
  WHERE j.event_id = $9::uuid AND (j.slot, j.seq) > ($2::smallint, $3::bigint)
    AND j.seq <= (SELECT up_to FROM ${s}.replays WHERE id = $1::uuid)
  ORDER BY j.event_id, j.version LIMIT ${SCANNED_AT_ONCE}`),
    advance: `UPDATE ${s}.replays r SET slot = $3::smallint, seq = $4::bigint, sent = $5::bigint,
  state = $6, error = $7, ended_at = CASE WHEN $6 = 'finished' THEN clock_timestamp() END,
  owner = CASE WHEN $6 = 'running' THEN r.owner END,
  until = CASE WHEN $6 = 'running' THEN clock_timestamp() + $8::float8 * interval '1 millisecond' END
WHERE r.id = $1::uuid AND r.epoch = $2::bigint AND r.state = 'running' AND r.owner = $9
  AND (r.slot, r.seq) <= ($3::smallint, $4::bigint) AND r.sent <= $5::bigint
RETURNING ${REPLAY}`,
    release: `UPDATE ${s}.replays SET owner = NULL, until = NULL WHERE id = $1::uuid AND epoch = $2::bigint AND owner = $3`
  }
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const schema = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = statementsOf(schema)
  const { isKnown } = OutboxStatements.make(schema)
  const { lastNumber } = LogStatements.make(schema)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)
  const once = Query.makeOnce(sql)

  const get = Effect.fnUntraced(function* (id: ReplayId): Effect.fn.Return<Replay, ReplayNotFound | StoreError> {
    const [row] = yield* query<ReplayRow>(statements.get, [id])
    return row === undefined ? yield* new ReplayNotFound({ id }) : toReplay(row)
  })
  const change = (statement: string) =>
    Effect.fnUntraced(function* (
      id: ReplayId,
      who: string
    ): Effect.fn.Return<Replay, ReplayNotFound | ReplayNotOpen | StoreError> {
      const [row] = yield* once<ReplayRow>(statement, [id, yield* PostgresAuditLog.by(who)])
      if (row !== undefined) return toReplay(row)
      return yield* new ReplayNotOpen({ id, state: (yield* get(id)).state })
    })
  const count = (selection: Selection): Effect.Effect<number, StoreError> =>
    Effect.map(
      selection.stream === null
        ? query<{ count: bigint }>(statements.count, selectionParameters(selection))
        : query<{ count: bigint }>(statements.countStream, [...selectionParameters(selection), selection.stream]),
      ([row]) => Number(row!.count)
    )

  return Replays.of({
    count,
    start: Effect.fnUntraced(function* ({ perSecond, selection, sink, who }) {
      if ((yield* query(isKnown, [sink])).length === 0) return yield* new SinkNotFound({ sink })
      const [last] = yield* query<{ number: bigint }>(lastNumber)
      const total = yield* count(selection)
      const document = JSON.stringify(encodeSelection(selection))
      const id = randomUUID()
      const upTo = Number(last!.number)
      const said = yield* PostgresAuditLog.by(who)
      const [row] = yield* repeatable<ReplayRow>(statements.start, [sink, document, perSecond, said, total, upTo, id])
      // There is no row if the replay was written before the connection was lost.
      return row === undefined ? yield* Effect.catchTag(get(id), "ReplayNotFound", Effect.die) : toReplay(row)
    }),
    get,
    list: ({ after, limit }) =>
      Effect.map(query<ReplayRow>(statements.list, [after, limit]), (rows) => rows.map(toReplay)),
    cancel: change(statements.cancel),
    resume: change(statements.resume),
    claim: (sink, owner, ttlMillis) =>
      Effect.map(query<ReplayRow>(statements.claim, [sink, owner, ttlMillis]), ([row]): HeldReplay | undefined =>
        row === undefined
          ? undefined
          : { replay: toReplay(row), epoch: Number(row.epoch), owner, place: toPlace(row.slot, row.seq) }
      ),
    read: Effect.fnUntraced(function* ({ id, selection }, place, limit) {
      const [slot, seq] = fromPlace(place)
      const { stream } = selection
      const at = stream === null ? [slot, seq] : [slotOf(stream as EventId), seq]
      const parameters = [id, ...at, ...selectionParameters(selection), limit]
      type Row = { readonly seen: number; readonly last_slot: number | null; readonly last_seq: bigint | null } & (
        (EntryRow & { readonly slot: number }) | { readonly [Column in keyof EntryRow | "slot"]: null }
      )
      const rows = yield* stream === null
        ? query<Row>(statements.read, parameters)
        : query<Row>(statements.readStream, [...parameters, stream])
      const { last_seq, last_slot, seen } = rows[0]!
      const entries = rows.flatMap((row) =>
        row.seq === null ? [] : [{ slot: row.slot, delivery: toDelivery(row), place: toPlace(row.slot, row.seq) }]
      )
      // The rows that were looked at may have more entries of the replay than `limit`.
      if (entries.length === limit) return { entries, place: entries.at(-1)!.place, isLast: false }
      return {
        entries,
        place: last_slot === null ? place : toPlace(last_slot, last_seq!),
        isLast: seen < SCANNED_AT_ONCE
      }
    }),
    advance: ({ epoch, error, id, owner, place, sent, state }, ttlMillis) =>
      Effect.map(
        query<ReplayRow>(statements.advance, [id, epoch, ...fromPlace(place), sent, state, error, ttlMillis, owner]),
        ([row]) => (row === undefined ? undefined : toReplay(row))
      ),
    release: ({ epoch, id, owner }) => Effect.asVoid(query(statements.release, [id, epoch, owner]))
  })
})

/** Replays on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Replays, never, SqlClient.SqlClient> =>
  Layer.effect(Replays, make(options))
