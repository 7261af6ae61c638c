/**
 * Effect's `Redis` on ioredis, for a Redis that may be away: a cache or a limit stands on it, and the service starts and goes on without.
 *
 * - Building the layer never fails for want of a server. It waits for the first attempt to connect, for no longer than a command may
 *   take, and goes on trying in the background, for as long as it takes.
 * - A command ends within its deadline, and at once if the server is known to be away. It fails with effect's `RedisError`, whose cause is
 *   one of those in `RedisFailure`.
 * - Scripts run on every server and every node, also on one that has forgotten them.
 * - `RedisState` tells whether the server is there. The metrics are in `RedisState.ts`.
 *
 * Keys are sent as they are given. In a Cluster, the keys of a command have to be in one slot: braces see to that (`{event}:count`).
 */
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { between, notEmpty } from "@turnout/core/kernel/domain/rules/OptionRules"
import * as Neighbours from "@turnout/core/kernel/ports/Neighbours"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import * as RedisClient from "./RedisClient.ts"
import * as RedisCommands from "./RedisCommands.ts"
import * as RedisConnection from "./RedisConnection.ts"
import * as RedisScripts from "./RedisScripts.ts"
import * as RedisServer from "./RedisServer.ts"
import * as RedisState from "./RedisState.ts"
import * as RedisSubscriptions from "./RedisSubscriptions.ts"
import * as ReservedConnection from "./ReservedConnection.ts"

/** The server, in one of the forms of `RedisServer`, and: */
export type LinkOptions = RedisServer.RedisServer & {
  /** How long a command may take. Default 100 milliseconds. */
  readonly commandTimeoutMillis?: number
  /** Certificates of authorities, in PEM, that are trusted instead of those that Node trusts. */
  readonly ca?: string
}

const DEFAULT_TIMEOUT_MILLIS = 100
const MAX_TIMEOUT_MILLIS = 60_000
/** The shortest time after which a silent connection is given up. */
const SILENCE_MILLIS = 1_000

/** The rules of the options that do not name the server. */
const rules = { commandTimeoutMillis: between(1, MAX_TIMEOUT_MILLIS), ca: notEmpty }

/** Makes the services, which are closed with the scope. Fails if an option breaks a rule; names the field and the rule. */
export const make = Effect.fnUntraced(function* (
  options: LinkOptions
): Effect.fn.Return<Context.Context<Redis.Redis | RedisState.RedisState>, InvalidInput, Scope.Scope> {
  yield* RedisServer.checked(options, rules)
  const { ca, commandTimeoutMillis: deadlineMillis = DEFAULT_TIMEOUT_MILLIS } = options
  const target = RedisServer.targetOf(options)
  const settings = { ca, silenceMillis: Math.max(SILENCE_MILLIS, 2 * deadlineMillis) }

  const observed = yield* RedisState.make
  const scripts = RedisScripts.make()
  const connection = yield* RedisConnection.make(() => RedisClient.make(target, settings), deadlineMillis, observed)
  const redis = yield* Redis.make({
    send: RedisCommands.make(connection, scripts, deadlineMillis, observed),
    subscribe: yield* RedisSubscriptions.make(
      (attempt) => RedisClient.makeSubscriber(target, settings, attempt),
      deadlineMillis
    ),
    connect: ReservedConnection.make(
      // A command that blocks is silent for as long as it blocks.
      () => RedisClient.make(target, { ca, silenceMillis: undefined }),
      connection,
      scripts,
      deadlineMillis
    )
  })
  yield* Neighbours.register({ name: "redis", state: Effect.sync(observed.state) })
  yield* Effect.timeoutOption(connection.attempted, deadlineMillis)
  return Context.make(Redis.Redis, redis).pipe(
    Context.add(RedisState.RedisState, { state: Effect.sync(observed.state) })
  )
})

/** Provides effect's `Redis`, and `RedisState`, for as long as the layer is there. */
export const layer = (options: LinkOptions): Layer.Layer<Redis.Redis | RedisState.RedisState, InvalidInput> =>
  Layer.effectContext(make(options))
