/**
 * The registration store on Postgres 15 and newer.
 *
 * Guarantees: each `transact` is one transaction at READ COMMITTED that locks the rows of its events in id order, so that
 * any number of processes may serve the same event; it is answered after the commit, which is as durable as the server's
 * `synchronous_commit`. Deadlocks, serialization failures, lock time-outs and lost connections are tried again with
 * jitter for five seconds. What a lost connection leaves unknown is looked up, never guessed. A server that falls silent is
 * given up after `Transaction.ATTEMPT_TIMEOUT_MILLIS`.
 *
 * Within `SqlClient.withTransaction` of the client that the store was made from, everything becomes part of the host's
 * transaction.
 *
 * `layer` opens a pool of its own; `layerFromClient` takes the `SqlClient` that the host has.
 */
import { PgClient, PgPool } from "@effect/sql-pg"
import type { EventId } from "@turnout/core/domain/Event"
import { RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import * as StoreError from "@turnout/core/ports/StoreError"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as BatchTransaction from "./BatchTransaction.ts"
import { DEFAULT_SCHEMA, migrations, quote } from "./Migrations.ts"
import * as Rows from "./Rows.ts"
import * as Query from "./Query.ts"
import * as Session from "./Session.ts"
import { toStoreError } from "./SqlFailure.ts"
import * as Statements from "./Statements.ts"
import * as Transaction from "./Transaction.ts"

/** How long a statement waits for a row lock, runs, and how long a transaction may sit idle, on connections of `layer`. */
export const LOCK_TIMEOUT_MILLIS = 5_000
export const STATEMENT_TIMEOUT_MILLIS = 30_000
export const IDLE_TRANSACTION_TIMEOUT_MILLIS = 10_000
/** Connections in the pool of `layer`, unless asked otherwise. */
export const DEFAULT_POOL_SIZE = 10
/** The most of them that transactions get: one for each lane. */
const MAX_WRITERS = 4

export interface StoreOptions {
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
  /**
   * How long to wait for a server that has fallen silent. Default 40 seconds, which is longer than the time-outs that the
   * server itself is given.
   */
  readonly attemptTimeoutMillis?: number
}

export interface PostgresOptions extends StoreOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** Connections in the pool. Default 10. */
  readonly poolSize?: number
}

/** Makes the store from the `SqlClient` in the context, which must speak to Postgres. */
export const make = Effect.fnUntraced(function* (options: StoreOptions = {}) {
  const schema = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = Statements.make(schema)
  const sessions = yield* Session.Sessions
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const random = yield* SecureRandom.SecureRandom
  const { attemptTimeoutMillis = Transaction.ATTEMPT_TIMEOUT_MILLIS } = options

  const read = Query.make(sql)

  const readRegistrations = (text: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(read<Rows.RegistrationRow>(text, parameters), (rows) => rows.map(Rows.toRegistration))

  const readWaitlist = (eventId: string, page: { readonly after: number | null; readonly limit: number }) =>
    Effect.map(
      read<Rows.RegistrationRow & { readonly position: number }>(statements.waitlist, [
        eventId,
        page.after ?? 0,
        page.limit
      ]),
      (rows) => rows.map((row) => ({ position: row.position, registration: Rows.toRegistration(row) }))
    )

  return RegistrationStore.of({
    transact: BatchTransaction.make({ sql, sessions, random, schema, attemptTimeoutMillis }),
    isInTransaction: Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome),
    event: (id) =>
      Effect.map(read<Rows.EventRow>(statements.event, [id]), ([row]) => (row === undefined ? row : Rows.toEvent(row))),
    events: (filter, { after, limit }) =>
      Effect.map(
        read<Rows.EventRow>(statements.events, [
          filter.status,
          filter.organizer,
          filter.from,
          filter.until,
          after?.startsAt ?? null,
          after?.id ?? null,
          limit
        ]),
        (rows) => rows.map(Rows.toEvent)
      ),
    registration: (eventId, id) =>
      Effect.map(readRegistrations(statements.registration, [eventId, id]), ([registration]) => registration),
    registrations: (eventId, state, { after, limit }) =>
      state === null
        ? readRegistrations(statements.registrations, [eventId, after ?? 0, limit])
        : readRegistrations(statements.registrationsInState, [eventId, state, after ?? 0, limit]),
    attendeeRegistrations: (attendeeId, { after, limit }) =>
      readRegistrations(statements.attendeeRegistrations, [attendeeId, after, limit]),
    waitlist: readWaitlist,
    waitlistPlace: (eventId, id) =>
      Effect.map(
        read<{ position: number; length: number }>(statements.waitlistPlace, [eventId, id]),
        ([place]) => place
      ),
    journal: (eventId, { after, limit }) =>
      Effect.map(read<Rows.JournalRow>(statements.journal, [eventId, after ?? 0, limit]), (rows) =>
        rows.map(Rows.toJournalEntry)
      ),
    eventsWithPromotionsDue: Effect.map(read<{ id: string }>(statements.promotionsDue, []), (rows) =>
      rows.map(({ id }) => id as EventId)
    ),
    ready: Effect.gen(function* () {
      const [row] = yield* Effect.mapError(sql.unsafe<{ version: number | null }>(statements.ready), toStoreError)
      const needed = migrations.at(-1)!.id
      if (row === undefined || (row.version ?? 0) < needed) {
        const cause = new Error(`migration ${needed} is needed, the database is at ${row?.version ?? 0}`)
        return yield* new StoreError.StoreError({ reason: new StoreError.NotMigrated({ cause }) })
      }
    })
  })
})

/** The store on the host's own `SqlClient`. */
export const layerFromClient = (options?: StoreOptions): Layer.Layer<RegistrationStore, never, SqlClient.SqlClient> =>
  layerStore(options).pipe(Layer.provide(Session.layerFromClient))

const layerStore = (options?: StoreOptions) =>
  Layer.effect(RegistrationStore, make(options)).pipe(Layer.provide(SecureRandom.layerWebCrypto))

const connection = (options: PostgresOptions) =>
  ({
    url: Redacted.make(options.url),
    connectTimeout: "5 seconds",
    keepAlive: "10 seconds",
    applicationName: "turnout",
    startupParameters: {
      // A plan that is made while the tables are empty would otherwise scan them for as long as the connection lives.
      plan_cache_mode: "force_generic_plan",
      enable_seqscan: "off",
      jit: "off",
      lock_timeout: String(LOCK_TIMEOUT_MILLIS),
      statement_timeout: String(STATEMENT_TIMEOUT_MILLIS),
      idle_in_transaction_session_timeout: String(IDLE_TRANSACTION_TIMEOUT_MILLIS)
    }
  }) as const

/** How many of the connections are for transactions; the others are for reading, and for whatever the host does. */
const writersOf = ({ poolSize = DEFAULT_POOL_SIZE }: PostgresOptions): number =>
  Math.min(MAX_WRITERS, Math.max(1, Math.floor(poolSize / 2)))

/** A `SqlClient` with a pool of its own, and the time-outs that keep a transaction from holding locks for ever. */
export const layerClient = (options: PostgresOptions): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError> =>
  PgClient.layer({
    ...connection(options),
    maxConnections: Math.max(1, (options.poolSize ?? DEFAULT_POOL_SIZE) - writersOf(options))
  })

const layerSessions = (options: PostgresOptions): Layer.Layer<Session.Sessions, SqlError> =>
  Layer.effect(
    Session.Sessions,
    Effect.map(
      PgPool.make({
        ...connection(options),
        maxConnections: writersOf(options),
        multiplex: true,
        multiplexConcurrency: 1
      }),
      Session.fromPool
    )
  )

/** The store on a pool of its own, and on the client that `layerClient` made with the same options. */
export const layerWithClient = (
  options: PostgresOptions
): Layer.Layer<RegistrationStore, SqlError, SqlClient.SqlClient> =>
  layerStore(options).pipe(Layer.provide(layerSessions(options)))

/** The store on a pool of its own; provides a `SqlClient` too. Migrate first, see `Migrations.up`. */
export const layer = (options: PostgresOptions): Layer.Layer<RegistrationStore | SqlClient.SqlClient, SqlError> =>
  layerWithClient(options).pipe(Layer.provideMerge(layerClient(options)))
