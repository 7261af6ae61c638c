/**
 * A database by its name: the store for a `postgres://` URL, a folder, or memory.
 *
 * The client of a database is loaded only if that database is named, so a host installs what it uses.
 */
import { decoder, type InvalidInput } from "@turnout/core/application/InvalidInput"
import type { Inbox } from "@turnout/core/ports/Inbox"
import type { Outbox } from "@turnout/core/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import type { ProjectionStore } from "@turnout/core/ports/ProjectionStore"
import type { Replays } from "@turnout/core/ports/Replays"
import type { RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import * as StoreError from "@turnout/core/ports/StoreError"
import type { WebhookStore } from "@turnout/core/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { between, mustBe } from "./options.ts"
import * as Migrations from "./postgres/Migrations.ts"

export interface DatabaseOptions {
  /**
   * Where the data is:
   * - `postgres://…` or `postgresql://…`: a Postgres server, 15 or newer (install `@effect/sql-pg`);
   * - `memory:` (the default): nowhere but in this process;
   * - anything else: a folder for an embedded Postgres (install `@effect/sql-pg` and `@electric-sql/pglite`), which one
   *   process at a time may use.
   */
  readonly database?: string
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
  /** Connections to a Postgres server. Default 10. */
  readonly poolSize?: number
  /**
   * - `always`: brings the database up to date first. The default for a folder.
   * - `fresh`: sets up a database that has none of the tables; an older one is left to `turnout migrate up`. The default
   *   for a server.
   * - `never`: leaves the database as it is.
   */
  readonly migrate?: "always" | "fresh" | "never"
}

/** The rules of `DatabaseOptions`. */
export const DatabaseOptions = Schema.Struct({
  database: Schema.optionalKey(
    mustBe(
      "must be a URL such as postgres://user@host:5432/database, a folder, or memory:",
      (name) => name !== "" && (!isServer(name) || URL.canParse(name))
    )
  ),
  schema: Schema.optionalKey(mustBe(Migrations.SCHEMA_NAME_RULE, Migrations.isSchemaName)),
  poolSize: between(1, 1_000),
  migrate: Schema.optionalKey(Schema.Literals(["always", "fresh", "never"]))
})

const decodeOptions: (input: unknown) => Effect.Effect<DatabaseOptions, InvalidInput> = decoder(DatabaseOptions)

export const isServer = (database: string): boolean => /^postgres(ql)?:\/\//.test(database)

const install = (names: string) => (cause: unknown) =>
  new StoreError.StoreError({
    reason: new StoreError.Unexpected({ cause: new Error(`this database needs: npm install ${names}`, { cause }) })
  })

const loadPostgres = Effect.tryPromise({
  try: async () => ({
    PostgresStore: await import("./postgres/PostgresStore.ts"),
    PostgresOutbox: await import("./postgres/PostgresOutbox.ts"),
    PostgresOutboxOperations: await import("./postgres/PostgresOutboxOperations.ts"),
    PostgresReplays: await import("./postgres/PostgresReplays.ts"),
    PostgresWebhooks: await import("./postgres/PostgresWebhooks.ts"),
    PostgresProjections: await import("./postgres/PostgresProjections.ts"),
    PostgresInbox: await import("./postgres/PostgresInbox.ts")
  }),
  catch: install("@effect/sql-pg")
})

const loadPglite = Effect.tryPromise({
  try: () => import("./pglite/PgliteStore.ts"),
  catch: install("@effect/sql-pg @electric-sql/pglite")
})

/** Why a database cannot be opened, in the words of whoever found out. */
const toOpenError = ({ reason }: SqlError) => unexpected(reason.cause instanceof Error ? reason.cause : reason)

const unexpected = (cause: unknown) => new StoreError.StoreError({ reason: new StoreError.Unexpected({ cause }) })

const inSchema = ({ schema }: DatabaseOptions) => (schema === undefined ? {} : { schema })

const serverOptions = ({ poolSize }: DatabaseOptions, url: string) => ({
  url,
  ...(poolSize === undefined ? {} : { poolSize })
})

type Named = DatabaseOptions & { readonly database: string }

/** The `SqlClient` of a server or a folder, without anything being migrated. `memory:` has none. */
export const layerClient = (options: Named): Layer.Layer<SqlClient.SqlClient, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const decoded = yield* decodeOptions(options)
      const { database } = options
      const client: Layer.Layer<SqlClient.SqlClient, SqlError> = isServer(database)
        ? (yield* loadPostgres).PostgresStore.layerClient(serverOptions(decoded, database))
        : (yield* loadPglite).layerClient({ folder: database })
      return client.pipe(Layer.catch((error) => Layer.effectDiscard(Effect.fail(toOpenError(error)))))
    })
  ) as Layer.Layer<SqlClient.SqlClient, StoreError.StoreError | InvalidInput>

/** Migrates the database of the client, as its options ask. */
const prepare = Effect.fnUntraced(function* (options: Named) {
  const { database, migrate = isServer(database) ? "fresh" : "always" } = options
  const states = migrate === "never" ? [] : yield* Migrations.status(inSchema(options))
  const isFresh = states.every(({ appliedAt }) => appliedAt === null)
  if (migrate === "always" || (migrate === "fresh" && isFresh)) yield* Migrations.up(inSchema(options))
})

/**
 * The inbox in the named database, and the client for what is written together with it. Fails as `layer` does; `memory:` has
 * none.
 */
export const layerInbox = (
  options: Named
): Layer.Layer<Inbox | SqlClient.SqlClient, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.map(loadPostgres, ({ PostgresInbox }) =>
      Layer.effectDiscard(prepare(options)).pipe(
        Layer.provideMerge(PostgresInbox.layerFromClient(inSchema(options))),
        Layer.provideMerge(layerClient(options))
      )
    )
  )

/** Everything that is kept in a database. */
export type Stores = RegistrationStore | Outbox | OutboxOperations | Replays | WebhookStore | ProjectionStore

/** The stores in the named database. Fails if it cannot be reached or is not migrated as `migrate` asks. */
export const layer = (options: DatabaseOptions = {}): Layer.Layer<Stores, StoreError.StoreError | InvalidInput> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const decoded = yield* decodeOptions(options)
      const { database = "memory:" } = decoded
      if (database === "memory:") {
        const Memory = yield* Effect.promise(() => import("./memory/MemoryStore.ts"))
        return Memory.layer
      }
      const Postgres = yield* loadPostgres
      const schema = inSchema(decoded)
      return Layer.effectDiscard(prepare({ ...decoded, database })).pipe(
        Layer.provideMerge(
          isServer(database)
            ? Layer.catch(
                Postgres.PostgresStore.layerWithClient({ ...schema, ...serverOptions(decoded, database) }),
                (error) => Layer.effectContext(Effect.fail(toOpenError(error)))
              )
            : Postgres.PostgresStore.layerFromClient(schema)
        ),
        Layer.merge(Postgres.PostgresOutbox.layerFromClient(schema)),
        Layer.merge(Postgres.PostgresOutboxOperations.layerFromClient(schema)),
        Layer.merge(Postgres.PostgresReplays.layerFromClient(schema)),
        Layer.merge(Postgres.PostgresWebhooks.layerFromClient(schema)),
        Layer.merge(Postgres.PostgresProjections.layerFromClient(schema)),
        Layer.provide(layerClient({ ...decoded, database }))
      )
    })
  )
