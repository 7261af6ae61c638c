/**
 * The buckets of one policy in this process. There are never more than a bound of them: the one that was asked the longest time ago makes
 * room for a new one, so that who comes from many addresses fills no memory.
 */
import type { Bucket } from "./LimitPolicy.ts"

/** What a bucket says to a request. */
export interface Count {
  readonly isAllowed: boolean
  /** The tokens that are left. */
  readonly remaining: number
  /** The time until the bucket is full again. */
  readonly resetMillis: number
  /** The time until the bucket has the tokens for a request that is refused; 0 if it is not. */
  readonly retryMillis: number
}

interface State {
  tokens: number
  atMillis: number
}

/** The most buckets of a policy. */
export const MAX_BUCKETS = 50_000

export class LocalBuckets {
  private readonly bucket: Bucket
  private readonly maxBuckets: number
  private readonly states = new Map<string, State>()

  constructor(bucket: Bucket, maxBuckets = MAX_BUCKETS) {
    this.bucket = bucket
    this.maxBuckets = maxBuckets
  }

  get size(): number {
    return this.states.size
  }

  /** Takes tokens out of a bucket, unless it has too few. `nowMillis` is a monotonic time. */
  take(key: string, cost: number, nowMillis: number): Count {
    const { capacity, millisPerToken } = this.bucket
    const state = this.states.get(key)
    const tokens =
      state === undefined ? capacity : Math.min(capacity, state.tokens + (nowMillis - state.atMillis) / millisPerToken)
    const isAllowed = tokens >= cost
    const left = isAllowed ? tokens - cost : tokens
    // Who was asked last stands at the end of the map.
    this.states.delete(key)
    this.states.set(key, { tokens: left, atMillis: nowMillis })
    if (this.states.size > this.maxBuckets) this.states.delete(this.states.keys().next().value!)
    return {
      isAllowed,
      remaining: Math.floor(left),
      resetMillis: (capacity - left) * millisPerToken,
      retryMillis: isAllowed ? 0 : (cost - tokens) * millisPerToken
    }
  }

  /** What a bucket says to a request that takes nothing. */
  look(key: string, nowMillis: number): Count {
    const { millisPerToken } = this.bucket
    const { remaining, resetMillis } = this.take(key, 0, nowMillis)
    const missing = Math.max(0, resetMillis - (this.bucket.capacity - 1) * millisPerToken)
    return { isAllowed: remaining >= 1, remaining, resetMillis, retryMillis: missing }
  }

  /** Empties a bucket for a time, as somebody else has counted. */
  empty(key: string, retryMillis: number, cost: number, nowMillis: number): void {
    const tokens = cost - retryMillis / this.bucket.millisPerToken
    this.states.delete(key)
    this.states.set(key, { tokens, atMillis: nowMillis })
  }
}
