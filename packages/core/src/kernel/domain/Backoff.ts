/**
 * When to try again: after pauses that double up to a maximum, each drawn at random between nothing and its full length, and
 * only for a number of attempts.
 *
 * Source: M. Brooker, "Exponential Backoff And Jitter" (full jitter), AWS Architecture Blog.
 */

export interface RetryPolicy {
  /** The longest that the first pause can be. */
  readonly firstPauseMillis: number
  /** The longest that any pause can be. */
  readonly longestPauseMillis: number
  /** The most attempts, the first one included. */
  readonly maxAttempts: number
}

/** About three hours in all, on average. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  firstPauseMillis: 1_000,
  longestPauseMillis: 30 * 60 * 1_000,
  maxAttempts: 20
}

/**
 * The pauses of a component that waits until its store is back, for as long as that takes. They are short, since a question costs the
 * store little, and everybody waits for what the component does.
 */
export const STORE_PAUSES: RetryPolicy = { firstPauseMillis: 100, longestPauseMillis: 5_000, maxAttempts: Infinity }

/** The pauses of a component that waits until a sink or a queue is back, for as long as that takes. */
export const OUTAGE_PAUSES: RetryPolicy = { firstPauseMillis: 250, longestPauseMillis: 30_000, maxAttempts: Infinity }

/**
 * The milliseconds to wait after this number of failed attempts; `null` if there are to be no more. `random` is at least 0 and
 * less than 1.
 */
export const pauseMillis = (
  { firstPauseMillis, longestPauseMillis, maxAttempts }: RetryPolicy,
  attempts: number,
  random: number
): number | null =>
  attempts >= maxAttempts
    ? null
    : Math.floor(random * Math.min(longestPauseMillis, firstPauseMillis * 2 ** (attempts - 1)))
