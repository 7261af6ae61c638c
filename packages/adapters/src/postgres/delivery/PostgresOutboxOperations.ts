/**
 * The outbox for its operators, on Postgres and PGlite.
 *
 * `status` counts rows of the log, up to `MAX_COUNTED` for each slot, so it costs more than delivering does; it takes no locks.
 * Blocked streams (`PostgresBlockedStreams`), pruning (`PostgresJournalPruning`) and the repair (`PostgresOutboxRepair`) have
 * files of their own. Each change writes its entry in the audit log in its own transaction.
 */
import {
  MAX_COUNTED,
  OutboxOperations,
  type OutboxStatus,
  SinkNotFound
} from "@turnout/core/delivery/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { transact } from "../client/InTransaction.ts"
import * as LogReader from "../journal/LogReader.ts"
import * as LogStatements from "../journal/LogStatements.ts"
import { GIVEN, windowParameters, WINDOWS } from "../journal/LogWindowRows.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as OutboxStatements from "./OutboxStatements.ts"
import * as PostgresBlockedStreams from "./PostgresBlockedStreams.ts"
import * as PostgresJournalKeepers from "../journal/PostgresJournalKeepers.ts"
import * as PostgresJournalPruning from "../journal/PostgresJournalPruning.ts"
import { repair } from "./PostgresOutboxRepair.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as Query from "../client/Query.ts"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"
import * as SinkStatements from "./SinkStatements.ts"
import * as SlotRows from "../journal/SlotRows.ts"

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
  readonly relays: number
  readonly retrying: number
  readonly parked: number
  readonly parked_since: Time | null
}

const statementsOf = (s: string) => {
  /** The number of running relays of the sink in a row `k`. */
  const RELAYS = `(SELECT count(*)::integer FROM ${s}.outbox_workers w WHERE w.sink = k.name AND NOT ${OutboxStatements.isOver("w.until")})`
  return {
    relays: `SELECT ${RELAYS} AS relays FROM ${s}.sinks k WHERE k.name = $1`,
    sinks: `SELECT k.name, k.created_at, ${RELAYS} AS relays,
  count(b.retry_at)::integer AS retrying, (count(b.stream) - count(b.retry_at))::integer AS parked,
  min(b.since) FILTER (WHERE b.retry_at IS NULL) AS parked_since
FROM ${s}.sinks k LEFT JOIN ${s}.outbox_blocked b ON b.sink = k.name
GROUP BY k.name, k.created_at ORDER BY k.name`,
    slots: `SELECT o.sink, o.slot, o.epoch, o.owner, o.until, p.position
FROM ${s}.outbox_slots o ${SlotRows.latest(s, "o.sink", "o.slot")} ORDER BY o.sink, o.slot`,
    now: "SELECT clock_timestamp() AS at",
    backlog: `SELECT c.count, c.oldest FROM ${WINDOWS}
CROSS JOIN LATERAL (
  SELECT count(*)::integer AS count, min(occurred_at) AS oldest FROM (
    SELECT j.occurred_at FROM ${s}.journal j
    WHERE j.slot = w.slot AND j.seq > w.behind AND NOT ${GIVEN} ORDER BY j.seq LIMIT ${MAX_COUNTED}
  ) j
) c`,
    quiet: SlotRows.quiet(s),
    forget: SinkStatements.forget(s)
  }
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const schema = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = statementsOf(schema)
  const { lastNumber } = LogStatements.make(schema)
  const client = yield* SqlClient.SqlClient
  const sql = client.withoutTransforms()
  const query = Query.make(sql)

  const slots = Effect.map(query<SlotRow>(statements.slots), (rows) => LogReader.understand(rows))

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
          relays: row.relays,
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

  return OutboxOperations.of({
    status,
    relays: Effect.fnUntraced(function* (sink) {
      const [row] = yield* query<{ relays: number }>(statements.relays, [sink])
      return row === undefined ? yield* new SinkNotFound({ sink }) : row.relays
    }),
    forget: Effect.fnUntraced(function* (sink, who) {
      const said = yield* PostgresAuditLog.by(who)
      const forgotten = yield* transact<ReadonlyArray<unknown>, never, never>(
        sql,
        (run) => Effect.andThen(run(statements.quiet), run(statements.forget, [sink, said])),
        Query.onceFailed
      )
      if (forgotten.length === 0) return yield* new SinkNotFound({ sink })
    }),
    repair: (who) => Effect.provideService(repair({ ...options, who }), SqlClient.SqlClient, client),
    prune: PostgresJournalPruning.make(schema, sql, slots),
    keepers: PostgresJournalKeepers.make(schema, query, slots),
    ...PostgresBlockedStreams.make(schema, sql)
  })
})

/** The operations on the `SqlClient` in the context. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<OutboxOperations, never, SqlClient.SqlClient> =>
  Layer.effect(OutboxOperations, make(options))
