/**
 * Retries of a request to SQS after a failure that may pass. The client of AWS makes them, and knows which failures those are:
 * throttling, a server's error, a connection that was cut.
 *
 * A sink or a consumer waits out an outage by itself, so a queue that does not answer is given up soon. As long as other
 * requests get through, a request is made again more often, after pauses that are short compared with starting the delivery
 * over.
 */
import type { SQSClientConfig } from "@aws-sdk/client-sqs"
import { pauseMillis } from "@turnout/core/kernel/domain/Backoff"

/** The most attempts of a request: while no other request gets through, and while others do. */
const ATTEMPTS_ALONE = 2
export const MAX_ATTEMPTS = 5
/** After this number of failures in a row, over all requests, no request counts as getting through. */
const FAILURES_OF_AN_OUTAGE = 8
const PAUSES = { firstPauseMillis: 5, longestPauseMillis: 1_000, maxAttempts: Infinity }

/** The pause before the next attempt, in milliseconds, after this number of failures. */
export const pauseAfter = (failures: number): number => pauseMillis(PAUSES, failures, Math.random())!

/** The interface of the client's retry strategy. */
type Strategy = Extract<
  NonNullable<SQSClientConfig["retryStrategy"]>,
  { readonly acquireInitialRetryToken: unknown; readonly recordSuccess: unknown }
>
type Token = Awaited<ReturnType<Strategy["acquireInitialRetryToken"]>>

const token = (count: number, delay: number): Token => ({
  getRetryCount: () => count,
  getRetryDelay: () => delay
})

/** A strategy for one client: the results of all of its requests count. */
export const make = (): Strategy => {
  let failuresInARow = FAILURES_OF_AN_OUTAGE
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    refreshRetryTokenForRetry: async (before, { errorType }) => {
      failuresInARow += 1
      const attempts = before.getRetryCount() + 1
      const most = failuresInARow < FAILURES_OF_AN_OUTAGE ? MAX_ATTEMPTS : ATTEMPTS_ALONE
      if (attempts >= most || (errorType !== "TRANSIENT" && errorType !== "THROTTLING")) throw new Error("no retry")
      return token(attempts, pauseAfter(attempts))
    },
    recordSuccess: () => void (failuresInARow = 0)
  }
}
