/**
 * Facts about a Postgres server, as far as the user of the connection may see them. Nothing is changed.
 */
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate } from "../admission/Rows.ts"
import * as Query from "../client/Query.ts"
import { toStoreError } from "../client/SqlFailure.ts"
import * as Opening from "../connection/Opening.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"

/** The oldest version that has everything that Turnout needs. */
export const OLDEST_VERSION = 150_000

export interface Server {
  readonly version: string
  /** Such as 160004 for 16.4. */
  readonly versionNumber: number
  readonly database: string
  readonly user: string
  /** Whether a pooler is in between, which gives each transaction another session. */
  readonly isPooled: boolean
  /** Whether the connection is encrypted, of the server to the pooler if there is one. */
  readonly isEncrypted: boolean
  /** Whether the server follows another one, and takes no writes. */
  readonly isStandby: boolean
  /** Whether transactions of this user only read. */
  readonly isReadOnly: boolean
  readonly startedAt: Date
}

/** What the user may do with the tables of a schema. */
export interface Rights {
  /** Whether the schema is there. */
  readonly hasSchema: boolean
  /** The tables that the user may not write. */
  readonly notWritable: ReadonlyArray<string>
}

/** Settings of the server that change what Turnout can rely on, in the form of `pg_settings`; times are in milliseconds. */
export const SETTINGS = [
  "autovacuum",
  "fsync",
  "full_page_writes",
  "idle_session_timeout",
  "max_connections",
  "reserved_connections",
  "superuser_reserved_connections",
  "synchronous_commit",
  "track_activities",
  "transaction_timeout"
] as const

export type Settings = Readonly<Partial<Record<(typeof SETTINGS)[number], string>>>

/** Sessions of one program on the database. */
export interface Client {
  readonly name: string
  readonly user: string
  readonly address: string | null
  readonly sessions: number
  /** Sessions that wait for a lock. */
  readonly waiting: number
}

/** A session whose transaction has been open for a while. */
export interface OpenTransaction {
  readonly pid: number
  readonly name: string
  /** `active`, or `idle in transaction`; `null` if this user may not see it. */
  readonly state: string | null
  readonly since: Date
  readonly millis: number
}

type Asked<A> = Effect.Effect<A, StoreError, SqlClient.SqlClient>

const ask = <Row>(text: string, parameters?: ReadonlyArray<unknown>): Asked<ReadonlyArray<Row>> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Query.make(sql.withoutTransforms())<Row>(text, parameters))

const SERVER = `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS number,
  current_database() AS database, current_user AS "user", pg_is_in_recovery() AS is_standby,
  current_setting('transaction_read_only') = 'on' AS is_read_only, pg_postmaster_start_time() AS started_at,
  coalesce((SELECT s.ssl FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()), false) AS is_encrypted`

const isPooled: Asked<boolean> = Effect.gen(function* () {
  const opening = Opening.of(yield* SqlClient.SqlClient)
  if (opening === undefined) return false
  const way = yield* Effect.mapError(opening.way, toStoreError)
  return way.isPooled
})

export const server: Asked<Server> = Effect.gen(function* () {
  const [row] = yield* ask<{
    readonly version: string
    readonly number: number
    readonly database: string
    readonly user: string
    readonly is_standby: boolean
    readonly is_read_only: boolean
    readonly is_encrypted: boolean
    readonly started_at: Time
  }>(SERVER)
  const { database, is_encrypted, is_read_only, is_standby, number, started_at, user, version } = row!
  return {
    version: version.split(" ")[0]!,
    versionNumber: number,
    database,
    user,
    isPooled: yield* isPooled,
    isEncrypted: is_encrypted,
    isStandby: is_standby,
    isReadOnly: is_read_only,
    startedAt: toDate(started_at)
  }
})

export const rights = ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}): Asked<Rights> =>
  Effect.map(
    ask<{ readonly has_schema: boolean; readonly not_writable: ReadonlyArray<string> }>(
      `SELECT to_regnamespace($1) IS NOT NULL AS has_schema, to_json(ARRAY(
  SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')
    AND NOT has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE') ORDER BY c.relname
)) AS not_writable`,
      [quote(schema)]
    ),
    ([row]) => ({ hasSchema: row!.has_schema, notWritable: row!.not_writable })
  )

export const settings: Asked<Settings> = Effect.map(
  ask<{ readonly name: keyof Settings; readonly setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN (${SETTINGS.map((name) => `'${name}'`).join(", ")})`
  ),
  (rows) => Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
)

/** The number of sessions on the whole server. */
export const sessions: Asked<number> = Effect.map(
  ask<{ readonly count: number }>(
    "SELECT count(*)::integer AS count FROM pg_stat_activity WHERE backend_type = 'client backend'"
  ),
  ([row]) => row!.count
)

/** Other sessions than those of this name. $1: the name. */
const OTHERS = `FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND a.application_name IS DISTINCT FROM $1`

/** The programs that are connected to the database, except those of the name. */
export const clients = (except: string): Asked<ReadonlyArray<Client>> =>
  ask<Client>(
    `SELECT coalesce(a.application_name, '') AS name, coalesce(a.usename::text, '') AS "user", host(a.client_addr) AS address,
  count(*)::integer AS sessions, (count(*) FILTER (WHERE a.wait_event_type = 'Lock'))::integer AS waiting
${OTHERS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 100`,
    [except]
  )

/** Transactions that have been open for longer than `millis`, the oldest first. */
export const openTransactions = (except: string, millis: number): Asked<ReadonlyArray<OpenTransaction>> =>
  Effect.map(
    ask<{
      readonly pid: number
      readonly name: string
      readonly state: string | null
      readonly since: Time
      readonly millis: number
    }>(
      `SELECT a.pid, coalesce(a.application_name, '') AS name, a.state, a.xact_start AS since,
  (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::float8 AS millis
${OTHERS} AND a.backend_type = 'client backend' AND a.xact_start < clock_timestamp() - $2::float8 * interval '1 millisecond'
ORDER BY a.xact_start LIMIT 20`,
      [except, millis]
    ),
    (rows) => rows.map((row) => ({ ...row, since: toDate(row.since), millis: Math.round(row.millis) }))
  )
