/**
 * A link to a Redis in a test, with metrics of its own, and what the tests measure of it.
 */
import * as RedisLink from "@turnout/adapters/redis"
import type * as RedisFailure from "@turnout/adapters/redis/failure"
import { RedisState, type ServerState } from "@turnout/adapters/redis/state"
import { Cause, Effect, Exit, Metric, Redacted } from "effect"
import * as Redis from "effect/persistence/Redis"
import type { Scope } from "effect"

export type Service = Redis.Redis["Service"]
export type Linked = Redis.Redis | RedisState

/** Runs a test with a link, whether its server is there or not, and closes the link. */
export const linkedAnyway = <A>(
  options: RedisLink.LinkOptions,
  test: (redis: Service) => Effect.Effect<A, unknown, Linked | Scope.Scope>
): Effect.Effect<A> =>
  Redis.Redis.use(test).pipe(
    Effect.scoped,
    Effect.provide(RedisLink.layer(options)),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.orDie
  )

export const toUrl = (url: string): { readonly url: Redacted.Redacted } => ({ url: Redacted.make(url) })

/** For tests that are not about deadlines, on a machine that is busy. */
export const PATIENT = { commandTimeoutMillis: 5_000 } as const

/** What a busy machine may add to a time. */
export const SLACK_MILLIS = 400

export const state: Effect.Effect<ServerState, never, RedisState> = RedisState.use(({ state }) => state)

/** How a command ended: the tag of its failure, or `ok`, and the milliseconds that it took. */
export interface Ending {
  readonly tag: string
  readonly cause: unknown
  readonly millis: number
}

export const endingOf = (sent: Effect.Effect<unknown, Redis.RedisError>): Effect.Effect<Ending> =>
  Effect.gen(function* () {
    const begun = performance.now()
    const exit = yield* Effect.exit(sent)
    const millis = performance.now() - begun
    if (Exit.isSuccess(exit)) return { tag: "ok", cause: exit.value, millis }
    const { cause } = Cause.squash(exit.cause) as { readonly cause: RedisFailure.RedisFailure }
    return { tag: cause._tag, cause, millis }
  })

/** Waits until something is so, for some milliseconds at most, and returns how long that took. */
export const until = <E, R>(
  holds: Effect.Effect<boolean, E, R>,
  what: string,
  millis = 10_000
): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    const begun = performance.now()
    while (!(yield* holds)) {
      if (performance.now() - begun > millis) return yield* Effect.die(new Error(`it did not happen that ${what}`))
      yield* Effect.sleep(5)
    }
    return performance.now() - begun
  })

/** Waits until the link is up, or down. */
export const untilIt = (status: ServerState["status"], millis?: number): Effect.Effect<number, never, RedisState> =>
  until(
    Effect.map(state, (now) => now.status === status),
    `the link is ${status}`,
    millis
  )

/** Runs a test with a link that is up. A machine that is busy may take longer for that than the layer waits. */
export const linked = <A>(
  options: RedisLink.LinkOptions,
  test: (redis: Service) => Effect.Effect<A, unknown, Linked | Scope.Scope>
): Effect.Effect<A> => linkedAnyway(options, (redis) => Effect.andThen(untilIt("up"), test(redis)))
