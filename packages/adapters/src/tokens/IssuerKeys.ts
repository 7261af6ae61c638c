/**
 * The keys of one issuer, as this process knows them.
 *
 * They are fetched when the process begins, every `REFRESH_MILLIS`, sooner after a failure, when a token names a key that is not known,
 * and when an operator says so. There is one fetch at a time: those who need it wait for the same one, and none of them ends it by going
 * away. If it fails, the keys of before go on being used.
 *
 * An issuer that has failed `FAILURES_TO_OPEN` times is left alone for a while (its circuit is open), except by operators. Tokens with
 * unknown keys, which anybody can make, ask the issuer at most once in `ASKING_MILLIS`, whether it answers or not.
 */
import type { TokenIssuer } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { type IssuerState, IssuerUnreachable } from "@turnout/core/access/ports/TokenVerifier"
import * as Outage from "@turnout/core/kernel/application/Outage"
import * as Circuits from "@turnout/core/kernel/application/Circuits"
import { monotonicMillis, steady } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as Rest from "@turnout/core/kernel/application/time/Rest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { FetchKeys } from "./IssuerDocuments.ts"
import * as KeySet from "./KeySet.ts"

/** The time from one fetch to the next. A key that was revoked is gone after this time and that of a request. */
export const REFRESH_MILLIS = 5 * 60 * 1_000
/** The time from a failed fetch to the next one. */
export const RETRY_MILLIS = 30_000
/** The shortest time between two fetches that tokens have asked for. */
export const ASKING_MILLIS = 30_000
const FAILURES_TO_OPEN = 3
const OPEN_MILLIS = 30_000
const LONGEST_OPEN_MILLIS = 2 * 60 * 1_000

export interface IssuerKeys {
  /** Returns the keys, after the first fetch if that is under way or may be tried now. */
  readonly known: Effect.Effect<ReadonlyArray<KeySet.VerifyingKey>, IssuerUnreachable>
  /** Returns the keys after a fetch that a token has asked for, or as they are if it may ask for none now. */
  readonly askedAnew: Effect.Effect<ReadonlyArray<KeySet.VerifyingKey>, IssuerUnreachable>
  /** Fetches the keys by a request that begins after this, and returns what is known then. */
  readonly reload: Effect.Effect<IssuerState>
  readonly state: Effect.Effect<IssuerState>
}

/** The circuits of all issuers. */
export const circuits: Effect.Effect<CircuitBreaker.CircuitBreaker, never, Scope.Scope> = Circuits.make({
  failuresToOpen: FAILURES_TO_OPEN,
  openMillis: OPEN_MILLIS,
  longestOpenMillis: LONGEST_OPEN_MILLIS
})

interface Known {
  keys: ReadonlyArray<KeySet.VerifyingKey> | undefined
  fetchedAt: Date | null
  failure: IssuerState["failure"]
  /** The last fetch, which may be over. */
  fetch: Fiber.Fiber<void> | undefined
  /** When a token last asked for a fetch, in monotonic time. */
  askedAt: number
  /** Operators begin a new circuit: the one before may be open. */
  circuit: number
}

export const make = Effect.fnUntraced(function* (
  issuer: TokenIssuer,
  fetchKeys: FetchKeys,
  breaker: CircuitBreaker.CircuitBreaker
): Effect.fn.Return<IssuerKeys, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const scope = yield* Scope.Scope
  const now = (): number => monotonicMillis(clock)
  const outage = Outage.make(now)
  const name = issuer.issuer
  const known: Known = {
    keys: undefined,
    fetchedAt: null,
    failure: null,
    fetch: undefined,
    askedAt: -Infinity,
    circuit: 0
  }

  const succeeded = (keys: ReadonlyArray<KeySet.VerifyingKey>): Effect.Effect<void> =>
    Effect.suspend(() => {
      Object.assign(known, { keys, fetchedAt: new Date(clock.currentTimeMillisUnsafe()), failure: null })
      outage.worked()
      const millis = outage.over()
      return millis === undefined
        ? Effect.void
        : Effect.logInfo(`the keys of ${name} are fetched again after ${Outage.inWords(millis)}`)
    })

  const failed = (words: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      known.failure = { at: new Date(clock.currentTimeMillisUnsafe()), words }
      const meanwhile =
        known.fetchedAt === null
          ? "its tokens cannot be verified meanwhile"
          : `those of ${known.fetchedAt.toISOString()} go on being used`
      return outage.failed(words)
        ? Effect.logWarning(`the keys of ${name} could not be fetched: ${words}; ${meanwhile}`)
        : Effect.void
    })

  /** Fetches, unless the circuit is open, and notes what became of it. */
  const fetching = Effect.suspend(() =>
    Effect.result(
      fetchKeys(issuer).pipe(
        breaker.execute({ key: `${name} ${known.circuit}` }),
        Effect.provideService(Clock.Clock, steady(clock))
      )
    )
  ).pipe(
    Effect.flatMap((result) => {
      if (Result.isSuccess(result)) return succeeded(result.success.keys)
      return result.failure._tag === "KeysUnavailable" ? failed(result.failure.words) : Effect.void
    })
  )

  /** The fetch that is under way. */
  const underWay = (): Fiber.Fiber<void> | undefined =>
    known.fetch?.pollUnsafe() === undefined ? known.fetch : undefined

  /** Waits for the fetch that is under way, or for a new one. */
  const fetched: Effect.Effect<void> = Effect.gen(function* () {
    known.fetch = underWay() ?? (yield* Effect.forkIn(fetching, scope, { startImmediately: true }))
    yield* Fiber.await(known.fetch)
  })

  /** Waits for a fetch, unless a token would have to ask for one, and may not now. */
  const asked: Effect.Effect<void> = Effect.suspend(() => {
    if (underWay() !== undefined) return fetched
    if (now() - known.askedAt < ASKING_MILLIS) return Effect.void
    known.askedAt = now()
    return fetched
  })

  const keys: Effect.Effect<ReadonlyArray<KeySet.VerifyingKey>, IssuerUnreachable> = Effect.suspend(() => {
    if (known.keys !== undefined) return Effect.succeed(known.keys)
    const retryAfterMillis = Math.max(1_000, known.askedAt + ASKING_MILLIS - now())
    return Effect.fail(new IssuerUnreachable({ issuer: name, retryAfterMillis }))
  })

  const state = Effect.sync((): IssuerState => ({
    issuer: name,
    fetchedAt: known.fetchedAt,
    keys: KeySet.count(known.keys ?? []),
    failure: known.failure
  }))

  const refresh = Effect.suspend(() => Rest.millis(known.failure === null ? REFRESH_MILLIS : RETRY_MILLIS))
  yield* Effect.forkIn(Effect.forever(Effect.andThen(fetched, refresh)), scope, { startImmediately: true })

  return {
    known: Effect.suspend(() => (known.keys === undefined ? Effect.andThen(asked, keys) : keys)),
    askedAnew: Effect.andThen(asked, keys),
    reload: Effect.gen(function* () {
      known.circuit += 1
      // The answer to a fetch that has begun may be older than what the operator knows.
      const before = underWay()
      if (before !== undefined) yield* Fiber.await(before)
      yield* fetched
      return yield* state
    }),
    state
  }
})
