/**
 * Problems after which a client should try again, and when.
 */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { setHeader } from "../server/Boundary.ts"

/** When to try again, where nothing says more. */
export const RETRY_AFTER_SECONDS = 1

/** Fails with an error, and tells the client by `Retry-After` when to try again. */
export const retryLater = <E>(
  error: E,
  seconds = RETRY_AFTER_SECONDS
): Effect.Effect<never, E, HttpServerRequest.HttpServerRequest> =>
  Effect.andThen(setHeader("retry-after", String(seconds)), Effect.fail(error))
