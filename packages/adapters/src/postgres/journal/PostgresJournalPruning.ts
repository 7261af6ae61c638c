/**
 * Pruning the journal: entries that happened before a time are deleted, if no sink, blocked stream or open replay needs them,
 * and with them the marks that no position rests on. Entries and marks of the last hour always stay, and so does the last entry
 * of an event that was deleted, which says that its id is not used again.
 *
 * One statement deletes the entries, and writes to the audit log how many there were.
 */
import * as Slot from "@turnout/core/journal/domain/Slot"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { plainArray } from "../statements/ArrayLiteral.ts"
import * as LogWindow from "./LogWindow.ts"
import { GIVEN, windowParameters, WINDOWS } from "./LogWindowRows.ts"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import * as Query from "../client/Query.ts"

/** The number of latest marks that are always kept: readers that have nothing to read for long go on using theirs. */
const MARKS_KEPT = 1_000

const statementsOf = (s: string) => ({
  prune: `WITH deleted AS (
  DELETE FROM ${s}.journal d USING (
    SELECT j.event_id, j.version FROM unnest($6::smallint[], $7::bigint[]) AS k(slot, up_to)
    CROSS JOIN LATERAL (
      SELECT * FROM ${s}.journal j
      WHERE j.slot = k.slot AND j.seq <= k.up_to AND j.type <> 'EventDeleted'
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
  ${PostgresAuditLog.entry(s, {
    by: "$10",
    action: "outbox.prune",
    details: { before: "$8::timestamptz", entries: "count(*)" },
    from: "deleted HAVING count(*) > 0"
  })}
)
SELECT count(*)::integer AS entries FROM deleted`,
  // $1: the time, $2: the transaction id of the first mark that a position rests on; the root stays.
  pruneMarks: `DELETE FROM ${s}.journal_marks
WHERE at < least($1::timestamptz, clock_timestamp() - interval '1 hour') AND tx < $2::xid8
  AND tx < (SELECT tx FROM ${s}.journal_marks ORDER BY tx DESC OFFSET ${MARKS_KEPT} LIMIT 1)
  AND tx > (SELECT tx FROM ${s}.journal_marks ORDER BY tx LIMIT 1)`
})

interface SinkPosition {
  readonly slot: number
  readonly at: LogWindow.LogPosition
}

/** Pruning in a schema, given as a quoted identifier; `positions` are those of all sinks. */
export const make = (
  s: string,
  sql: SqlClient.SqlClient,
  positions: Effect.Effect<ReadonlyArray<SinkPosition>, StoreError>
): OutboxOperations["Service"]["prune"] => {
  const statements = statementsOf(s)
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)
  return Effect.fnUntraced(function* (before, limit, who) {
    const all = yield* positions
    const bySlot = Map.groupBy(all, ({ slot }) => slot)
    // A slot without a sink has no position to wait for.
    const upTo = Slot.slots.map((slot) =>
      Math.min(Number.MAX_SAFE_INTEGER, ...(bySlot.get(slot) ?? []).map(({ at }) => LogWindow.readUpTo(at)))
    )
    // Not tried again: a second try would not count the entries that were deleted before the connection was lost.
    const [row] = yield* once<{ entries: number }>(statements.prune, [
      ...windowParameters(all),
      plainArray(Slot.slots, (slot) => slot),
      plainArray(upTo, (number) => number),
      before,
      limit,
      yield* PostgresAuditLog.by(who)
    ])
    const needed = all.flatMap(({ at }) => LogWindow.witnesses(at).map(({ tx }) => tx))
    const first = needed.reduce((least, tx) => (tx < least ? tx : least), LogWindow.LAST)
    yield* query(statements.pruneMarks, [before, String(first)])
    return row!.entries
  })
}
