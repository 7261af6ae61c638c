/**
 * When a request to SQS that failed in passing is made again, by the client of AWS, which knows which failures those are:
 * throttled, a server's error, a connection that was cut.
 *
 * A sink or a worker waits out an outage by itself, so a queue that does not answer is given up soon. As long as other requests
 * get through, it is this one that had bad luck, and it is made again more often, after pauses that are short beside a
 * delivery that starts over.
 */
import type { SQSClientConfig } from "@aws-sdk/client-sqs"
import { pauseMillis } from "@turnout/core/kernel/domain/Backoff"

/** How often a request is made in all, while no other gets through, and while others do. */
const ATTEMPTS_ALONE = 2
export const MAX_ATTEMPTS = 5
/** After so many failures in a row, of all requests, none gets through. */
const FAILURES_OF_AN_OUTAGE = 8
const PAUSES = { firstPauseMillis: 5, longestPauseMillis: 1_000, maxAttempts: Infinity }

/** The pause before something is sent once more that has failed so often in passing. */
export const pauseAfter = (failures: number): number => pauseMillis(PAUSES, failures, Math.random())!

/** What the client asks. */
type Strategy = Extract<
  NonNullable<SQSClientConfig["retryStrategy"]>,
  { readonly acquireInitialRetryToken: unknown; readonly recordSuccess: unknown }
>
type Token = Awaited<ReturnType<Strategy["acquireInitialRetryToken"]>>

const token = (count: number, delay: number): Token => ({
  getRetryCount: () => count,
  getRetryDelay: () => delay
})

/** For one client: what has become of all of its requests counts. */
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
