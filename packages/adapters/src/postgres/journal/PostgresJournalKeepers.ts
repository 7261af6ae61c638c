/**
 * What keeps journal entries from being pruned (`PostgresJournalPruning`), with the number and the age of these entries.
 *
 * Rows are looked for by index, and at most `MAX_COUNTED` of each slot and sink, or of each replay. The statements take no locks,
 * and each sees the journal as it is then.
 */
import type { Keeper } from "@turnout/core/delivery/domain/Keeper"
import type { ReplayId } from "@turnout/core/delivery/domain/Replay"
import { MAX_COUNTED, type OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { type Time, toDate } from "../admission/Rows.ts"
import type { Query } from "../client/Query.ts"
import { isOver } from "../delivery/OutboxStatements.ts"
import { GIVEN, windowParameters, WINDOWS } from "./LogWindowRows.ts"
import type * as LogWindow from "./LogWindow.ts"

/** The most of the latest entries of a slot that are counted. */
const MAX_LATEST = 1_000

/** Entries that were counted: those from before the time, the oldest of them, and whether others may be left. */
const counted = (time: string, limit: number): string =>
  `count(*) FILTER (WHERE j.occurred_at < ${time}) AS entries,
    min(j.occurred_at) FILTER (WHERE j.occurred_at < ${time}) AS oldest, count(*) = ${limit} AS is_more`

/** The statements for a schema, given as a quoted identifier. */
const statementsOf = (s: string) => ({
  // $6: the time. A row for all slots of a sink.
  sink: `SELECT coalesce(sum(c.entries), 0)::integer AS entries, min(c.oldest) AS oldest, coalesce(bool_or(c.is_more), false) AS is_more
FROM ${WINDOWS}
CROSS JOIN LATERAL (
  SELECT ${counted("$6::timestamptz", MAX_COUNTED)} FROM (
    SELECT j.occurred_at FROM ${s}.journal j
    WHERE j.slot = w.slot AND j.seq > w.behind AND NOT ${GIVEN} ORDER BY j.seq LIMIT ${MAX_COUNTED}
  ) j
) c`,
  // $1: the time, also below.
  blocked: `SELECT b.sink, count(*)::integer AS streams, (count(*) - count(b.retry_at))::integer AS parked,
  min(b.since) AS since, (array_agg(b.stream ORDER BY b.since, b.stream))[1] AS stream, min(j.occurred_at) AS oldest
FROM ${s}.outbox_blocked b
CROSS JOIN LATERAL (
  SELECT j.occurred_at FROM ${s}.journal j
  WHERE j.event_id = b.stream AND j.version >= b.version ORDER BY j.version LIMIT 1
) j
WHERE j.occurred_at < $1::timestamptz GROUP BY b.sink ORDER BY b.sink`,
  replays: `SELECT r.id, r.sink, r.state, r.started_at, r.sent, r.total, c.entries::integer, c.oldest, c.is_more
FROM ${s}.replays r
CROSS JOIN LATERAL (
  SELECT ${counted("$1::timestamptz", MAX_COUNTED)} FROM (
    SELECT j.occurred_at FROM ${s}.journal j
    WHERE (j.slot, j.seq) > (r.slot, r.seq) AND j.seq <= r.up_to ORDER BY j.slot, j.seq LIMIT ${MAX_COUNTED}
  ) j
) c
WHERE r.state IN ('running', 'stopped') AND c.entries > 0 ORDER BY r.number`,
  latest: `SELECT coalesce(sum(c.entries), 0)::integer AS entries, min(c.oldest) AS oldest, coalesce(bool_or(c.is_more), false) AS is_more
FROM generate_series(0, ${SLOTS - 1}) AS k(slot)
CROSS JOIN LATERAL (
  SELECT ${counted("$1::timestamptz", MAX_LATEST)} FROM (
    SELECT j.occurred_at FROM ${s}.journal j WHERE j.slot = k.slot ORDER BY j.seq DESC LIMIT ${MAX_LATEST}
  ) j WHERE j.occurred_at >= clock_timestamp() - interval '1 hour'
) c`,
  relays: `SELECT k.name, (
  SELECT count(*)::integer FROM ${s}.outbox_workers w WHERE w.sink = k.name AND NOT ${isOver("w.until")}
) AS relays FROM ${s}.sinks k ORDER BY k.name`
})

interface CountedRow {
  readonly entries: number
  readonly oldest: Time | null
  readonly is_more: boolean
}

interface BlockedRow {
  readonly sink: string
  readonly streams: number
  readonly parked: number
  readonly since: Time
  readonly stream: string
  readonly oldest: Time
}

interface ReplayRow extends CountedRow {
  readonly id: string
  readonly sink: string
  readonly state: "running" | "stopped"
  readonly started_at: Time
  readonly sent: bigint
  readonly total: bigint
}

interface SlotOfSink {
  readonly sink: string
  readonly slot: number
  readonly at: LogWindow.LogPosition
}

const kept = ({ entries, is_more, oldest }: CountedRow) =>
  entries === 0 || oldest === null ? undefined : { entries, oldest: toDate(oldest), isMore: is_more }

/** The keepers in a schema, given as a quoted identifier; `slots` are those of all sinks. */
export const make = (
  s: string,
  query: Query,
  slots: Effect.Effect<ReadonlyArray<SlotOfSink>, StoreError>
): OutboxOperations["Service"]["keepers"] => {
  const statements = statementsOf(s)
  const sinks = Effect.fnUntraced(function* (before: Date) {
    const relays = yield* query<{ name: string; relays: number }>(statements.relays)
    const bySink = Map.groupBy(yield* slots, ({ sink }) => sink)
    const found = yield* Effect.forEach(relays, ({ name, relays }) =>
      Effect.map(
        query<CountedRow>(statements.sink, [...windowParameters(bySink.get(name) ?? []), before]),
        ([row]): ReadonlyArray<Keeper> => {
          const own = kept(row!)
          return own === undefined ? [] : [{ _tag: "Sink", sink: name, relays, ...own }]
        }
      )
    )
    return found.flat()
  })
  return Effect.fnUntraced(function* (before) {
    const given = yield* sinks(before)
    const blocked = (yield* query<BlockedRow>(statements.blocked, [before])).map(
      ({ oldest, parked, since, sink, stream, streams }): Keeper => ({
        _tag: "BlockedStreams",
        sink,
        streams,
        parked,
        stream: stream as EventId,
        since: toDate(since),
        oldest: toDate(oldest)
      })
    )
    const replays = (yield* query<ReplayRow>(statements.replays, [before])).flatMap((row): ReadonlyArray<Keeper> => {
      const own = kept(row)
      const { id, sink, started_at, state } = row
      const [sent, total] = [Number(row.sent), Number(row.total)]
      const replay = { replay: id as ReplayId, sink, state, startedAt: toDate(started_at), sent, total }
      return own === undefined ? [] : [{ _tag: "Replay", ...replay, ...own }]
    })
    const [row] = yield* query<CountedRow>(statements.latest, [before])
    const latest = kept(row!)
    return [...given, ...blocked, ...replays, ...(latest === undefined ? [] : [{ _tag: "Store" as const, ...latest }])]
  })
}
