/**
 * Channels that are listened to, all over one connection of their own, which is there while there is a listener.
 *
 * The connection is made anew for as long as it takes, and subscribes again. What is published meanwhile is lost, as Redis does it. A
 * server that hangs is found out by a `PING` every `PING_MILLIS`.
 */
import { pauseMillis } from "@turnout/core/kernel/domain/Backoff"
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import type { Redis as Client } from "ioredis"
import { close } from "./RedisClient.ts"
import { RECONNECT_PAUSES } from "./RedisConnection.ts"
import { RedisReplied, toError, toFailure } from "./RedisFailure.ts"

/** The time from one `PING` to the next. */
export const PING_MILLIS = 2_000

interface Listener {
  readonly onMessage: (message: Redis.RedisMessage) => void
  /** Called when the channel has been subscribed to, each time. */
  readonly subscribed: PromiseWithResolvers<void>
  /** Rejected if the server refuses the channel. */
  readonly refused: PromiseWithResolvers<never>
}

/**
 * Listens to a channel for as long as the scope lasts. Waits until the server has confirmed that, but no longer than for a while: without
 * a server, messages begin later. The effect that it returns ends only if the server refuses the channel.
 */
export type Subscribe = (
  channel: string,
  onMessage: (message: Redis.RedisMessage) => void
) => Effect.Effect<Effect.Effect<void, Redis.RedisError>, never, Scope.Scope>

/** `makeClient` makes the client for an attempt, and `waitMillis` is how long a subscription is waited for. */
export const make = Effect.fnUntraced(function* (
  makeClient: (attempt: number) => Client,
  waitMillis: number
): Effect.fn.Return<Subscribe, never, Scope.Scope> {
  const listeners = new Map<string, Set<Listener>>()
  let client: Client | undefined
  let attempts = 0
  let isClosed = false
  let [reconnecting, pinging]: Array<NodeJS.Timeout | undefined> = []

  const subscribeTo = (channel: string): void => {
    if (client?.status !== "ready") return
    const present = client
    present.subscribe(channel).then(
      () => {
        for (const { subscribed } of listeners.get(channel) ?? []) subscribed.resolve()
      },
      (thrown: unknown) => {
        const failure = toFailure(thrown)
        // A connection that was lost subscribes again when it is back.
        if (!(failure instanceof RedisReplied)) return
        for (const { refused } of listeners.get(channel) ?? []) refused.reject(toError(failure))
      }
    )
  }

  const open = (): void => {
    const opened = makeClient(attempts)
    client = opened
    opened.on("error", () => {})
    opened.on("message", (channel, message) => {
      for (const { onMessage } of listeners.get(channel) ?? []) onMessage({ channel, message })
    })
    opened.on("ready", () => {
      if (client !== opened) return
      attempts = 0
      for (const channel of listeners.keys()) subscribeTo(channel)
      // Without an answer the connection ends, since it was silent for too long.
      pinging = setInterval(() => void opened.ping().catch(() => {}), PING_MILLIS).unref()
    })
    opened.on("end", () => {
      if (client !== opened) return
      clearInterval(pinging)
      attempts += 1
      reconnecting = setTimeout(open, pauseMillis(RECONNECT_PAUSES, attempts, Math.random())!).unref()
    })
    opened.connect().catch(() => {})
  }

  const shut = (): void => {
    clearTimeout(reconnecting)
    clearInterval(pinging)
    const present = client
    client = undefined
    attempts = 0
    if (present !== undefined) close(present)
  }

  const add = (channel: string, listener: Listener): void => {
    const others = listeners.get(channel)
    if (others === undefined) listeners.set(channel, new Set([listener]))
    else others.add(listener)
    if (client !== undefined) subscribeTo(channel)
    else if (!isClosed) open()
  }

  const remove = (channel: string, listener: Listener): void => {
    const others = listeners.get(channel)
    others?.delete(listener)
    if (others?.size !== 0) return
    listeners.delete(channel)
    if (listeners.size === 0) shut()
    else if (client?.status === "ready") client.unsubscribe(channel).catch(() => {})
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      shut()
    })
  )

  return (channel, onMessage) =>
    Effect.gen(function* () {
      const subscribed = Promise.withResolvers<void>()
      const refused = Promise.withResolvers<never>()
      // The refusal may come when nobody waits for it yet.
      refused.promise.catch(() => {})
      const listener: Listener = { onMessage, subscribed, refused }
      yield* Effect.acquireRelease(
        Effect.sync(() => add(channel, listener)),
        () => Effect.sync(() => remove(channel, listener))
      )
      const first = Promise.race([subscribed.promise, refused.promise.catch(() => {})])
      yield* Effect.timeoutOption(
        Effect.promise(() => first),
        waitMillis
      )
      return Effect.tryPromise({ try: () => refused.promise, catch: (error) => error as Redis.RedisError })
    })
})
