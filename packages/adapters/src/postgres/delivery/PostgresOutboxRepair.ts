/**
 * Repairs the journal of a database that was restored into another cluster, such as by `pg_dump` and `pg_restore`.
 *
 * Positions consist of transaction ids (`LogWindow`), which count up in each cluster by themselves. In another cluster, an
 * entry that was delivered may look as if its transaction had not begun, and one that is written tomorrow as if it had been
 * delivered long ago. So nothing is delivered from such a journal: outboxes fail with `LogRestored`. The repair
 *
 * 1. ends every lease, so that a relay that still runs can write nothing;
 * 2. begins each slot of each sink after the last entry before which every entry has been given, which it knows from the
 *    numbers of the entries and not from ids: later entries that had been given are given once more, and so are entries that
 *    were written since the restore;
 * 3. gives the id of its own transaction to entries whose ids are yet to come in this cluster;
 * 4. forgets the marks of the other cluster, except the first: a cursor from there begins anew;
 * 5. remembers the cluster.
 *
 * The repair is one transaction: all of it or nothing. It writes every entry of step 3, so prune first if the journal is long.
 * Blocked streams stay blocked. A physical copy (a replica that was promoted, a base backup) keeps its ids, and needs no
 * repair.
 */
import type { Repaired } from "@turnout/core/delivery/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import { origin, type OriginRow } from "../journal/JournalOrigin.ts"
import * as LogReader from "../journal/LogReader.ts"
import * as LogWindow from "../journal/LogWindow.ts"
import * as LogWindowText from "../journal/LogWindowText.ts"
import { DEFAULT_SCHEMA, quote } from "../schema/SchemaName.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import { latest, quiet } from "../journal/SlotRows.ts"
import { toStoreError } from "../client/SqlFailure.ts"

/** Repairs the journal if it comes from another cluster; `null` if there was nothing to repair. */
export const repair: (options: {
  readonly schema?: string
  /** The operator, for the audit log. */
  readonly who: string
}) => Effect.Effect<Repaired | null, StoreError, SqlClient.SqlClient> = Effect.fnUntraced(
  function* ({
    schema = DEFAULT_SCHEMA,
    who
  }): Effect.fn.Return<Repaired | null, StoreError | SqlError, SqlClient.SqlClient> {
    const s = quote(schema)
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const work = Effect.gen(function* (): Effect.fn.Return<Repaired | null, SqlError> {
      yield* sql.unsafe(`LOCK TABLE ${s}.journal_origin IN ACCESS EXCLUSIVE MODE`)
      const [found] = yield* sql.unsafe<OriginRow>(origin(s))
      if (found?.is_own === true) return null
      // Entries that are written meanwhile would have ids of this cluster already.
      yield* sql.unsafe(`LOCK TABLE ${s}.journal IN EXCLUSIVE MODE`)
      yield* sql.unsafe(quiet(s))
      yield* sql.unsafe(`UPDATE ${s}.outbox_slots SET epoch = epoch + 1, owner = NULL, until = NULL`)
      const rows = yield* sql.unsafe<{ sink: string; slot: number; position: string }>(
        `SELECT o.sink, o.slot, p.position FROM ${s}.outbox_slots o ${latest(s, "o.sink", "o.slot")}`
      )
      const positions = LogReader.understand(rows)
      const [root] = yield* sql.unsafe<{ tx: string; nonce: string }>(
        `SELECT m.tx::text AS tx, m.nonce FROM ${s}.journal_marks m ORDER BY m.tx LIMIT 1`
      )
      const beginning = LogWindow.beginning({ tx: BigInt(root!.tx), nonce: root!.nonce })
      const repaired = positions.map(({ at }) =>
        LogWindowText.toText({ ...beginning, floor: LogWindow.deliveredUpTo(at) })
      )
      yield* sql.unsafe(`DELETE FROM ${s}.journal_marks WHERE (tx, nonce) <> ($1::xid8, $2)`, [root!.tx, root!.nonce])
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
        PostgresAuditLog.entry(s, {
          by: "$1",
          action: "outbox.repair",
          details: { positions: "$2::integer", entries: "$3::integer" }
        }),
        [yield* PostgresAuditLog.by(who), positions.length, written!.entries]
      )
      return { positions: positions.length, entries: written!.entries }
    })
    return yield* sql.withTransaction(work)
  },
  Effect.catchTag("SqlError", (error) => Effect.fail(toStoreError(error)))
)
