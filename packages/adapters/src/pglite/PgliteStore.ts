/**
 * The store of events and registrations on PGlite: Postgres embedded in the process, with its data in a folder or in memory.
 *
 * Runs the SQL of the Postgres store through the same client, over a stream instead of a socket. Guarantees what that
 * store guarantees, within one process, which must be the only one to use the folder. PGlite runs with fsync off: a data
 * folder survives a restart of the process, not a power cut of the machine.
 */
import { PGlite } from "@electric-sql/pglite"
import type { PgClient } from "@effect/sql-pg"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { Generations } from "@turnout/core/caching/ports/Generations"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { dirname } from "node:path"
import * as DatabaseName from "../DatabaseName.ts"
import * as Opening from "../postgres/connection/Opening.ts"
import * as PostgresClient from "../postgres/client/PostgresClient.ts"
import { layerFromClient, type StoreOptions } from "../postgres/admission/PostgresStore.ts"
import * as DataFolder from "./DataFolder.ts"
import * as FolderLock from "./FolderLock.ts"
import { pgliteStream } from "./PgliteStream.ts"

export interface PgliteOptions extends StoreOptions {
  /** The folder that holds the data, made if it does not exist; without one, data is kept in memory only. */
  readonly folder?: string
}

const failed = (cause: unknown): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause, message: "the embedded Postgres cannot be started", operation: "open" })
  })

/** The numbers of file system errors in WebAssembly. */
const WASI_CODES: Readonly<Record<number, string>> = {
  2: "EACCES",
  51: "ENOSPC",
  54: "ENOTDIR",
  63: "EPERM",
  69: "EROFS"
}

/** The reason why the embedded Postgres does not start in a folder, in words. */
const toUnusable = (postgres: string, cause: unknown): DataFolder.FolderUnusable => {
  const { errno, message } = cause as { readonly errno?: number; readonly message?: string }
  const code = WASI_CODES[errno ?? 0]
  const reason =
    code === undefined
      ? `the embedded Postgres does not start in it (${message ?? String(cause)}); it may be damaged, or made by another version`
      : DataFolder.reasonOf({ code }, postgres)
  return new DataFolder.FolderUnusable(dirname(postgres), reason, { cause })
}

/** Holds the folder until the scope closes, and returns the folder of the embedded Postgres. */
const holdFolder = (given: string) =>
  Effect.gen(function* () {
    const name = Result.getOrUndefined(DatabaseName.parse(given))
    if (name?._tag !== "Folder")
      return yield* Effect.fail(failed(new RangeError(`${JSON.stringify(given)} is no folder`)))
    const { postgres } = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => FolderLock.acquire(name.folder), catch: failed }),
      ({ release }) => Effect.sync(release)
    )
    return postgres
  })

/** A `SqlClient` of an embedded Postgres, which is started with the layer and closed with it. */
export const layerClient = (
  options: PgliteOptions = {}
): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError.SqlError> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { folder } = options
      // The lock is taken before Postgres is opened, and released after it is closed.
      const dataDir = folder === undefined ? undefined : yield* holdFolder(folder)
      const database = yield* Effect.acquireRelease(
        Effect.tryPromise({
          try: () => PGlite.create(dataDir === undefined ? {} : { dataDir }),
          catch: (cause) => failed(dataDir === undefined ? cause : toUnusable(dataDir, cause))
        }),
        (database) => Effect.promise(() => database.close())
      )
      return PostgresClient.layer({
        opening: Effect.succeed(
          Opening.fixed({ stream: () => pgliteStream(database), username: "postgres", database: "postgres" })
        ),
        // PGlite is a single session.
        maxConnections: 1
      })
    })
  )

/** The store on an embedded Postgres; provides its `SqlClient` too. Migrate first, see `Migrations.up`. */
export const layer = (
  options?: PgliteOptions
): Layer.Layer<AdmissionStore | AdmissionReads | Generations | SqlClient.SqlClient, SqlError.SqlError> =>
  layerFromClient(options).pipe(Layer.provideMerge(layerClient(options)))
