/**
 * Repairs the journal of a database that was restored into another cluster, such as by `pg_dump` and `pg_restore`.
 *
 * Positions are told in transaction ids (`LogWindow`), which count up in each cluster by themselves. In another one, an
 * entry that was delivered may look as if its transaction had not begun, and one that is written tomorrow as if it had been
 * delivered long ago. So nothing is delivered from such a journal: outboxes fail with `LogRestored`. The repair
 *
 * 1. ends every lease, so that a worker that still runs can write nothing;
 * 2. begins each slot of each sink behind what had been given for certain, told by the numbers of the entries and not by
 *    ids: what had been given behind that is given once more, and what was written since the restore is given;
 * 3. gives entries whose ids are yet to come in this cluster the id of the repair;
 * 4. remembers the cluster.
 *
 * One transaction: all of it or nothing. It writes every entry that step 3 is about, so prune first if the journal is long.
 * Blocked streams stay blocked. A physical copy (a replica that was promoted, a base backup) keeps its ids, and needs none of
 * this.
 */
import type { Repaired } from "@turnout/core/ports/OutboxOperations"
import * as StoreError from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { plainArray, textArray } from "./ArrayLiteral.ts"
import * as LogWindow from "./LogWindow.ts"
import { DEFAULT_SCHEMA, quote } from "./Migrations.ts"
import { latest, quiet } from "./OutboxStatements.ts"
import type { Query } from "./Query.ts"
import { toStoreError } from "./SqlFailure.ts"

/** Whether the transaction ids of the journal are those of this cluster. */
const origin = (s: string): string => `SELECT o.system_identifier = c.system_identifier AS is_own
FROM ${s}.journal_origin o CROSS JOIN pg_control_system() c`

/** Fails with `LogRestored` if the journal comes from another cluster. */
export const checkOrigin = (query: Query, schema: string): Effect.Effect<void, StoreError.StoreError> =>
  Effect.flatMap(query<{ is_own: boolean }>(origin(quote(schema))), ([row]) => {
    if (row?.is_own === true) return Effect.void
    const cause = new Error("the journal has the transaction ids of another cluster")
    return Effect.fail(new StoreError.StoreError({ reason: new StoreError.LogRestored({ cause }) }))
  })

/** Repairs the journal if it comes from another cluster; `null` if there was nothing to repair. */
export const repair: (options: {
  readonly schema?: string
  /** For the audit log. */
  readonly who: string
}) => Effect.Effect<Repaired | null, StoreError.StoreError, SqlClient.SqlClient> = Effect.fnUntraced(
  function* ({
    schema = DEFAULT_SCHEMA,
    who
  }): Effect.fn.Return<Repaired | null, StoreError.StoreError | SqlError, SqlClient.SqlClient> {
    const s = quote(schema)
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const work = Effect.gen(function* (): Effect.fn.Return<Repaired | null, SqlError> {
      yield* sql.unsafe(`LOCK TABLE ${s}.journal_origin IN ACCESS EXCLUSIVE MODE`)
      const [found] = yield* sql.unsafe<{ is_own: boolean }>(origin(s))
      if (found?.is_own === true) return null
      // What is written meanwhile would have ids of this cluster already.
      yield* sql.unsafe(`LOCK TABLE ${s}.journal IN EXCLUSIVE MODE`)
      yield* sql.unsafe(quiet(s))
      yield* sql.unsafe(`UPDATE ${s}.outbox_slots SET epoch = epoch + 1, owner = NULL, until = NULL`)
      const rows = yield* sql.unsafe<{ sink: string; slot: number; position: string }>(
        `SELECT o.sink, o.slot, p.position FROM ${s}.outbox_slots o ${latest(s, "o.sink", "o.slot")}`
      )
      const positions = rows.map((row) => ({ ...row, at: LogWindow.fromText(row.position) }))
      const repaired = positions.map(({ at }) =>
        LogWindow.toText({ ...LogWindow.beginning, floor: LogWindow.deliveredUpTo(at) })
      )
      yield* sql.unsafe(
        `UPDATE ${s}.outbox_positions o SET position = t.position
FROM unnest($1::text[], $2::smallint[], $3::text[]) AS t(sink, slot, position) WHERE o.sink = t.sink AND o.slot = t.slot`,
        [
          textArray(positions, ({ sink }) => sink),
          plainArray(positions, ({ slot }) => slot),
          textArray(repaired, (position) => position)
        ]
      )
      const [written] = yield* sql.unsafe<{ entries: number }>(`WITH written AS (
  UPDATE ${s}.journal SET tx = pg_current_xact_id() WHERE tx >= pg_snapshot_xmin(pg_current_snapshot()) RETURNING 1
) SELECT count(*)::integer AS entries FROM written`)
      yield* sql.unsafe(
        `UPDATE ${s}.journal_origin SET system_identifier = (SELECT system_identifier FROM pg_control_system())`
      )
      yield* sql.unsafe(
        `INSERT INTO ${s}.audit_log (who, action, details)
VALUES ($1, 'outbox.repair', json_build_object('positions', $2::integer, 'entries', $3::integer))`,
        [who, positions.length, written!.entries]
      )
      return { positions: positions.length, entries: written!.entries }
    })
    return yield* sql.withTransaction(work)
  },
  Effect.catchTag("SqlError", (error) => Effect.fail(toStoreError(error)))
)
