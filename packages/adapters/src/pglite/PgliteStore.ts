/**
 * The registration store on PGlite: Postgres embedded in the process, with its data in a folder or in memory.
 *
 * Runs the SQL of the Postgres store through the same client, over a stream instead of a socket. Guarantees what that
 * store guarantees, within one process, which must be the only one to use the folder. PGlite runs with fsync off: a data
 * folder survives a restart of the process, not a power cut of the machine.
 */
import { PGlite } from "@electric-sql/pglite"
import { PgClient } from "@effect/sql-pg"
import type { RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { join } from "node:path"
import { layerFromClient, type StoreOptions } from "../postgres/PostgresStore.ts"
import * as FolderLock from "./FolderLock.ts"
import { pgliteStream } from "./PgliteStream.ts"

export interface PgliteOptions extends StoreOptions {
  /** The folder that holds the data, made if it is not there; without one, data is kept in memory only. */
  readonly folder?: string
}

const failed = (cause: unknown): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause, message: "the embedded Postgres cannot be started", operation: "open" })
  })

const acquireFolder = (folder: string) =>
  Effect.acquireRelease(Effect.try({ try: () => FolderLock.acquire(folder), catch: failed }), (release) =>
    Effect.sync(release)
  )

/** A `SqlClient` that speaks to an embedded Postgres; it is started with the layer and closed with it. */
export const layerClient = (
  options: PgliteOptions = {}
): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError.SqlError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { folder } = options
      if (folder !== undefined) yield* acquireFolder(folder)
      const database = yield* Effect.acquireRelease(
        Effect.tryPromise({
          try: () => PGlite.create(folder === undefined ? {} : { dataDir: join(folder, "postgres") }),
          catch: failed
        }),
        (database) => Effect.promise(() => database.close())
      )
      return PgClient.layer({
        stream: () => pgliteStream(database),
        username: "postgres",
        database: "postgres",
        // PGlite is a single session.
        maxConnections: 1
      })
    })
  )

/** The store on an embedded Postgres; provides its `SqlClient` too. Migrate first, see `Migrations.up`. */
export const layer = (
  options?: PgliteOptions
): Layer.Layer<RegistrationStore | SqlClient.SqlClient, SqlError.SqlError> =>
  layerFromClient(options).pipe(Layer.provideMerge(layerClient(options)))
