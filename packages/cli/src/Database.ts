/**
 * The composition root: makes the services from the options of the command line.
 */
import * as DatabaseName from "@turnout/adapters/database-name"
import * as Database from "turnout/database"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Inbox } from "@turnout/core/consumer/ports/Inbox"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import { resolve } from "node:path"
import type { Configuration } from "./configuration/Configuration.ts"
import * as Logs from "./output/Logs.ts"

/** The folder of the embedded database, in the folder that the command is run in. */
export const DEFAULT_FOLDER = "turnout-data"

export interface GlobalOptions {
  /** The URL of a server. */
  readonly database?: string
  /** The path of a folder, which is used if no server is named. */
  readonly data: string
  readonly schema: string
  /** Whether a pooler is in between; without the option that is found out. */
  readonly pooler?: boolean
  readonly json?: boolean
  /** The file that options were read from; without one there was none. */
  readonly configuration?: Configuration
  /** The arguments of the process as they were typed. */
  readonly typed?: ReadonlyArray<string>
  readonly programVersion: string
}

/** Names the database for people, without its password. */
export const describe = ({ data, database }: GlobalOptions): string => {
  if (database === undefined) return `${resolve(data)} (embedded Postgres)`
  return DatabaseName.withoutSecrets(database)
}

const options = ({ data, database, pooler, schema }: GlobalOptions) => ({
  database: database ?? resolve(data),
  schema,
  ...(pooler === undefined ? {} : { pooler })
})

/** The stores in the database of the options. */
export const stores = (given: GlobalOptions): Layer.Layer<Database.Stores, StoreError | InvalidInput> =>
  Database.layer(options(given))

/** The `Turnout` service on the database of the options. */
export const turnout = (
  given: GlobalOptions,
  settings?: Turnout.TurnoutOptions
): Layer.Layer<Turnout.Turnout, StoreError | InvalidInput> => Turnout.layer(settings).pipe(Layer.provide(stores(given)))

/** The `SqlClient` of the database of the options, which migrates nothing. */
export const client = (given: GlobalOptions): Layer.Layer<SqlClient.SqlClient, StoreError | InvalidInput> =>
  Database.layerClient(options(given))

/** The stores and the client of the database of the options, which is left as it is: nothing is migrated. */
export const asItIs = (
  given: GlobalOptions,
  poolSize: number
): Layer.Layer<Database.Stores | SqlClient.SqlClient, StoreError | InvalidInput> =>
  Database.layerWithClient({ ...options(given), poolSize, migrate: "never" })

/** The inbox in the database of the options, and the client that handlers write with. */
export const inbox = (given: GlobalOptions): Layer.Layer<Inbox | SqlClient.SqlClient, StoreError | InvalidInput> =>
  Database.layerInbox(options(given))

/** The `Turnout` service and the stores in the database of the options. */
export const turnoutAndStores = (
  given: GlobalOptions,
  settings?: Turnout.TurnoutOptions
): Layer.Layer<Turnout.Turnout | Database.Stores, StoreError | InvalidInput> =>
  Layer.provideMerge(Turnout.layer(settings), stores(given))

/** Runs a use of the service to its end. */
export const withTurnout = <A, E>(
  given: GlobalOptions,
  use: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E>
): Promise<A> => Logs.runPromise(given, Effect.provide(Turnout.Turnout.use(use), turnout(given)))
