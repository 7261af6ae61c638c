/**
 * A connection for one user at a time, for commands that block: what `Redis.reserve` gives out.
 *
 * A command that blocks has its own time and the deadline of other commands on top; one that blocks for ever, and a read of a stream, have
 * no deadline. A connection is not made anew: when it is lost its command fails, and the pool makes another one.
 */
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import { Command } from "ioredis"
import { close, CONNECT_MILLIS, connectNodes, type RedisClient } from "./RedisClient.ts"
import type { RedisConnection } from "./RedisConnection.ts"
import { exchange, type Send } from "./RedisCommands.ts"
import { kindOf, RedisNotConnected, toError } from "./RedisFailure.ts"
import type { RedisScripts } from "./RedisScripts.ts"

export interface ReservedConnection {
  readonly send: Send
  readonly close: Effect.Effect<void>
}

/** The deadline of a command, in milliseconds. */
const deadlineOf = (name: string, args: ReadonlyArray<string>, deadlineMillis: number): number | undefined => {
  const own = new Command(name, args as Array<string>).extractBlockingTimeout()
  if (own === undefined) return deadlineMillis
  return own === null || own === 0 ? undefined : own + deadlineMillis
}

const connected = (client: RedisClient): Effect.Effect<void, Redis.RedisError> => {
  let kind = "timed out"
  client.on("error", (error: unknown) => void (kind = kindOf(error)))
  const failed = () => toError(new RedisNotConnected({ kind }))
  return Effect.tryPromise({
    try: () => client.connect().then(() => connectNodes(client)),
    catch: failed
  }).pipe(
    Effect.timeoutOrElse({ duration: CONNECT_MILLIS, orElse: () => Effect.fail(failed()) }),
    Effect.onExit((exit) => (exit._tag === "Failure" ? Effect.sync(() => close(client)) : Effect.void))
  )
}

/** Makes a connection, unless the server is known to be away. */
export const make = (
  makeClient: () => RedisClient,
  shared: RedisConnection,
  scripts: RedisScripts,
  deadlineMillis: number
): Effect.Effect<ReservedConnection, Redis.RedisError> =>
  Effect.gen(function* () {
    const refused = shared.refusal()
    if (refused !== undefined) return yield* refused
    const client = makeClient()
    yield* connected(client)
    const send: Send = <A = unknown>(command: string, ...args: ReadonlyArray<string>) =>
      Effect.callback<unknown, Redis.RedisError>((resume) => {
        const name = command.toUpperCase()
        exchange(
          client,
          scripts,
          name,
          args,
          deadlineOf(name, args, deadlineMillis),
          (answer) => resume(Effect.succeed(answer)),
          (failure) => resume(Effect.fail(toError(failure)))
        )
      }) as Effect.Effect<A, Redis.RedisError>
    return { send, close: Effect.sync(() => close(client)) }
  })
