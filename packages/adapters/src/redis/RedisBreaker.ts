/**
 * The circuit breaker before a Redis: it opens after failures in a row, and closes when a probe was answered.
 *
 * It has the words of effect's `CircuitBreaker`, which is not used here: that one costs 5 to 10 µs a command, and a command of Redis costs
 * 4. This one has no time of its own: its owner makes the probes, one at a time, with a pause before each. A breaker that a probe has
 * closed opens again at the first failure, for longer, until a command has worked.
 */
import { pauseMillis, type RetryPolicy } from "@turnout/core/kernel/domain/Backoff"

/** The failures in a row that open the breaker. */
export const FAILURES_TO_OPEN = 5

/** The pauses before probes. Half of a pause is certain, so that a server is never asked without one. */
const PAUSES: RetryPolicy = { firstPauseMillis: 200, longestPauseMillis: 1_000, maxAttempts: Infinity }

/** The longest pause before a probe. */
export const LONGEST_PAUSE_MILLIS = PAUSES.longestPauseMillis

export interface RedisBreaker {
  readonly isOpen: () => boolean
  /** Notes that a command has worked. */
  readonly succeeded: () => void
  /** Notes that the server has failed. Returns whether that has opened the breaker. */
  readonly failed: () => boolean
  /** Closes the breaker: a probe was answered. */
  readonly close: () => void
  /** The milliseconds before the next probe. `random` is at least 0 and less than 1. */
  readonly pauseMillis: (random: number) => number
}

/** A breaker that is closed. */
export const make = (): RedisBreaker => {
  let isOpen = false
  let failures = 0
  /** Openings and failed probes since a command worked. */
  let pauses = 0
  return {
    isOpen: () => isOpen,
    succeeded: () => {
      // A command from before the breaker opened says nothing of the server now.
      if (!isOpen) failures = pauses = 0
    },
    failed: () => {
      failures += 1
      if (isOpen || failures < FAILURES_TO_OPEN) return false
      isOpen = true
      return true
    },
    close: () => {
      if (isOpen) failures = FAILURES_TO_OPEN - 1
      isOpen = false
    },
    pauseMillis: (random) => {
      pauses += 1
      return pauseMillis(PAUSES, pauses, 0.5 + random / 2)!
    }
  }
}
