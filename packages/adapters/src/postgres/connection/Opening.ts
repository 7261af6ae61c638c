/**
 * Finds out how a server is to be connected to: with TLS or without, where the settings leave that open.
 *
 * The ways are tried in turn. What was found holds for as long as this process lives. A failure is not remembered: the next use
 * looks again.
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

/** A way to connect that has worked. */
export interface Way {
  /** The settings for a pool of such connections. */
  readonly config: PgClient.PgClientConfig
  /** A failure to connect on this way, with its reason in words. */
  readonly explained: (error: SqlError) => SqlError
}

export interface Opening {
  /** The database and the user, by which others recognise the database. */
  readonly config: PgClient.PgClientConfig
  readonly way: Effect.Effect<Way, SqlError>
}

const configOf = (settings: ServerSettings.ServerSettings, ssl: Tls.Ssl): PgClient.PgClientConfig => ({
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
  startupParameters: SessionSettings.SETTINGS
})

/** Two ways have failed: both reasons, unless one of them is only that the server has no TLS. */
const both = (first: SqlError, second: SqlError, settings: ServerSettings.ServerSettings): SqlError => {
  const [one, other] = [first, second].map((error) => ConnectFailure.explained(error, settings))
  if (ConnectFailure.isWithoutTls(first)) return other!
  if (ConnectFailure.isWithoutTls(second)) return one!
  return ConnectFailure.joined(one!, other!)
}

const find = (settings: ServerSettings.ServerSettings): Effect.Effect<Way, SqlError> =>
  Effect.gen(function* () {
    const ways = yield* Effect.try({
      try: () => Tls.waysOf(settings),
      catch: (cause) => ConnectFailure.ofSettings((cause as Error).message, cause)
    })
    const explained = (error: SqlError) => ConnectFailure.explained(error, settings)
    const [way, other] = ways.map((ssl): Way => ({ config: configOf(settings, ssl), explained }))
    // Of a single way, its first use shows whether it works.
    if (other === undefined) return way!
    const connect = ({ config }: Way) => Effect.scoped(PgConnection.make(config))
    const first = yield* Effect.result(connect(way!))
    if (Result.isSuccess(first)) return way!
    const { failure } = first
    if (ConnectFailure.isOfNetwork(failure)) return yield* Effect.fail(explained(failure))
    yield* Effect.mapError(connect(other), (error) => both(failure, error, settings))
    return other
  })

/** The opening of a database that there is one way to. */
export const fixed = (config: PgClient.PgClientConfig): Opening => ({
  config,
  way: Effect.succeed({ config, explained: (error) => error })
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
export const make = Effect.fnUntraced(function* (url: string): Effect.fn.Return<Opening, SqlError, Scope.Scope> {
  const scope = yield* Scope.Scope
  const settings = yield* Effect.mapError(Effect.fromResult(ServerSettings.read(url)), (rule) =>
    ConnectFailure.ofSettings(rule)
  )
  return {
    config: { host: settings.host, port: settings.port, database: settings.database, username: settings.user },
    way: once(find(settings), scope)
  }
})
