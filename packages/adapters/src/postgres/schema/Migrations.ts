/**
 * The schema of the database, as numbered migrations that only go forward.
 *
 * Everything lives in one Postgres schema, `turnout` unless named otherwise, so that the library can move into a host's
 * database, and tenants that must not see each other can have one each. Each migration has a file in `migrations/`; once
 * released, it is never changed.
 *
 * Effect's migrator runs them in one transaction, under a lock, so that any number of processes may start at once. A statement that
 * goes through a large table takes longer than the time-outs of our connections allow, so migrations have one of their own.
 */
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { eventsRegistrationsJournalIdempotency } from "./migrations/0001_EventsRegistrationsJournalIdempotency.ts"
import { outbox } from "./migrations/0002_Outbox.ts"
import { replays } from "./migrations/0003_Replays.ts"
import { webhooks } from "./migrations/0004_Webhooks.ts"
import { projections } from "./migrations/0005_Projections.ts"
import { journalMarks } from "./migrations/0006_JournalMarks.ts"
import { webhookSecrets } from "./migrations/0007_WebhookSecrets.ts"
import { webhookFailures } from "./migrations/0008_WebhookFailures.ts"
import { idsOfAddresses } from "./migrations/0009_IdsOfAddresses.ts"
import { finding } from "./migrations/0010_Finding.ts"
import { steps } from "./migrations/0011_Steps.ts"
import { eventRevisions } from "./migrations/0012_EventRevisions.ts"
import { sweeps } from "./migrations/0013_Sweeps.ts"
import { organizations } from "./migrations/0014_Organizations.ts"
import { apiKeys } from "./migrations/0015_ApiKeys.ts"
import { registrationAccess } from "./migrations/0016_RegistrationAccess.ts"
import { peopleAndMembers } from "./migrations/0017_PeopleAndMembers.ts"
import { sessions } from "./migrations/0018_Sessions.ts"
import { auditTrail } from "./migrations/0019_AuditTrail.ts"
import { webhooksOfOrganizations } from "./migrations/0020_WebhooksOfOrganizations.ts"
import { traceParents } from "./migrations/0021_TraceParents.ts"
import { cacheGeneration } from "./migrations/0022_CacheGeneration.ts"
import type { Migration } from "./Migration.ts"
import { checkSchemaName, DEFAULT_SCHEMA, quote, type SchemaOption } from "./SchemaName.ts"
import { RaisedMillis } from "../client/Silence.ts"
import { toStoreError } from "../client/SqlFailure.ts"

/** Every migration, oldest first. */
export const migrations: ReadonlyArray<Migration> = [
  eventsRegistrationsJournalIdempotency,
  outbox,
  replays,
  webhooks,
  projections,
  journalMarks,
  webhookSecrets,
  webhookFailures,
  idsOfAddresses,
  finding,
  steps,
  eventRevisions,
  sweeps,
  organizations,
  apiKeys,
  registrationAccess,
  peopleAndMembers,
  sessions,
  auditTrail,
  webhooksOfOrganizations,
  traceParents,
  cacheGeneration
]

export interface MigrationStatus {
  readonly id: number
  readonly name: string
  /** When it was applied; `null` while it is pending. */
  readonly appliedAt: Date | null
}

const TABLE = "migrations"

/** How long a statement of a migration may take: an hour. */
const STATEMENT_MILLIS = 60 * 60 * 1_000

const createSchema = (schema: string) => `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`

const client = Effect.map(SqlClient.SqlClient, (sql) => sql.withoutTransforms())

const MIGRATIONS_TABLE = (schema: string) => `CREATE TABLE IF NOT EXISTS ${quote(schema)}.${TABLE} (
  migration_id integer PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL
)`

const record = (schema: string, { id, name }: { readonly id: number; readonly name: string }) =>
  `INSERT INTO ${quote(schema)}.${TABLE} (migration_id, name) VALUES (${id}, '${name}')`

type Migrate<A> = Effect.Effect<A, StoreError.StoreError, SqlClient.SqlClient>

const failWithStoreError = <A>(
  effect: Effect.Effect<A, SqlError | Migrator.MigrationError, SqlClient.SqlClient>
): Migrate<A> =>
  Effect.catchTags(effect, {
    SqlError: (error) => Effect.fail(toStoreError(error)),
    MigrationError: (error) =>
      Effect.fail(new StoreError.StoreError({ reason: new StoreError.Unexpected({ cause: error.cause ?? error }) }))
  })

/** All migrations, applied and pending, oldest first. Changes nothing. */
export const status: (options?: SchemaOption) => Migrate<ReadonlyArray<MigrationStatus>> = Effect.fnUntraced(function* (
  options: SchemaOption = {}
): Effect.fn.Return<ReadonlyArray<MigrationStatus>, SqlError | Migrator.MigrationError, SqlClient.SqlClient> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const sql = yield* client
  const [found] = yield* sql<{ exists: boolean }>`
    SELECT to_regclass(${`${quote(schema)}.${TABLE}`}) IS NOT NULL AS exists`
  const applied = found?.exists
    ? yield* sql<{ migration_id: number; created_at: Date }>`
        SELECT migration_id, created_at FROM ${sql.literal(`${quote(schema)}.${TABLE}`)}`
    : []
  const appliedAt = new Map(applied.map((row) => [row.migration_id, row.created_at]))
  return migrations.map(({ id, name }): MigrationStatus => ({ id, name, appliedAt: appliedAt.get(id) ?? null }))
}, failWithStoreError)

/** The SQL that `up` would run now, with the records of the migrations; empty if none is pending. */
export const pendingSql: (options?: SchemaOption) => Migrate<ReadonlyArray<string>> = Effect.fnUntraced(function* (
  options: SchemaOption = {}
): Effect.fn.Return<ReadonlyArray<string>, StoreError.StoreError, SqlClient.SqlClient> {
  const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const pending = (yield* status(options)).filter(({ appliedAt }) => appliedAt === null)
  if (pending.length === 0) return []
  const statements = pending.flatMap((one) => [
    `-- ${one.id} ${one.name}`,
    ...migrations
      .find(({ id }) => id === one.id)!
      .statements(quote(schema))
      .map((statement) => `${statement};`),
    `${record(schema, one)};`
  ])
  return [`${createSchema(schema)};`, `${MIGRATIONS_TABLE(schema)};`, ...statements]
})

/**
 * Applies the pending migrations, all or none, and returns those that were applied. Safe to run from several processes at once.
 */
export const up: (options?: SchemaOption) => Migrate<ReadonlyArray<{ readonly id: number; readonly name: string }>> =
  Effect.fnUntraced(function* (
    options: SchemaOption = {}
  ): Effect.fn.Return<
    ReadonlyArray<{ readonly id: number; readonly name: string }>,
    SqlError | Migrator.MigrationError,
    SqlClient.SqlClient
  > {
    const schema = checkSchemaName(options.schema ?? DEFAULT_SCHEMA)
    const sql = yield* client
    const [found] = yield* sql<{ exists: boolean }>`SELECT to_regnamespace(${quote(schema)}) IS NOT NULL AS exists`
    // A role may own the schema without the right to create one. Two processes that create it at the same moment can collide on
    // the catalog; the second try finds it.
    if (!found?.exists) yield* Effect.retry(sql.unsafe(createSchema(schema)), { times: 3 })
    const loader: Migrator.Loader = Effect.succeed(
      migrations.map(({ id, name, statements }) => [
        id,
        name,
        Effect.succeed(
          Effect.forEach(
            [`SET LOCAL statement_timeout = ${STATEMENT_MILLIS}`, ...statements(quote(schema))],
            (statement) => sql.unsafe(statement),
            { discard: true }
          )
        )
      ])
    )
    const applied = yield* Migrator.make({})({ loader, table: `${schema}.${TABLE}` }).pipe(
      Effect.provideService(RaisedMillis, STATEMENT_MILLIS)
    )
    return applied.map(([id, name]) => ({ id, name }))
  }, failWithStoreError)
