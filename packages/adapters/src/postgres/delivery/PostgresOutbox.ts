/**
 * The outbox on Postgres 15 and newer, and on PGlite.
 *
 * Guarantees: what the port promises, for any number of relays in any number of processes. `LogWindow` explains why no
 * committed entry is left out, and no open transaction holds up a relay. Each operation makes its change in one transaction;
 * `register` and `read` may commit a mark before, which has no effect by itself. Each statement checks by itself that the
 * server has the marks that it rests on, since the next one may reach another server. The cost of reading depends on the
 * entries that are read, and not on the length of the log; to open a window costs one row. `read` cannot run within a
 * transaction of the host.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Outbox, type Retry, type SinkId } from "@turnout/core/delivery/ports/Outbox"
import type { Position, ReadFrom, StartFrom } from "@turnout/core/journal/ports/JournalReader"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { webhookOf } from "@turnout/core/webhooks/domain/Webhook"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { plainArray, textArray } from "../statements/ArrayLiteral.ts"
import { checkOrigin } from "../journal/JournalOrigin.ts"
import * as LogReader from "../journal/LogReader.ts"
import * as LogWindowText from "../journal/LogWindowText.ts"
import { commitSignal } from "../client/ClientDatabase.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { acknowledgedOf, blockParameters, leaseParameters, markParameters, slotsOf } from "./OutboxParameters.ts"
import { type EntryRow, toDelivery } from "./OutboxRows.ts"
import * as OutboxStatements from "./OutboxStatements.ts"
import * as SinkStart from "./SinkStart.ts"
import * as SinkStatements from "./SinkStatements.ts"
import * as PostgresLogServer from "../journal/PostgresLogServer.ts"
import * as Query from "../client/Query.ts"
import { toSlots } from "../journal/SlotRows.ts"

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const { schema = DEFAULT_SCHEMA } = options
  const quoted = quote(schema)
  const statements = OutboxStatements.make(quoted)
  const client = yield* SqlClient.SqlClient
  const sql = client.withoutTransforms()
  const query = Query.make(sql)
  const { read } = LogReader.make(PostgresLogServer.make(quoted, query))

  const due = Effect.fnUntraced(function* (
    sink: string,
    positions: ReadonlyArray<ReadFrom>,
    { depth, limit }: { readonly limit: number; readonly depth: number }
  ): Effect.fn.Return<ReadonlyArray<Retry>, StoreError> {
    if (positions.length === 0) return []
    const windows = LogReader.understand(positions)
    type Row = { readonly stream: string; readonly first: bigint; readonly attempts: number } & (
      EntryRow | { readonly [Column in keyof EntryRow]: null }
    ) & { readonly slot: number }
    const rows = yield* query<Row>(statements.due, [
      sink,
      slotsOf(windows),
      textArray(windows, ({ at }) => LogWindowText.snapshotText(at.passed)),
      plainArray(windows, ({ at }) => at.window?.position ?? 0),
      textArray(windows, ({ at }) => LogWindowText.snapshotText(at.window?.until ?? at.passed)),
      limit,
      depth
    ])
    return Array.from(Map.groupBy(rows, ({ stream }) => stream).values(), (entries) => {
      const { attempts, first, slot, stream } = entries[0]!
      const deliveries = entries.flatMap((row) => (row.seq === null ? [] : [toDelivery(row as EntryRow)]))
      return { slot, stream: stream as EventId, version: Number(first), attempts, deliveries }
    })
  })

  const register = Effect.fnUntraced(function* (
    sink: string,
    from: StartFrom,
    before?: SinkId
  ): Effect.fn.Return<SinkId | undefined, StoreError> {
    const webhook = webhookOf(sink) ?? null
    // If `register` reaches another server than the one that wrote down the snapshot, registering begins anew.
    while (true) {
      yield* checkOrigin(query, schema)
      const [known] = yield* query<{ id: SinkId }>(statements.idOf, [sink])
      if (known !== undefined) return known.id
      if (before !== undefined && (yield* query(statements.isForgotten, [before])).length > 0) return undefined
      const { marks, position } = yield* SinkStart.of(query, schema, before === undefined ? from : "beginning")
      const parameters = [sink, SinkStatements.SLOTS, position, ...marks, webhook]
      const [row] = yield* query<{ readonly is_wanted: boolean }>(statements.register, parameters)
      if (!row!.is_wanted) return undefined
    }
  })

  return Outbox.of({
    onCommit: commitSignal(client, schema).listen,
    register,
    announce: (sink, owner, ttlMillis) =>
      query(statements.announce, [sink, owner, ttlMillis]).pipe(
        Effect.andThen(query<{ relays: number }>(statements.countRelays, [sink])),
        Effect.map(([row]) => row!.relays)
      ),
    depart: (sink, owner) => Effect.asVoid(query(statements.depart, [sink, owner])),
    claim: (sink, { limit, owner, ttlMillis }) =>
      Effect.map(
        query<{ slot: number; epoch: bigint; position: Position }>(statements.claim, [sink, owner, ttlMillis, limit]),
        (rows) =>
          rows.map(({ epoch, position, slot }) => ({
            slot,
            epoch: Number(epoch),
            owner,
            position,
            acknowledged: position
          }))
      ),
    renew: (sink, leases, ttlMillis) =>
      Effect.map(
        query<{ slot: number }>(statements.renew, [
          sink,
          ...leaseParameters(leases),
          acknowledgedOf(leases),
          ttlMillis
        ]),
        toSlots
      ),
    release: (sink, leases) =>
      Effect.map(query<{ slot: number }>(statements.release, [sink, ...leaseParameters(leases)]), toSlots),
    read,
    acknowledge: (sink, acknowledgements) => {
      const blocks = acknowledgements.flatMap(({ blocked, slot }) => blocked.map((block) => ({ slot, ...block })))
      return Effect.map(
        query<{ slot: number }>(statements.acknowledge, [
          sink,
          ...leaseParameters(acknowledgements),
          textArray(acknowledgements, ({ position }) => position),
          acknowledgedOf(acknowledgements),
          ...markParameters(LogReader.witnessesOf(LogReader.understand(acknowledgements))),
          slotsOf(blocks),
          plainArray(blocks, ({ stream }) => stream),
          plainArray(blocks, ({ version }) => version),
          ...blockParameters(blocks)
        ]),
        toSlots
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
        toSlots
      )
    }
  })
})

/** The outbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Outbox, never, SqlClient.SqlClient> =>
  Layer.effect(Outbox, make(options))
