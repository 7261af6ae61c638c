/**
 * Facts about what the tables of a schema hold: their sizes, and records that should have been deleted. Counts are estimates, made of
 * the statistics of Postgres and of samples, so that a look costs the same however large the tables are. Nothing is changed.
 */
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"

export interface Table {
  readonly name: string
  /** Bytes on disk, with its indexes. */
  readonly bytes: number
  /** About how many rows it has; `null` before Postgres has counted them. */
  readonly rows: number | null
}

export interface Expired {
  /** About how many records have expired. */
  readonly records: number
  /** The part of all records that this is, from 0 to 1. */
  readonly share: number
}

type Asked<A> = Effect.Effect<A, StoreError, SqlClient.SqlClient>

const ask = <Row>(text: string, parameters?: ReadonlyArray<unknown>): Asked<ReadonlyArray<Row>> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Query.make(sql.withoutTransforms())<Row>(text, parameters))

/** The tables of the schema, the largest first. */
export const tables = ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}): Asked<ReadonlyArray<Table>> =>
  ask<Table>(
    `SELECT c.relname::text AS name, pg_total_relation_size(c.oid)::float8 AS bytes,
  CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows
FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' ORDER BY 2 DESC, 1`,
    [quote(schema)]
  )

/** The number of the newest migration in the database; `null` if there is none. It may be one of a later version of the library. */
export const newestMigration = ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}): Asked<number | null> =>
  Effect.map(
    ask<{ readonly id: number | null }>(`SELECT max(migration_id) AS id FROM ${quote(schema)}.migrations`),
    ([row]) => row!.id
  )

/** The most pages that a sample reads. */
const SAMPLED_PAGES = 1_000

/** Idempotency records that expired longer than `millis` ago. */
export const expiredIdempotency = (millis: number, { schema = DEFAULT_SCHEMA }: SchemaOption = {}): Asked<Expired> =>
  Effect.gen(function* () {
    const table = `${quote(schema)}.idempotency`
    const [size] = yield* ask<{ readonly pages: number; readonly rows: number }>(
      `SELECT pg_relation_size(c.oid)::float8 / current_setting('block_size')::float8 AS pages, c.reltuples::float8 AS rows
FROM pg_class c WHERE c.oid = to_regclass($1)`,
      [table]
    )
    const { pages, rows } = size!
    const percent = pages <= SAMPLED_PAGES ? 100 : (100 * SAMPLED_PAGES) / pages
    const [sample] = yield* ask<{ readonly all: number; readonly expired: number }>(
      `SELECT count(*)::float8 AS all,
  (count(*) FILTER (WHERE t.expires_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'))::float8 AS expired
FROM ${table} t TABLESAMPLE SYSTEM ($1::float8)`,
      [percent, millis]
    )
    const { all, expired } = sample!
    const share = all === 0 ? 0 : expired / all
    return { share, records: percent === 100 ? expired : Math.round(share * Math.max(rows, all)) }
  })
