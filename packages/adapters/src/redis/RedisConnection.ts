/**
 * A client that is kept connected, and the breaker before it.
 *
 * It connects in the background, for as long as it takes: there is always either a connection, an attempt, or a pause before the next
 * attempt. While the breaker is open it sends a `PING` from time to time, one at a time; an answer closes the breaker, and so does a
 * connection that has been made anew.
 */
import { pauseMillis, type RetryPolicy } from "@turnout/core/kernel/domain/Backoff"
import * as Effect from "effect/Effect"
import type { RedisError } from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import { Command } from "ioredis"
import * as RedisBreaker from "./RedisBreaker.ts"
import * as RedisClient from "./RedisClient.ts"
import {
  kindOf,
  RedisBreakerOpen,
  type RedisFailure,
  RedisNotConnected,
  RedisTimedOut,
  toError
} from "./RedisFailure.ts"
import type { Observed } from "./RedisState.ts"

/** The pauses between attempts to connect. */
export const RECONNECT_PAUSES: RetryPolicy = {
  firstPauseMillis: 100,
  longestPauseMillis: 2_000,
  maxAttempts: Infinity
}

export interface RedisConnection {
  readonly client: RedisClient.RedisClient
  /** The error of a command that is not to be sent now, if it is not: the same one until the reason is another. */
  readonly refusal: () => RedisError | undefined
  /** Notes that a command was answered. */
  readonly answered: () => void
  /** Notes a failure of the server. The breaker counts it if it speaks of the server as a whole. */
  readonly failed: (failure: RedisFailure, isCounted: boolean) => void
  /** Ends when the first attempt to connect has ended, whichever way. */
  readonly attempted: Effect.Effect<void>
}

/** Waits for the answer to a `PING`. Fails after the deadline. */
const ping = (client: RedisClient.RedisClient, deadlineMillis: number): Promise<unknown> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new RedisTimedOut({ millis: deadlineMillis })), deadlineMillis).unref()
  const command = new Command("PING")
  client.sendCommand(command)
  return Promise.race([command.promise, late.promise]).finally(() => clearTimeout(timer))
}

/** Makes a connection, which is closed with the scope. Each probe has the deadline. */
export const make = Effect.fnUntraced(function* (
  makeClient: () => RedisClient.RedisClient,
  deadlineMillis: number,
  observed: Observed
): Effect.fn.Return<RedisConnection, never, Scope.Scope> {
  const client = makeClient()
  const breaker = RedisBreaker.make()
  const attempted = Promise.withResolvers<void>()
  let [isConnected, isClosed] = [false, false]
  let attempts = 0
  /** The last failure in a word or two. */
  let kind = "not yet"
  /** Whether this connection, or this attempt to make one, has told why it ends. */
  let hasReason = false
  /** The last refusal. An error is dear to make, and commands that are refused have to cost nothing. */
  let refused: { readonly error: RedisError; readonly cause: RedisNotConnected | RedisBreakerOpen } | undefined
  /** The pause before the next probe, or before the next attempt to connect: there is one of them at most. */
  let pause: NodeJS.Timeout | undefined

  const after = (millis: number, next: () => void): void => {
    clearTimeout(pause)
    pause = setTimeout(next, millis).unref()
  }
  const note = (thrown: unknown): void => {
    kind = kindOf(thrown)
    observed.failed(kind)
  }
  const connect = (): void => {
    hasReason = false
    client.connect().catch(() => {})
  }
  const probe = (): void => {
    ping(client, deadlineMillis).then(probed, (thrown: unknown) => {
      note(thrown)
      if (isConnected && breaker.isOpen()) probeLater()
    })
  }
  const probeLater = (): void => after(breaker.pauseMillis(Math.random()), probe)
  const probed = (): void => {
    if (!isConnected) return
    breaker.close()
    observed.isUp()
  }
  const ready = async (): Promise<void> => {
    await RedisClient.connectNodes(client)
    if (isClosed || client.status !== "ready") return
    clearTimeout(pause)
    attempts = 0
    hasReason = false
    isConnected = true
    probed()
    attempted.resolve()
  }
  const ended = (): void => {
    if (isClosed) return
    isConnected = false
    if (!hasReason) note(new RedisNotConnected({ kind: "closed" }))
    observed.isDown()
    attempted.resolve()
    attempts += 1
    after(pauseMillis(RECONNECT_PAUSES, attempts, Math.random())!, connect)
  }

  client.on("error", (error) => {
    hasReason = true
    note(error)
  })
  client.on("node error", note)
  client.on("ready", () => void ready())
  client.on("end", ended)
  // A node that the Cluster has got since. A command that is on its way to it has to come first, and then connects the node itself.
  client.on("+node", () => void setImmediate(() => isConnected && RedisClient.connectNodes(client)))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      isConnected = false
      clearTimeout(pause)
      RedisClient.close(client)
    })
  )
  connect()

  return {
    client,
    refusal: () => {
      if (isConnected && !breaker.isOpen()) return undefined
      const Cause = isConnected ? RedisBreakerOpen : RedisNotConnected
      if (!(refused?.cause instanceof Cause) || refused.cause.kind !== kind) {
        const cause = new Cause({ kind })
        refused = { error: toError(cause), cause }
      }
      return refused.error
    },
    answered: breaker.succeeded,
    failed: (failure, isCounted) => {
      // A connection that is lost tells its reason itself.
      if (!(failure instanceof RedisNotConnected)) note(failure)
      if (!isCounted || !breaker.failed() || !isConnected) return
      observed.isDown()
      probeLater()
    },
    attempted: Effect.promise(() => attempted.promise)
  }
})
