/**
 * The limits of a server: whether a request may pass, by the policies that cover it.
 *
 * Each process counts by itself, which costs a look into a map. If there is a store that all processes share, it counts those that the
 * process lets pass, so that the processes together keep the limit. What the store has refused, the process refuses by itself until it
 * may pass again. While the store cannot be asked, a policy counts in the process alone, or refuses, as it says.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import { type Bucket, bucketOf, type CountedBy, type LimitPolicy } from "./LimitPolicy.ts"
import type { LimitMetrics } from "./LimitMetrics.ts"
import { type Count, LocalBuckets } from "./LocalBuckets.ts"

/** The limiter that the processes share: effect's, on a store such as Redis. */
export type SharedLimiter = RateLimiter.RateLimiter

/** Who asks, as far as it is known. A policy is passed over that counts by something that is not known. */
export type Keys = Readonly<Partial<Record<CountedBy, string | undefined>>>

/** What the policies say to a request. */
export interface Verdict {
  /** The policy with the fewest tokens left, or that which refuses. */
  readonly policy: LimitPolicy
  readonly count: Count
}

/** The store cannot say whether a request may pass, and the policy is closed then. */
export const UNKNOWN = "unknown"
export type Unknown = typeof UNKNOWN

/** The time for which a policy that is closed refuses while the store is away. */
const AWAY_MILLIS = 1_000

interface Counter {
  readonly policy: LimitPolicy
  readonly bucket: Bucket
  readonly local: LocalBuckets
}

/** The store that all processes share, and what is noted of it. */
export interface Shared {
  readonly limiter: SharedLimiter
  readonly metrics: Pick<LimitMetrics, "asked">
}

/** The policies that cover an operation, each with what it has counted. */
export type Covering = ReadonlyArray<Counter>

export class Limits {
  private readonly counters: ReadonlyArray<Counter>
  private readonly shared: Shared | undefined
  private readonly nowMillis: () => number

  constructor(policies: ReadonlyArray<LimitPolicy>, shared: Shared | undefined, nowMillis = () => performance.now()) {
    this.counters = policies.map((policy) => {
      const bucket = bucketOf(policy)
      return { policy, bucket, local: new LocalBuckets(bucket) }
    })
    this.shared = shared
    this.nowMillis = nowMillis
  }

  /** The policies that cover an operation for some callers, and count by one of `kinds`. */
  covering(
    operation: string,
    callers: ReadonlyArray<LimitPolicy["callers"]>,
    kinds: ReadonlyArray<CountedBy>
  ): Covering {
    return this.counters.filter(
      ({ policy }) =>
        (policy.operations === "all" || policy.operations.includes(operation)) &&
        callers.includes(policy.callers) &&
        kinds.includes(policy.countedBy)
    )
  }

  /** Asks the policies; `undefined` if none of them counts by what is known. */
  take(covering: Covering, keys: Keys): Verdict | undefined | Effect.Effect<Verdict | Unknown | undefined> {
    let tightest: Verdict | undefined
    for (const { local, policy } of covering) {
      const key = keys[policy.countedBy]
      if (key === undefined) continue
      const count = local.take(key, policy.cost, this.nowMillis())
      if (tightest === undefined || !count.isAllowed || count.remaining < tightest.count.remaining)
        tightest = { policy, count }
      if (!count.isAllowed) break
    }
    if (tightest === undefined || !tightest.count.isAllowed || this.shared === undefined) return tightest
    return this.takeShared(this.shared, covering, keys, tightest)
  }

  /** What is said to requests that take nothing, if one of the policies has no token left. */
  full(covering: Covering, keys: Keys): Verdict | undefined {
    for (const { local, policy } of covering) {
      const key = keys[policy.countedBy]
      if (key === undefined) continue
      const count = local.look(key, this.nowMillis())
      if (!count.isAllowed) return { policy, count }
    }
    return undefined
  }

  /** Counts a request in this process, whether or not it may pass. */
  count(covering: Covering, keys: Keys): void {
    for (const { local, policy } of covering) {
      const key = keys[policy.countedBy]
      if (key !== undefined) local.take(key, policy.cost, this.nowMillis())
    }
  }

  private readonly takeShared = Effect.fnUntraced(function* (
    this: Limits,
    shared: Shared,
    covering: Covering,
    keys: Keys,
    local: Verdict
  ) {
    let tightest = local
    for (const counter of covering) {
      const { bucket, policy } = counter
      const key = keys[policy.countedBy]
      if (key === undefined) continue
      const answer = yield* this.ask(shared, counter, key)
      if (answer === UNKNOWN) {
        if (policy.whenStoreIsAway === "closed") return UNKNOWN
        continue
      }
      if (!answer.isAllowed) {
        counter.local.empty(key, answer.retryMillis, policy.cost, this.nowMillis())
        return { policy, count: answer }
      }
      if (answer.remaining < Math.min(tightest.count.remaining, bucket.capacity)) tightest = { policy, count: answer }
    }
    return tightest
  })

  private ask({ limiter, metrics }: Shared, { bucket, policy }: Counter, key: string): Effect.Effect<Count | Unknown> {
    const { capacity, millisPerToken } = bucket
    return limiter
      .consume({
        algorithm: "token-bucket",
        onExceeded: "fail",
        // A policy with other numbers has other buckets. Braces keep what belongs to a bucket on one node of a cluster.
        key: `{${policy.name}:${policy.limit}:${policy.windowSeconds}:${key}}`,
        limit: capacity,
        window: Duration.millis(capacity * millisPerToken),
        tokens: policy.cost
      })
      .pipe(
        Effect.map(({ remaining, resetAfter }): Count => ({
          isAllowed: true,
          remaining,
          resetMillis: Duration.toMillis(resetAfter),
          retryMillis: 0
        })),
        Effect.catch(({ reason }): Effect.Effect<Count | Unknown> => {
          if (reason._tag !== "RateLimitExceeded") return Effect.succeed(UNKNOWN)
          const millis = Duration.toMillis(reason.retryAfter)
          return Effect.succeed({ isAllowed: false, remaining: 0, resetMillis: millis, retryMillis: millis })
        }),
        Effect.map((answer) => {
          metrics.asked(answer === UNKNOWN)
          return answer
        })
      )
  }
}

/** The time after which to ask again, in whole seconds, of which there is at least one. */
export const retryAfterSeconds = (verdict: Verdict | Unknown): number =>
  Math.max(1, Math.ceil((verdict === UNKNOWN ? AWAY_MILLIS : verdict.count.retryMillis) / 1_000))

/** The limiter that the processes share, if there is one. */
export const CurrentSharedLimiter: Context.Reference<SharedLimiter | undefined> = Context.Reference<
  SharedLimiter | undefined
>("@turnout/SharedLimiter", { defaultValue: () => undefined })
