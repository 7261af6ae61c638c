/**
 * The store of events and registrations on Postgres 15 and newer.
 *
 * Guarantees: each `transact` is one transaction at READ COMMITTED that locks the rows of its events in id order, so that any
 * number of processes may serve the same event; it is answered after the commit, which is as durable as the server's
 * `synchronous_commit`. Deadlocks, serialization failures, lock time-outs, lost connections and refusals of a server that takes
 * no writes are tried again with jitter for five seconds; once a server has refused writes for that long, later transactions
 * fail at once. If a lost connection leaves the outcome unknown, the store looks it up, and never guesses. A server that falls
 * silent is given up after `SILENCE_TIMEOUT_MILLIS`. The server's clock decides: see `BatchTransaction`.
 *
 * Within `SqlClient.withTransaction` of the client that the store was made from, everything becomes part of the host's
 * transaction.
 *
 * `layer` opens a pool of its own; `layerFromClient` uses the `SqlClient` of the host.
 */
import type { PgClient } from "@effect/sql-pg"
import * as Lanes from "@turnout/core/admission/application/engine/Lanes"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Generations } from "@turnout/core/caching/ports/Generations"
import * as HeardClock from "@turnout/core/kernel/application/time/HeardClock"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as BatchTransaction from "./batch/BatchTransaction.ts"
import { commitSignal } from "../client/ClientDatabase.ts"
import { migrations } from "../schema/Migrations.ts"
import { DEFAULT_SCHEMA, quote } from "../schema/SchemaName.ts"
import * as OpenedPool from "../connection/OpenedPool.ts"
import * as Opening from "../connection/Opening.ts"
import * as PostgresClient from "../client/PostgresClient.ts"
import * as PostgresGenerations from "../caching/PostgresGenerations.ts"
import * as PostgresReads from "./PostgresReads.ts"
import * as Query from "../client/Query.ts"
import * as Reads from "./Reads.ts"
import type { InBackground } from "./registrations/RegistrationReads.ts"
import { Refusals } from "../client/Refusals.ts"
import * as Session from "../client/Session.ts"
import { SILENCE_TIMEOUT_MILLIS } from "../client/Silence.ts"
import * as TableSweep from "../statements/TableSweep.ts"
import * as ServerTime from "../statements/ServerTime.ts"
import * as Transaction from "../client/Transaction.ts"

/** The number of connections for reading, unless `poolSize` says otherwise. */
const DEFAULT_READERS = 6

export interface StoreOptions {
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
  /**
   * How long a transaction waits for a server that has fallen silent. Default 40 seconds, which is longer than the time-outs of
   * the server itself.
   */
  readonly attemptTimeoutMillis?: number
  /** How long a read waits; it then fails with `Unavailable`. Default 40 seconds. */
  readonly readTimeoutMillis?: number
}

export interface PostgresOptions extends StoreOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that psql has: see `Parameters`. */
  readonly url: string
  /**
   * Whether a pooler in transaction mode is in between: each transaction then sets its own time-outs, and no statement has a
   * name. Default: that is found out, see `Opening`.
   */
  readonly pooler?: boolean
  /**
   * The number of all connections, at least two: see `connectionsOf`. Default: those for the lanes, and 6 for reading; 10 in
   * all.
   */
  readonly poolSize?: number
  /** The lanes of the service on this store, each of which commits one transaction at a time. Default 3. */
  readonly lanes?: number
}

/** Makes the store, and its reads, from the `SqlClient` in the context, which must be connected to Postgres. */
export const make = Effect.fnUntraced(function* (options: StoreOptions = {}) {
  const { schema: name = DEFAULT_SCHEMA } = options
  const schema = quote(name)
  const reads = Reads.make(schema)
  const sessions = yield* Session.Sessions
  const client = yield* SqlClient.SqlClient
  const sql = client.withoutTransforms()
  const random = yield* SecureRandom.SecureRandom
  const { attemptTimeoutMillis = SILENCE_TIMEOUT_MILLIS, readTimeoutMillis = SILENCE_TIMEOUT_MILLIS } = options
  const refusals = new Refusals()
  const clock = HeardClock.make(yield* Clock.Clock)

  const read = Query.make(sql, readTimeoutMillis)

  const sweep = TableSweep.make(
    Query.makePlannedAnew(sql),
    `${schema}.idempotency`,
    "t.expires_at <= clock_timestamp() - $3::interval"
  )
  /** Reads what tells the time as well. */
  const told = <Row>(text: string) =>
    Effect.suspend(() => {
      const askedAt = clock.steady()
      return Effect.tap(read<Row>(text, []), (rows) => Effect.sync(() => ServerTime.hear(clock, askedAt, [rows])))
    })

  const signal = commitSignal(client, name)
  const store = AdmissionStore.of({
    transact: BatchTransaction.make({ sql, sessions, refusals, random, schema, attemptTimeoutMillis, clock, signal }),
    clock,
    isInTransaction: Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome),
    eventsWithStepsDue: Effect.andThen(
      told(ServerTime.ASK.text),
      Effect.map(read<{ id: string }>(reads.stepsDue, []), (rows) => rows.map(({ id }) => id as EventId))
    ),
    forgetExpired: (marginMillis) => sweep([`${marginMillis}ms`]),
    ready: Effect.gen(function* () {
      const [row] = yield* told<{ version: number | null }>(reads.ready)
      const needed = migrations.at(-1)!.id
      if (row === undefined || (row.version ?? 0) < needed) {
        const cause = new Error(`migration ${needed} is needed, the database is at ${row?.version ?? 0}`)
        return yield* new StoreError.StoreError({ reason: new StoreError.NotMigrated({ cause }) })
      }
      yield* read(reads.writable)
      yield* Transaction.tryRefused(sessions, refusals)
    })
  })
  const scope = yield* Effect.scope
  // Work in a transaction of the host would be part of it.
  const inBackground: InBackground = (work) =>
    Effect.flatMap(store.isInTransaction, (isInTransaction) =>
      isInTransaction ? Effect.void : Effect.asVoid(Effect.forkIn(Effect.ignore(work), scope))
    )
  return Context.make(AdmissionStore, store).pipe(
    Context.add(AdmissionReads, PostgresReads.make(read, schema, inBackground)),
    Context.add(Generations, PostgresGenerations.make(sql, sessions, schema, readTimeoutMillis))
  )
})

/** The store on the host's own `SqlClient`. */
export const layerFromClient = (
  options?: StoreOptions
): Layer.Layer<AdmissionStore | AdmissionReads | Generations, never, SqlClient.SqlClient> =>
  layerStore(options).pipe(Layer.provide(Session.layerFromClient))

const layerStore = (options?: StoreOptions) =>
  Layer.effectContext(make(options)).pipe(Layer.provide(SecureRandom.layerWebCrypto))

/**
 * The number of connections for transactions (one for each lane, and one for work that commits beside the lanes, such as an
 * import), and of those for reading and for statements of the host. Transactions get at most half of a given `poolSize`, and
 * each of the two at least one.
 */
export const connectionsOf = ({
  lanes = Lanes.DEFAULTS.lanes,
  poolSize
}: Pick<PostgresOptions, "lanes" | "poolSize">): { readonly transactions: number; readonly reading: number } => {
  const wanted = lanes + 1
  if (poolSize === undefined) return { transactions: wanted, reading: DEFAULT_READERS }
  const transactions = Math.min(wanted, Math.max(1, Math.floor(poolSize / 2)))
  return { transactions, reading: Math.max(1, poolSize - transactions) }
}

const openingOf = ({ pooler, url }: PostgresOptions) => Opening.make({ pooler, url })

/** A `SqlClient` with a pool of its own, and the time-outs that keep a transaction from holding locks for ever. */
export const layerClient = (options: PostgresOptions): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError> =>
  PostgresClient.layer({
    opening: openingOf(options),
    maxConnections: connectionsOf(options).reading,
    silenceMillis: options.attemptTimeoutMillis
  })

const layerSessions = (options: PostgresOptions): Layer.Layer<Session.Sessions, SqlError, SqlClient.SqlClient> =>
  Layer.effect(
    Session.Sessions,
    Effect.gen(function* () {
      const opening = Opening.of(yield* SqlClient.SqlClient) ?? (yield* openingOf(options))
      const maxConnections = connectionsOf(options).transactions
      return Session.fromPool(
        yield* OpenedPool.make(opening, { name: "transactions", maxConnections, isPipelined: true })
      )
    })
  )

/** The store on a pool of its own, and on the client that `layerClient` made with the same options. */
export const layerWithClient = (
  options: PostgresOptions
): Layer.Layer<AdmissionStore | AdmissionReads | Generations, SqlError, SqlClient.SqlClient> =>
  layerStore(options).pipe(Layer.provide(layerSessions(options)))

/** The store on a pool of its own; provides a `SqlClient` too. Migrate first, see `Migrations.up`. */
export const layer = (
  options: PostgresOptions
): Layer.Layer<AdmissionStore | AdmissionReads | Generations | SqlClient.SqlClient, SqlError> =>
  layerWithClient(options).pipe(Layer.provideMerge(layerClient(options)))
