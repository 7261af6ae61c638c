/**
 * The outbox on Postgres 15 and newer, and on PGlite.
 *
 * Guarantees: what the port promises, for any number of workers in any number of processes. No committed entry is skipped,
 * and no open transaction holds anything up: how that is done is told in `LogWindow`. Every operation is one transaction,
 * except `register` and `read`, which change nothing that anybody could see half of. Reading costs what it reads, however
 * long the log is.
 */
import type { Block } from "@turnout/core/domain/Block"
import type { EventId } from "@turnout/core/domain/Event"
import * as Slot from "@turnout/core/domain/Slot"
import {
  type HeldLease,
  Outbox,
  type Position,
  type Retry,
  type Slice,
  type StartFrom
} from "@turnout/core/ports/Outbox"
import type { StoreError } from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { plainArray, textArray } from "./ArrayLiteral.ts"
import * as LogWindow from "./LogWindow.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "./Migrations.ts"
import { type EntryRow, toDelivery } from "./OutboxRows.ts"
import * as Statements from "./OutboxStatements.ts"
import { checkOrigin } from "./PostgresOutboxRepair.ts"
import * as Query from "./Query.ts"

const toText = (position: LogWindow.LogPosition): Position => LogWindow.toText(position) as Position

interface At {
  readonly slot: number
  readonly position: Position
}

const slotsOf = (leases: ReadonlyArray<{ readonly slot: number }>): string => plainArray(leases, ({ slot }) => slot)

const leaseParameters = (leases: ReadonlyArray<HeldLease>): ReadonlyArray<string> => [
  slotsOf(leases),
  plainArray(leases, ({ epoch }) => epoch)
]

const rowsToSlots = (rows: ReadonlyArray<{ readonly slot: number }>): ReadonlyArray<number> =>
  rows.map(({ slot }) => slot)

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const { schema = DEFAULT_SCHEMA } = options
  const statements = Statements.make(quote(schema))
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)

  const lastNumber = Effect.map(query<{ number: bigint }>(statements.lastNumber), ([row]) => Number(row!.number))

  /** In this order, and each of them done before the next: see `LogWindow`. */
  const horizon = Effect.fnUntraced(function* (floor: number): Effect.fn.Return<LogWindow.Horizon, StoreError> {
    yield* query(statements.drawTransactionId)
    const [row] = yield* query<{ snapshot: string }>(statements.snapshot)
    return { floor, snapshot: LogWindow.parseSnapshot(row!.snapshot) }
  })

  const read = Effect.fnUntraced(function* (
    sink: string | null,
    positions: ReadonlyArray<At>,
    limit: number
  ): Effect.fn.Return<ReadonlyArray<Slice>, StoreError> {
    const floor = yield* lastNumber
    const behind = positions
      .map(({ position, slot }) => ({ slot, at: LogWindow.fromText(position) }))
      .filter(({ at }) => !LogWindow.isUpToDate(at, floor))
    if (behind.length === 0) return []
    // A transaction id is used up only if there is a window to open.
    const now = behind.every(({ at }) => LogWindow.isReading(at)) ? undefined : yield* horizon(floor)
    const windows = behind.map(({ at, slot }) => ({
      slot,
      at: LogWindow.isReading(at) ? at : LogWindow.open(at, now!)
    }))
    const rows = yield* query<EntryRow & { readonly slot: number; readonly is_blocked: boolean }>(statements.read, [
      sink,
      slotsOf(windows),
      plainArray(windows, ({ at }) => at.window.position),
      textArray(windows, ({ at }) => LogWindow.snapshotText(at.passed)),
      textArray(windows, ({ at }) => LogWindow.snapshotText(at.window.until)),
      limit
    ])
    const bySlot = Map.groupBy(rows, ({ slot }) => slot)
    return windows.map(({ at, slot }) => {
      const found = bySlot.get(slot) ?? []
      const position = found.length < limit ? LogWindow.close(at) : LogWindow.advance(at, Number(found.at(-1)!.seq))
      const given = found.filter(({ is_blocked }) => !is_blocked)
      return {
        slot,
        deliveries: given.map(toDelivery),
        isFull: found.length === limit,
        position: toText(position),
        positionAfter: (index: number) => toText(LogWindow.advance(at, Number(given[index]!.seq)))
      }
    })
  })

  const due = Effect.fnUntraced(function* (
    sink: string,
    positions: ReadonlyArray<At>,
    { depth, limit }: { readonly limit: number; readonly depth: number }
  ): Effect.fn.Return<ReadonlyArray<Retry>, StoreError> {
    if (positions.length === 0) return []
    const windows = positions.map(({ position, slot }) => ({ slot, at: LogWindow.fromText(position) }))
    type Row = { readonly stream: string; readonly first: bigint; readonly attempts: number } & (
      EntryRow | { readonly [Column in keyof EntryRow]: null }
    ) & { readonly slot: number }
    const rows = yield* query<Row>(statements.due, [
      sink,
      slotsOf(windows),
      textArray(windows, ({ at }) => LogWindow.snapshotText(at.passed)),
      plainArray(windows, ({ at }) => at.window?.position ?? 0),
      textArray(windows, ({ at }) => LogWindow.snapshotText(at.window?.until ?? at.passed)),
      limit,
      depth
    ])
    return Array.from(Map.groupBy(rows, ({ stream }) => stream).values(), (entries) => {
      const { attempts, first, slot, stream } = entries[0]!
      const deliveries = entries.flatMap((row) => (row.seq === null ? [] : [toDelivery(row as EntryRow)]))
      return { slot, stream: stream as EventId, version: Number(first), attempts, deliveries }
    })
  })

  const blockParameters = (blocks: ReadonlyArray<Pick<Block, "attempts" | "error" | "retryAfterMillis"> | null>) => [
    plainArray(blocks, (block) => block?.attempts ?? null),
    textArray(blocks, (block) => block?.error ?? null),
    plainArray(blocks, (block) => block?.retryAfterMillis ?? null)
  ]

  const startOf = (from: StartFrom): Effect.Effect<LogWindow.LogPosition, StoreError> =>
    from === "beginning"
      ? Effect.succeed(LogWindow.beginning)
      : Effect.map(Effect.flatMap(lastNumber, horizon), LogWindow.behind)

  return Outbox.of({
    arePositions: Effect.fnUntraced(function* (texts) {
      if (!texts.every(LogWindow.isText)) return false
      yield* checkOrigin(query, schema)
      const [row] = yield* query<{ snapshot: string }>(statements.snapshot)
      const now = LogWindow.parseSnapshot(row!.snapshot)
      return texts.every((text) => !LogWindow.isAhead(LogWindow.fromText(text), now))
    }),
    positions: Effect.fnUntraced(function* (from) {
      yield* checkOrigin(query, schema)
      const position = toText(yield* startOf(from))
      return Slot.slots.map((slot) => ({ slot, position }))
    }),
    register: Effect.fnUntraced(function* (sink, from) {
      yield* checkOrigin(query, schema)
      if ((yield* query(statements.isKnown, [sink])).length > 0) return
      const slots = plainArray(Slot.slots, (slot) => slot)
      yield* query(statements.register, [sink, slots, toText(yield* startOf(from))])
    }),
    announce: (sink, owner, ttlMillis) =>
      query(statements.announce, [sink, owner, ttlMillis]).pipe(
        Effect.andThen(query<{ workers: number }>(statements.countWorkers, [sink])),
        Effect.map(([row]) => row!.workers)
      ),
    depart: (sink, owner) => Effect.asVoid(query(statements.depart, [sink, owner])),
    claim: (sink, { limit, owner, ttlMillis }) =>
      Effect.map(
        query<{ slot: number; epoch: bigint; position: string }>(statements.claim, [sink, owner, ttlMillis, limit]),
        (rows) =>
          rows.map(({ epoch, position, slot }) => ({ slot, epoch: Number(epoch), position: position as Position }))
      ),
    renew: (sink, leases, ttlMillis) =>
      Effect.map(query<{ slot: number }>(statements.renew, [sink, ...leaseParameters(leases), ttlMillis]), rowsToSlots),
    release: (sink, leases) =>
      Effect.map(query<{ slot: number }>(statements.release, [sink, ...leaseParameters(leases)]), rowsToSlots),
    read,
    acknowledge: (sink, acknowledgements) => {
      const blocks = acknowledgements.flatMap(({ blocked, slot }) => blocked.map((block) => ({ slot, ...block })))
      return Effect.map(
        query<{ slot: number }>(statements.acknowledge, [
          sink,
          ...leaseParameters(acknowledgements),
          textArray(acknowledgements, ({ position }) => position),
          slotsOf(blocks),
          plainArray(blocks, ({ stream }) => stream),
          plainArray(blocks, ({ version }) => version),
          ...blockParameters(blocks)
        ]),
        rowsToSlots
      )
    },
    parkedMillis: (sink) =>
      Effect.map(query<{ millis: number }>(statements.parkedMillis, [sink]), ([row]) => Math.max(0, row!.millis)),
    due,
    settle: (sink, settlements) => {
      const leases = [...new Map(settlements.map((one) => [one.slot, one])).values()]
      return Effect.map(
        query<{ slot: number }>(statements.settle, [
          sink,
          ...leaseParameters(leases),
          slotsOf(settlements),
          plainArray(settlements, ({ stream }) => stream),
          plainArray(settlements, ({ version }) => version),
          plainArray(settlements, ({ block }) => block?.version ?? null),
          ...blockParameters(settlements.map(({ block }) => block))
        ]),
        rowsToSlots
      )
    }
  })
})

/** The outbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Outbox, never, SqlClient.SqlClient> =>
  Layer.effect(Outbox, make(options))
