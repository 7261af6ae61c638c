/**
 * The blocked streams of a sink, for the operators of the outbox (`OutboxOperations`).
 *
 * Every decision is one statement, which includes its entry in the audit log.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import {
  type BlockedStream,
  type OutboxOperations,
  SinkNotFound,
  StreamMovedOn,
  StreamNotBlocked
} from "@turnout/core/delivery/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { ENTRY, type EntryRow, toDelivery } from "./OutboxRows.ts"
import * as OutboxStatements from "./OutboxStatements.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as Query from "../client/Query.ts"
import { ownerOf } from "../admission/events/EventOwner.ts"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"

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
  /** A statement that changes blocked streams, and writes the change to the audit log. */
  const changing = (action: string, change: string, where = "b.sink = $1 AND b.stream = $2::uuid", by = "$3") => {
    const details = { sink: "sink", stream: "stream", version: "version" }
    const organization = ownerOf(s, "changed.stream")
    return `WITH changed AS (
  UPDATE ${s}.outbox_blocked b SET ${change}, attempts = 0, retry_at = clock_timestamp() WHERE ${where} RETURNING b.*
), audited AS (
  ${PostgresAuditLog.entry(s, { by, action, details, resource: ["event", "stream"], organization, from: "changed" })}
)
SELECT ${BLOCK} FROM changed`
  }
  return {
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
    )
  }
}

type BlockedStreams = Pick<
  OutboxOperations["Service"],
  "blocked" | "blockedStream" | "retry" | "retryAll" | "skip" | "discard"
>

/** The operations on the tables in a schema, given as a quoted identifier. */
export const make = (s: string, sql: SqlClient.SqlClient): BlockedStreams => {
  const statements = statementsOf(s)
  const { isKnown } = OutboxStatements.make(s)
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)

  /** Fails with `SinkNotFound` if the sink is not registered. Otherwise, the stream is not blocked. */
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
    PostgresAuditLog.by(who).pipe(
      Effect.flatMap((said) => once<BlockRow>(statement, [sink, stream, said])),
      Effect.flatMap((rows) => one(sink, stream, rows))
    )

  return {
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
      return (yield* once<BlockRow>(statements.retryAll, [sink, yield* PostgresAuditLog.by(who)])).length
    }),
    skip: Effect.fnUntraced(function* (sink, stream, version, who) {
      const [row] = yield* once<BlockRow>(statements.skip, [sink, stream, yield* PostgresAuditLog.by(who), version])
      if (row !== undefined) return toBlock(row)
      const block = yield* one(sink, stream, yield* query<BlockRow>(statements.block, [sink, stream]))
      return yield* new StreamMovedOn({ sink, stream, version: block.version })
    }),
    discard: change(statements.discard)
  }
}
