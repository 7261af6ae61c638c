/**
 * Finds out how a server is to be connected to: with TLS or without, and whether a pooler is in between.
 *
 * ```text
 *  each way of TLS that the settings allow, in turn
 *    ├─ with the settings of the session ──▶ is the session ours?  yes ▶ direct · no ▶ pooled
 *    └─ they are refused by name ──────────▶ without them ─────────────────────▶ pooled
 * ```
 *
 * A pooler shows in one of three ways: it refuses the settings of a session, it keeps them from the server, or the process that
 * carries out a statement is not the one that the connection was told of. What was found holds for as long as this process lives. A
 * failure is not remembered: the next use looks again.
 */
import { type PgClient, PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import * as ConnectFailure from "./ConnectFailure.ts"
import * as ServerSettings from "./ServerSettings.ts"
import * as SessionSettings from "./SessionSettings.ts"
import * as Tls from "./Tls.ts"

export interface Options {
  readonly url: string
  /** Whether a pooler is in between. Default: that is found out. */
  readonly pooler?: boolean | undefined
}

/** A way to connect that has worked. */
export interface Way {
  /** The settings for a pool of such connections. */
  readonly config: PgClient.PgClientConfig
  /** Whether each transaction may have another session: it sets its settings, and no statement has a name. */
  readonly isPooled: boolean
  /** A failure to connect on this way, with its reason in words. */
  readonly explained: (error: SqlError) => SqlError
}

export interface Opening {
  /** The database and the user, by which others recognise the database. */
  readonly config: PgClient.PgClientConfig
  readonly way: Effect.Effect<Way, SqlError>
}

/** The longest time for a question about the way, which waits in the queue of a pooler if there is one. */
const LOOK_SECONDS = 10

const SLOW = `the server carried out no statement within ${LOOK_SECONDS} seconds`
const NO_TRANSACTIONS =
  "the connection ended when a transaction began: a pooler has to let transactions begin, as pool_mode = transaction of PgBouncer does"

const soon = <A>(question: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.timeoutOrElse(question, {
    duration: `${LOOK_SECONDS} seconds`,
    orElse: () => Effect.fail(ConnectFailure.ofSettings(SLOW))
  })

const configOf = (
  settings: ServerSettings.ServerSettings,
  ssl: Tls.Ssl,
  isPooled: boolean
): PgClient.PgClientConfig => ({
  host: settings.address ?? settings.host,
  port: settings.port,
  database: settings.database,
  username: settings.user,
  ...(settings.password === undefined ? {} : { password: settings.password }),
  ssl,
  applicationName: settings.applicationName,
  ...(settings.options === undefined ? {} : { startupOptions: settings.options }),
  connectTimeout: `${settings.connectSeconds} seconds`,
  ...(settings.keepAliveSeconds === undefined ? {} : { keepAlive: `${settings.keepAliveSeconds} seconds` }),
  ...(isPooled ? { prepare: false } : { startupParameters: SessionSettings.SETTINGS })
})

/** Connects, and tells whether the session is that of the connection. */
const isOwnSession = (config: PgClient.PgClientConfig): Effect.Effect<boolean, SqlError> =>
  Effect.gen(function* () {
    const connection = yield* PgConnection.make(config)
    const { rows } = yield* soon(connection.query(SessionSettings.LOOK, [], false))
    return SessionSettings.isOwn(connection.processId, rows as unknown as ReadonlyArray<SessionSettings.Looked>)
  }).pipe(Effect.scoped)

/** Connects through a pooler, which must let transactions begin. */
const tryTransaction = (config: PgClient.PgClientConfig): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const connection = yield* PgConnection.make(config)
    yield* Effect.catchIf(
      soon(connection.query("BEGIN", [], false)),
      ({ reason }) => reason._tag === "ConnectionError",
      (error) => Effect.fail(ConnectFailure.ofSettings(NO_TRANSACTIONS, error))
    )
    yield* soon(connection.query("COMMIT", [], false))
  }).pipe(Effect.scoped)

/** Tries one way of TLS. */
const tryOne = (
  settings: ServerSettings.ServerSettings,
  ssl: Tls.Ssl,
  pooler: boolean | undefined
): Effect.Effect<Way, SqlError> => {
  const explained = (error: SqlError) => ConnectFailure.explained(error, settings)
  const way = (isPooled: boolean): Way => ({ config: configOf(settings, ssl, isPooled), isPooled, explained })
  const pooled = Effect.as(tryTransaction(way(true).config), way(true))
  if (pooler === true) return pooled
  if (pooler === false) return Effect.as(Effect.scoped(PgConnection.make(way(false).config)), way(false))
  return isOwnSession(way(false).config).pipe(
    Effect.catch((error) => (ConnectFailure.isOfParameters(error) ? Effect.succeed(false) : Effect.fail(error))),
    Effect.flatMap((isOwn) => (isOwn ? Effect.succeed(way(false)) : pooled))
  )
}

/** Two ways have failed: both reasons, unless one of them is only that the server has no TLS. */
const both = (first: SqlError, second: SqlError, settings: ServerSettings.ServerSettings): SqlError => {
  const [one, other] = [first, second].map((error) => ConnectFailure.explained(error, settings))
  if (ConnectFailure.isWithoutTls(first)) return other!
  if (ConnectFailure.isWithoutTls(second)) return one!
  return ConnectFailure.joined(one!, other!)
}

const find = (settings: ServerSettings.ServerSettings, pooler: boolean | undefined): Effect.Effect<Way, SqlError> =>
  Effect.gen(function* () {
    const [ssl, other] = yield* Effect.try({
      try: () => Tls.waysOf(settings),
      catch: (cause) => ConnectFailure.ofSettings((cause as Error).message, cause)
    })
    const first = yield* Effect.result(tryOne(settings, ssl!, pooler))
    if (Result.isSuccess(first)) return first.success
    const { failure } = first
    if (other === undefined || ConnectFailure.isOfNetwork(failure))
      return yield* Effect.fail(ConnectFailure.explained(failure, settings))
    return yield* Effect.mapError(tryOne(settings, other, pooler), (error) => both(failure, error, settings))
  })

/** The opening of a database that there is one way to. */
export const fixed = (config: PgClient.PgClientConfig): Opening => ({
  config,
  way: Effect.succeed({ config, isPooled: false, explained: (error) => error })
})

/** The openings of clients, for other pools to the same server. */
const openings = new WeakMap<object, Opening>()

export const note = (client: object, opening: Opening): void => void openings.set(client, opening)

/** The opening of a client; `undefined` for a client of the host. */
export const of = (client: object): Opening | undefined => openings.get(client)

/** Looks once for all that wait, in a fiber of the scope, and again only after a failure. */
export const once = <A, E>(look: Effect.Effect<A, E>, scope: Scope.Scope): Effect.Effect<A, E> => {
  let found: Exit.Success<A, E> | undefined
  let underway: Fiber.Fiber<A, E> | undefined
  return Effect.suspend(() => {
    if (found !== undefined) return found
    if (underway !== undefined) return Fiber.join(underway)
    return Effect.flatMap(Effect.forkIn(look, scope, { startImmediately: true }), (fiber) => {
      underway = fiber
      fiber.addObserver((exit) => {
        underway = undefined
        if (Exit.isSuccess(exit)) found = exit
      })
      return Fiber.join(fiber)
    })
  })
}

/** Reads the settings of the URL, and finds the way at the first use. Fails if the settings are wrong. */
export const make = Effect.fnUntraced(function* ({
  pooler,
  url
}: Options): Effect.fn.Return<Opening, SqlError, Scope.Scope> {
  const scope = yield* Scope.Scope
  const settings = yield* Effect.mapError(Effect.fromResult(ServerSettings.read(url)), (rule) =>
    ConnectFailure.ofSettings(rule)
  )
  return {
    config: { host: settings.host, port: settings.port, database: settings.database, username: settings.user },
    way: once(find(settings, pooler), scope)
  }
})
