/**
 * A throw-away database on a server that syncs to disk, as in production.
 */
import { PgClient } from "@effect/sql-pg"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { globSync } from "node:fs"
import { provide } from "../../test/support/PostgresServer.ts"

export interface Database {
  readonly url: string
  /** Runs SQL, and gives the rows of the last statement. */
  readonly sql: <Row = Record<string, unknown>>(text: string) => Promise<ReadonlyArray<Row>>
  /** Empties every table, and makes a checkpoint, so that no turn pays for the writes of the one before. */
  readonly clear: () => Promise<void>
}

const run =
  (url: string) =>
  <Row = Record<string, unknown>>(text: string): Promise<ReadonlyArray<Row>> =>
    PgClient.PgClient.use((sql) => sql.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>, unknown>).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
      Effect.runPromise
    )

/** Lends a new, migrated database, and drops it afterwards. */
export const use = async <A>(work: (database: Database) => Promise<A>): Promise<A> => {
  const server = await provide(["fsync=on"])
  const name = `turnout_bench_${randomBytes(6).toString("hex")}`
  const onServer = run(server.url)
  const [fsync] = await onServer<{ fsync: string }>("SHOW fsync")
  if (fsync?.fsync !== "on") throw new Error(`${server.origin} runs with fsync off: nothing on it is durable`)
  await onServer(`CREATE DATABASE ${name}`)
  try {
    const url = new URL(server.url)
    url.pathname = `/${name}`
    const sql = run(url.href)
    await Effect.runPromise(
      Migrations.up().pipe(Effect.provide(Layer.orDie(PgClient.layer({ url: Redacted.make(url.href) }))))
    )
    const clear = async () => {
      await sql(`TRUNCATE turnout.events, turnout.registrations, turnout.journal, turnout.idempotency, turnout.attendee_links,
        turnout.waitlist_blocks, turnout.people_keys, turnout.people_keys_until, turnout.sinks, turnout.outbox_slots, turnout.outbox_positions, turnout.outbox_workers, turnout.outbox_blocked`)
      await sql("CHECKPOINT")
    }
    return await work({ url: url.href, sql, clear })
  } finally {
    await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await server.stop()
  }
}

/** Finds `pgbench`, which comes with Postgres; `undefined` if it is not on this machine. */
export const findPgbench = (): string | undefined => {
  for (const command of ["pgbench", ...globSync("/usr/lib/postgresql/*/bin/pgbench").toSorted().toReversed()]) {
    try {
      execFileSync(command, ["--version"], { stdio: "pipe" })
      return command
    } catch {
      // not here
    }
  }
  return undefined
}

/** Inserts published events without registrations, with more seats than a benchmark takes. */
export const insertEvents = async (database: Database, count: number): Promise<void> => {
  await database.sql(`INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at,
      time_zone, waitlist, capacity, status, version, confirmed, waitlisted, attended, no_show, created_at, updated_at)
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Conference', '', '', 'Ada',
      now() + interval '30 days', now() + interval '31 days', 'Europe/Berlin', 'open', 1000000, 'published', 2, 0, 0, 0,
      0, now(), now()
    FROM generate_series(1, ${count}) AS n`)
  await database.sql("ANALYZE turnout.events")
}

/** The id of the n-th event, counted from 1. */
export const eventId = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
