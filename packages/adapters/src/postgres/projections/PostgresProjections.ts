/**
 * Projections on Postgres and PGlite.
 *
 * Guarantees: a change is one transaction, under a lock of the stream's row. It reads the journal in statements of its own,
 * each of which sees what has committed by then.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { type Projected, ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { transact } from "../client/InTransaction.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as Query from "../client/Query.ts"

interface Row {
  readonly stream: string
  readonly version: bigint
  readonly state: unknown
}

const toProjected = ({ state, stream, version }: Row): Projected => ({
  stream: stream as EventId,
  version: Number(version),
  state: state ?? undefined
})

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  // The row is what is locked, so it is there before there is a state, and it stays when a stream is forgotten; no reader is
  // given a row without a state.
  const insert = `INSERT INTO ${s}.projections (name, stream, version) VALUES ($1, $2::uuid, 0) ON CONFLICT DO NOTHING`
  const lock = `SELECT stream, version, state FROM ${s}.projections WHERE name = $1 AND stream = $2::uuid FOR UPDATE`
  const write = `UPDATE ${s}.projections SET version = $3::bigint, state = $4::json WHERE name = $1 AND stream = $2::uuid`
  const get = `SELECT stream, version, state FROM ${s}.projections
WHERE name = $1 AND stream = $2::uuid AND state IS NOT NULL`
  const list = `SELECT stream, version, state FROM ${s}.projections
WHERE name = $1 AND stream > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000') AND state IS NOT NULL
ORDER BY stream LIMIT $3::integer`

  return ProjectionStore.of({
    update: (projection, stream, change) =>
      transact(sql, (run, own) =>
        Effect.gen(function* () {
          yield* run(insert, [projection, stream])
          const [row] = yield* run<Row>(lock, [projection, stream])
          const changed = yield* own(change(Number(row!.version) === 0 ? undefined : toProjected(row!)))
          yield* run(write, [projection, stream, changed.version, JSON.stringify(changed.state) ?? null])
        })
      ),
    get: (projection, stream) =>
      Effect.map(query<Row>(get, [projection, stream]), ([row]) => (row === undefined ? undefined : toProjected(row))),
    list: (projection, { after, limit }) =>
      Effect.map(query<Row>(list, [projection, after, limit]), (rows) => rows.map(toProjected))
  })
})

/** Projections on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<ProjectionStore, never, SqlClient.SqlClient> =>
  Layer.effect(ProjectionStore, make(options))
