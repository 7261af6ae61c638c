/**
 * A database by its name: the stores for a `postgres://` URL, a folder, or memory.
 *
 * The client of a database is loaded only if that database is named, so a host installs only the clients that it uses.
 */
import * as TracedPort from "@turnout/core/kernel/application/TracedPort"
import { decoder, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import { MemberStore } from "@turnout/core/access/ports/MemberStore"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { AuditStore } from "@turnout/core/access/ports/AuditStore"
import { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Generations } from "@turnout/core/caching/ports/Generations"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Match from "effect/Match"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as DatabaseName from "@turnout/adapters/database-name"
import { HOST_POOL_RULE, isHostPool, type NodePostgresPool } from "@turnout/adapters/postgres/host-client"
import { between, mustBe } from "@turnout/core/kernel/domain/rules/OptionRules"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { isSchemaName, SCHEMA_NAME_RULE } from "@turnout/adapters/postgres/schema-name"
import * as HostTransactions from "./HostTransactions.ts"

export interface DatabaseOptions {
  /**
   * The place of the data:
   * - `postgres://…` or `postgresql://…`: a Postgres server, 15 or newer (install `@effect/sql-pg`), with the parameters of psql;
   * - `memory:` (the default): only in this process;
   * - a folder for an embedded Postgres (install `@effect/sql-pg` and `@electric-sql/pglite`), which one process at a time may
   *   use. Its name must not look like an address, unless it is written as a path: see `DatabaseName`.
   */
  readonly database?: string
  /**
   * A pool of `pg` that you have (`new pg.Pool(…)`), instead of a `database`: Turnout takes its connections from it, and opens none.
   * The pool stays yours: its size, its time-outs, and its end.
   */
  readonly pool?: NodePostgresPool
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
  /** The number of connections to a Postgres server. Default: one for each lane, and 7; 10 in all. */
  readonly poolSize?: number
  /**
   * Whether a pooler in transaction mode is between Turnout and the server: transactions then set their own time-outs, and
   * statements have no names. Default: that is found out.
   */
  readonly pooler?: boolean
  /** The lanes of the service on these stores, each of which needs a connection. Default 3. */
  readonly lanes?: number
  /**
   * - `always`: brings the database up to date first. The default for a folder.
   * - `fresh`: sets up a database that has none of the tables; an older one is left to `turnout migrate up`. The default
   *   for a server.
   * - `never`: leaves the database as it is.
   */
  readonly migrate?: "always" | "fresh" | "never"
}

/** The options that say how connections are opened, which a pool of the host has settled already. */
const OF_CONNECTIONS = ["database", "poolSize", "pooler"] as const

/** Refuses options of connections beside a pool. */
export const poolProblem = (options: {
  readonly [Name in (typeof OF_CONNECTIONS)[number] | "pool"]?: unknown
}): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly issue: string }> | undefined =>
  options.pool === undefined
    ? undefined
    : OF_CONNECTIONS.filter((name) => options[name] !== undefined).map((name) => ({
        path: [name],
        issue: "must not be there beside pool, which says it already"
      }))

/** The rules of `DatabaseOptions`. */
export const DatabaseOptions = Schema.Struct({
  database: Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((name) =>
        Result.match(DatabaseName.parse(name), { onSuccess: () => true, onFailure: (rule) => rule })
      )
    )
  ),
  pool: Schema.optionalKey(
    Schema.Any.check(Schema.makeFilter((pool) => isHostPool(pool) || HOST_POOL_RULE)) as Schema.Codec<NodePostgresPool>
  ),
  schema: Schema.optionalKey(mustBe(SCHEMA_NAME_RULE, isSchemaName)),
  poolSize: between(1, 1_000),
  pooler: Schema.optionalKey(Schema.Boolean),
  lanes: between(1, 64),
  migrate: Schema.optionalKey(Schema.Literals(["always", "fresh", "never"]))
})

const decodeOptions: (input: unknown) => Effect.Effect<DatabaseOptions, InvalidInput> = decoder(
  DatabaseOptions.check(Schema.makeFilter(poolProblem))
)

/** The pool of a host. */
interface Pool {
  readonly _tag: "Pool"
  readonly pool: NodePostgresPool
}

/** The database of decoded options: that of the pool, or the one that is named. */
const databaseOf = ({
  database = "memory:",
  pool
}: DatabaseOptions): Effect.Effect<DatabaseName.DatabaseName | Pool, InvalidInput> =>
  pool === undefined
    ? Effect.mapError(
        Effect.fromResult(DatabaseName.parse(database)),
        (rule) => new InvalidInput({ issues: [{ field: "database", rule }] })
      )
    : Effect.succeed({ _tag: "Pool", pool })

/** The packages that a database needs, which a host installs itself. */
const CLIENTS = {
  Server: "@effect/sql-pg",
  Pool: "@effect/sql-pg",
  Folder: "@effect/sql-pg @electric-sql/pglite"
} as const

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && "code" in error && String(error.code).endsWith("NOT_FOUND")

/** The reason why the code of a database cannot be loaded: all that has to be installed, if a package is missing. */
const notLoaded = (name: SqlDatabase["_tag"]) => (cause: unknown) =>
  unexpected(isNotFound(cause) ? new Error(`this database needs: npm install ${CLIENTS[name]}`, { cause }) : cause)

const loadPostgres = (name: SqlDatabase["_tag"]) =>
  Effect.tryPromise({
    try: async () => ({
      PostgresStore: await import("@turnout/adapters/postgres"),
      PostgresJournalReader: await import("@turnout/adapters/postgres/journal-reader"),
      PostgresOutbox: await import("@turnout/adapters/postgres/outbox"),
      PostgresOutboxOperations: await import("@turnout/adapters/postgres/outbox-operations"),
      PostgresReplays: await import("@turnout/adapters/postgres/replays"),
      PostgresWebhooks: await import("@turnout/adapters/postgres/webhooks"),
      PostgresProjections: await import("@turnout/adapters/postgres/projections"),
      PostgresAuditLog: await import("@turnout/adapters/postgres/audit-log"),
      PostgresAuditStore: await import("@turnout/adapters/postgres/audit-store"),
      PostgresOrganizations: await import("@turnout/adapters/postgres/organizations"),
      PostgresApiKeys: await import("@turnout/adapters/postgres/api-keys"),
      PostgresAttendeeLinks: await import("@turnout/adapters/postgres/attendee-links"),
      PostgresMembers: await import("@turnout/adapters/postgres/members"),
      PostgresPeople: await import("@turnout/adapters/postgres/people"),
      PostgresSessions: await import("@turnout/adapters/postgres/sessions"),
      PostgresInbox: await import("@turnout/adapters/postgres/inbox"),
      HostPool: await import("@turnout/adapters/postgres/host-pool"),
      HostTransaction: await import("@turnout/adapters/postgres/host-transaction")
    }),
    catch: notLoaded(name)
  })

type Loaded = Effect.Success<ReturnType<typeof loadPostgres>>

const loadPglite = Effect.tryPromise({
  try: () => import("@turnout/adapters/pglite"),
  catch: notLoaded("Folder")
})

/** The reason why a database cannot be opened, in the words of the client or the file system. */
const toOpenError = ({ reason }: SqlError) => unexpected(reason.cause instanceof Error ? reason.cause : reason)

const unexpected = (cause: unknown) => new StoreError.StoreError({ reason: new StoreError.Unexpected({ cause }) })

const inSchema = ({ schema }: DatabaseOptions) => (schema === undefined ? {} : { schema })

const serverOptions = (options: DatabaseOptions, url: string) => ({
  url,
  ...Struct.pick(options, ["lanes", "pooler", "poolSize"])
})

type Named = DatabaseOptions & ({ readonly database: string } | { readonly pool: NodePostgresPool })

/** A database that speaks SQL. */
type SqlDatabase = Exclude<DatabaseName.DatabaseName, { readonly _tag: "Memory" }> | Pool

/** The client of the database, for options that have been decoded. */
const clientOf = (
  name: SqlDatabase,
  options: DatabaseOptions
): Layer.Layer<SqlClient.SqlClient, StoreError.StoreError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const clients: {
        readonly [Tag in SqlDatabase["_tag"]]: (
          database: Extract<SqlDatabase, { readonly _tag: Tag }>
        ) => Effect.Effect<Layer.Layer<SqlClient.SqlClient, SqlError>, StoreError.StoreError>
      } = {
        Server: ({ _tag, url }) =>
          Effect.map(loadPostgres(_tag), ({ PostgresStore }) => PostgresStore.layerClient(serverOptions(options, url))),
        Pool: ({ _tag, pool }) => Effect.map(loadPostgres(_tag), ({ HostPool }) => HostPool.layer(pool)),
        Folder: ({ folder }) => Effect.map(loadPglite, ({ layerClient }) => layerClient({ folder }))
      }
      const client = yield* Match.value(name).pipe(Match.tagsExhaustive(clients))
      return client.pipe(Layer.catch((error) => Layer.effectDiscard(Effect.fail(toOpenError(error)))))
    })
  ) as Layer.Layer<SqlClient.SqlClient, StoreError.StoreError>

/** Migrates the database of the client, as its options ask. */
const prepare = Effect.fnUntraced(function* (name: SqlDatabase, options: DatabaseOptions) {
  const { migrate = name._tag === "Folder" ? "always" : "fresh" } = options
  const states = migrate === "never" ? [] : yield* Migrations.status(inSchema(options))
  const isFresh = states.every(({ appliedAt }) => appliedAt === null)
  if (migrate === "always" || (migrate === "fresh" && isFresh)) yield* Migrations.up(inSchema(options))
})

/** Decodes options that must name a server or a folder. */
const decodeSql = Effect.fnUntraced(function* (given: Named) {
  const options = yield* decodeOptions(given)
  const name = yield* databaseOf(options)
  if (name._tag === "Memory")
    return yield* new InvalidInput({
      issues: [{ field: "database", rule: "must be a server or a folder: memory has no SQL client" }]
    })
  return { name, options }
})

/** The `SqlClient` of a server or a folder, without any migration. `memory:` has none, and is refused. */
export const layerClient = (given: Named): Layer.Layer<SqlClient.SqlClient, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(Effect.map(decodeSql(given), ({ name, options }) => clientOf(name, options)))

/**
 * The inbox in the named database, and the client for writes that belong to the same transaction. Fails as `layer` does;
 * `memory:` has none, and is refused.
 */
export const layerInbox = (
  given: Named
): Layer.Layer<Inbox | SqlClient.SqlClient, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { name, options } = yield* decodeSql(given)
      const { PostgresInbox } = yield* loadPostgres(name._tag)
      return Layer.effectDiscard(prepare(name, options)).pipe(
        Layer.provideMerge(PostgresInbox.layerFromClient(inSchema(options))),
        Layer.provideMerge(clientOf(name, options))
      )
    })
  )

/** All stores of a database. */
export type Stores =
  | AdmissionStore
  | AdmissionReads
  | AuditLog
  | AuditStore
  | OrganizationStore
  | ApiKeyStore
  | AttendeeLinkStore
  | MemberStore
  | PeopleStore
  | SessionStore
  | JournalReader
  | Outbox
  | OutboxOperations
  | Replays
  | WebhookStore
  | ProjectionStore
  | Generations

const unreachable = (database: string): Layer.Layer<HostTransactions.HostTransactions> =>
  Layer.succeed(HostTransactions.HostTransactions, HostTransactions.unreachable(database))

/** Transactions that a host has begun on a connection of its own to the same server. */
const ofHost = ({
  HostTransaction
}: Loaded): Layer.Layer<HostTransactions.HostTransactions, never, SqlClient.SqlClient> =>
  Layer.effect(
    HostTransactions.HostTransactions,
    Effect.map(SqlClient.SqlClient, (sql) => ({
      join: (client, work) => HostTransaction.join(sql, client, work)
    }))
  )

/**
 * Every store, with spans around its operations (`TracedPort`). A new layer for each database, since a layer is built only
 * once.
 */
const traced = (): Layer.Layer<Stores, never, Stores> =>
  Layer.mergeAll(
    TracedPort.layer(AdmissionStore),
    TracedPort.layer(AdmissionReads),
    TracedPort.layer(AuditLog),
    TracedPort.layer(AuditStore),
    TracedPort.layer(OrganizationStore),
    TracedPort.layer(ApiKeyStore),
    TracedPort.layer(AttendeeLinkStore),
    TracedPort.layer(MemberStore),
    TracedPort.layer(PeopleStore),
    TracedPort.layer(SessionStore),
    TracedPort.layer(JournalReader),
    TracedPort.layer(Outbox),
    TracedPort.layer(OutboxOperations),
    TracedPort.layer(Replays),
    TracedPort.layer(WebhookStore),
    TracedPort.layer(ProjectionStore),
    TracedPort.layer(Generations)
  )

/** The stores in the named database. Fails if the database cannot be reached, or is not migrated as `migrate` asks. */
export const layer = (
  given: DatabaseOptions = {}
): Layer.Layer<Stores | HostTransactions.HostTransactions, StoreError.StoreError | InvalidInput> =>
  Layer.provideMerge(traced(), layerUntraced(given))

/**
 * The stores in a server or a folder, and the client that they use, to look at the database itself. Fails as `layer` does; `memory:`
 * has none, and is refused.
 */
export const layerWithClient = (
  given: Named
): Layer.Layer<Stores | SqlClient.SqlClient, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { name, options } = yield* decodeSql(given)
      const own = yield* sqlStores(name, options)
      return Layer.provide(traced(), own).pipe(Layer.provideMerge(clientOf(name, options)))
    })
  )

/** The stores of a server or a folder, on its client. */
const sqlStores = Effect.fnUntraced(function* (name: SqlDatabase, options: DatabaseOptions) {
  const Postgres = yield* loadPostgres(name._tag)
  const schema = inSchema(options)
  return Layer.effectDiscard(prepare(name, options)).pipe(
    Layer.provideMerge(
      name._tag === "Server"
        ? Layer.catch(
            Postgres.PostgresStore.layerWithClient({ ...schema, ...serverOptions(options, name.url) }),
            (error) => Layer.effectContext(Effect.fail(toOpenError(error)))
          )
        : Postgres.PostgresStore.layerFromClient(schema)
    ),
    Layer.merge(Postgres.PostgresJournalReader.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresOutbox.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresOutboxOperations.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresReplays.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresWebhooks.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresProjections.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresAuditLog.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresAuditStore.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresOrganizations.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresApiKeys.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresAttendeeLinks.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresMembers.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresPeople.layerFromClient(schema)),
    Layer.merge(Postgres.PostgresSessions.layerFromClient(schema)),
    Layer.merge(name._tag === "Folder" ? unreachable("a folder") : ofHost(Postgres))
  )
})

const layerUntraced = (
  given: DatabaseOptions
): Layer.Layer<Stores | HostTransactions.HostTransactions, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const options = yield* decodeOptions(given)
      const name = yield* databaseOf(options)
      if (name._tag === "Memory") {
        const Memory = yield* Effect.promise(() => import("@turnout/adapters/memory"))
        return Layer.merge(Memory.layer, unreachable("memory:"))
      }
      return Layer.provide(yield* sqlStores(name, options), clientOf(name, options))
    })
  )
