/**
 * The schema of the database, as numbered migrations that only go forward.
 *
 * Everything lives in one Postgres schema, `turnout` unless named otherwise, so that the library can move into a host's
 * database, and tenants that must not see each other can have one each. A migration, once released, is never changed.
 *
 * Running them is left to effect's migrator: in one transaction, under a lock, so that any number of processes may start
 * at once.
 */
import { SLOTS } from "@turnout/core/domain/Slot"
import * as StoreError from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { toStoreError } from "./SqlFailure.ts"

export const DEFAULT_SCHEMA = "turnout"

export const SCHEMA_NAME_RULE =
  "must be 1 to 63 lower-case letters, digits and underscores, start with a letter and not with pg_"

export const isSchemaName = (schema: string): boolean =>
  /^[a-z][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith("pg_")

/** The name, if it is one by `SCHEMA_NAME_RULE`; throws a `RangeError` otherwise. */
export const checkSchemaName = (schema: string): string => {
  if (!isSchemaName(schema)) throw new RangeError(`schema: ${SCHEMA_NAME_RULE}, got ${JSON.stringify(schema)}`)
  return schema
}

/** The name as an identifier in SQL, so that it may be a word of the language. */
export const quote = (schema: string): string => `"${checkSchemaName(schema)}"`

export interface Migration {
  readonly id: number
  readonly name: string
  /** The statements, in order, for a schema, given as a quoted identifier. */
  readonly statements: (schema: string) => ReadonlyArray<string>
}

const initial: Migration = {
  id: 1,
  name: "events_registrations_journal_idempotency",
  statements: (s) => [
    `CREATE TABLE ${s}.events (
  id uuid PRIMARY KEY,
  title text NOT NULL,
  description text NOT NULL,
  location text NOT NULL,
  organizer text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  time_zone text NOT NULL,
  registration_opens_at timestamptz,
  registration_closes_at timestamptz,
  waitlist text NOT NULL,
  waitlist_limit integer,
  capacity integer NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  confirmed integer NOT NULL,
  waitlisted integer NOT NULL,
  attended integer NOT NULL,
  no_show integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  promotions_due boolean NOT NULL GENERATED ALWAYS AS
    (status = 'published' AND waitlisted > 0 AND confirmed + attended + no_show < capacity) STORED
) WITH (fillfactor = 50)`,
    `CREATE INDEX events_by_start ON ${s}.events (starts_at, id)`,
    `CREATE INDEX events_by_organizer ON ${s}.events (organizer, starts_at, id)`,
    // Hardly ever has a row in it, and costs the updates of the counters nothing: its column changes twice in a raise.
    `CREATE INDEX events_promotions_due ON ${s}.events (id) WHERE promotions_due`,
    `CREATE TABLE ${s}.registrations (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  attendee_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  notes text NOT NULL,
  state text NOT NULL,
  sequence bigint NOT NULL,
  registered_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
)`,
    // Every registration is in one of these two, which together list those of an attendee.
    `CREATE UNIQUE INDEX registrations_active ON ${s}.registrations (attendee_id, event_id) WHERE state <> 'cancelled'`,
    `CREATE INDEX registrations_cancelled ON ${s}.registrations (attendee_id) WHERE state = 'cancelled'`,
    `CREATE UNIQUE INDEX registrations_by_entry ON ${s}.registrations (event_id, sequence)`,
    `CREATE INDEX registrations_waiting ON ${s}.registrations (event_id, sequence) WHERE state = 'waitlisted'`,
    // How many wait, by blocks of the sequence, so that a place is found without counting everybody before it.
    `CREATE TABLE ${s}.waitlist_blocks (
  event_id uuid NOT NULL,
  level smallint NOT NULL,
  block bigint NOT NULL,
  waiting integer NOT NULL,
  PRIMARY KEY (event_id, level, block)
) WITH (fillfactor = 50)`,
    // Columns that are only stored and given back are json: kept as they were written, at the price of a text.
    // `tx` comes before `seq`, so that a transaction has its id before it draws a number: see `LogWindow`.
    `CREATE SEQUENCE ${s}.journal_seq CACHE 1`,
    `CREATE TABLE ${s}.journal (
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('${s}.journal_seq'),
  event_id uuid NOT NULL,
  version bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  schema_version smallint NOT NULL,
  payload json NOT NULL,
  actor text NOT NULL,
  correlation_id text,
  causation_id text,
  occurred_at timestamptz NOT NULL,
  slot smallint NOT NULL GENERATED ALWAYS AS (get_byte(uuid_send(event_id), 15) % ${SLOTS}) STORED,
  PRIMARY KEY (event_id, version)
)`,
    `ALTER SEQUENCE ${s}.journal_seq OWNED BY ${s}.journal.seq`,
    `CREATE UNIQUE INDEX journal_by_slot ON ${s}.journal (slot, seq)`,
    `CREATE TABLE ${s}.idempotency (
  key text COLLATE "C" NOT NULL,
  operation text COLLATE "C" NOT NULL,
  principal text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  request_id uuid NOT NULL,
  registration_id uuid,
  answer json NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (key, operation, principal)
)`,
    // Rows are written in the order of their expiry, so a range of blocks is as good as an entry for each.
    `CREATE INDEX idempotency_by_expiry ON ${s}.idempotency USING brin (expires_at)`
  ]
}

const outbox: Migration = {
  id: 2,
  name: "outbox",
  statements: (s) => [
    `CREATE TABLE ${s}.sinks (
  name text COLLATE "C" PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    // One row for each slot. A claim replaces it by one with the next epoch, which the index finds first: while a transaction
    // stays open, no old version of a row can go, and finding the current one would take longer with every claim. Renewals
    // update it, and it stays on its page.
    `CREATE TABLE ${s}.outbox_slots (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  until timestamptz,
  PRIMARY KEY (sink, slot, epoch)
) WITH (fillfactor = 20)`,
    // What `LogWindow` writes; the one with the highest revision counts. It is not updated in place: while a transaction
    // stays open, no old version of a row can go, and finding the current one would take longer with every acknowledgement.
    `CREATE TABLE ${s}.outbox_positions (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  revision bigint NOT NULL,
  position text NOT NULL,
  PRIMARY KEY (sink, slot, revision)
)`,
    `CREATE TABLE ${s}.outbox_workers (
  sink text COLLATE "C" NOT NULL,
  owner text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (sink, owner)
) WITH (fillfactor = 20)`,
    `CREATE TABLE ${s}.outbox_blocked (
  sink text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  slot smallint NOT NULL,
  version bigint NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  retry_at timestamptz,
  PRIMARY KEY (sink, stream)
)`,
    // Partial, so that nobody looks for a stream here.
    `CREATE INDEX outbox_blocked_due ON ${s}.outbox_blocked (sink, slot, retry_at) WHERE retry_at IS NOT NULL`,
    `CREATE TABLE ${s}.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL,
  action text NOT NULL,
  details json NOT NULL
)`,
    `CREATE TABLE ${s}.inbox (
  consumer text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, key)
)`,
    `CREATE INDEX inbox_by_time ON ${s}.inbox USING brin (at)`,
    // The cluster whose transaction ids are in the journal: see `PostgresOutboxRepair`.
    `CREATE TABLE ${s}.journal_origin (system_identifier bigint NOT NULL)`,
    `INSERT INTO ${s}.journal_origin SELECT system_identifier FROM pg_control_system()`
  ]
}

const replays: Migration = {
  id: 3,
  name: "replays",
  statements: (s) => [
    `CREATE TABLE ${s}.replays (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  sink text COLLATE "C" NOT NULL,
  selection json NOT NULL,
  per_second integer,
  who text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'running',
  total bigint NOT NULL,
  sent bigint NOT NULL DEFAULT 0,
  error text,
  ended_at timestamptz,
  up_to bigint NOT NULL,
  slot smallint NOT NULL DEFAULT 0,
  seq bigint NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  until timestamptz
) WITH (fillfactor = 20)`,
    `CREATE INDEX replays_running ON ${s}.replays (sink, number) WHERE state = 'running'`
  ]
}

const webhooks: Migration = {
  id: 4,
  name: "webhooks",
  statements: (s) => [
    `CREATE TABLE ${s}.webhooks (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  url text NOT NULL,
  types text[],
  description text NOT NULL,
  secret text NOT NULL,
  previous_secret text,
  previous_until timestamptz,
  disabled_because text,
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    `CREATE TABLE ${s}.webhook_attempts (
  webhook uuid NOT NULL REFERENCES ${s}.webhooks ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  message uuid NOT NULL,
  event_id uuid NOT NULL,
  version bigint NOT NULL,
  type text NOT NULL,
  replay uuid,
  millis integer NOT NULL,
  status smallint,
  error text,
  PRIMARY KEY (webhook, id)
)`,
    `CREATE INDEX webhook_attempts_by_time ON ${s}.webhook_attempts USING brin (at)`
  ]
}

const projections: Migration = {
  id: 5,
  name: "projections",
  statements: (s) => [
    `CREATE TABLE ${s}.projections (
  name text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  version bigint NOT NULL,
  state json,
  PRIMARY KEY (name, stream)
) WITH (fillfactor = 50)`
  ]
}

/** Every migration, oldest first. */
export const migrations: ReadonlyArray<Migration> = [initial, outbox, replays, webhooks, projections]

export interface MigrationStatus {
  readonly id: number
  readonly name: string
  /** When it was applied; `null` while it is pending. */
  readonly appliedAt: Date | null
}

const TABLE = "migrations"

const createSchema = (schema: string) => `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`

const client = Effect.map(SqlClient.SqlClient, (sql) => sql.withoutTransforms())

const MIGRATIONS_TABLE = (schema: string) => `CREATE TABLE IF NOT EXISTS ${quote(schema)}.${TABLE} (
  migration_id integer PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL
)`

const record = (schema: string, { id, name }: { readonly id: number; readonly name: string }) =>
  `INSERT INTO ${quote(schema)}.${TABLE} (migration_id, name) VALUES (${id}, '${name}')`

export interface SchemaOption {
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
}

type Migrate<A> = Effect.Effect<A, StoreError.StoreError, SqlClient.SqlClient>

const failWithStoreError = <A>(
  effect: Effect.Effect<A, SqlError | Migrator.MigrationError, SqlClient.SqlClient>
): Migrate<A> =>
  Effect.catchTags(effect, {
    SqlError: (error) => Effect.fail(toStoreError(error)),
    MigrationError: (error) =>
      Effect.fail(new StoreError.StoreError({ reason: new StoreError.Unexpected({ cause: error.cause ?? error }) }))
  })

/** What is applied and what is pending, oldest first. Changes nothing. */
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

/** The SQL that `up` would run now, what it records included; empty when there is nothing to do. */
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

/** Applies what is pending, all or nothing, and gives what was applied. Safe to run from several processes at once. */
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
    // A role may own the schema without the right to make one. Two processes that make it at the same moment can collide on
    // the catalog; the second try finds it.
    if (!found?.exists) yield* Effect.retry(sql.unsafe(createSchema(schema)), { times: 3 })
    const loader: Migrator.Loader = Effect.succeed(
      migrations.map(({ id, name, statements }) => [
        id,
        name,
        Effect.succeed(
          Effect.forEach(statements(quote(schema)), (statement) => sql.unsafe(statement), { discard: true })
        )
      ])
    )
    const applied = yield* Migrator.make({})({ loader, table: `${schema}.${TABLE}` })
    return applied.map(([id, name]) => ({ id, name }))
  }, failWithStoreError)
