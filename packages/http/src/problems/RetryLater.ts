/**
 * Answers that ask the client to try again later.
 */
import * as Effect from "effect/Effect"
import * as Exchange from "../pipeline/Exchange.ts"

/** The default of `Retry-After`. */
export const RETRY_AFTER_SECONDS = 1

/** Fails with an error, and sets `Retry-After` on the answer. */
export const retryLater = <E>(
  error: E,
  seconds = RETRY_AFTER_SECONDS
): Effect.Effect<never, E, Exchange.CurrentExchange> =>
  Effect.andThen(Exchange.setHeader("retry-after", String(seconds)), Effect.fail(error))
