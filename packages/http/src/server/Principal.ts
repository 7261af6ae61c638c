/**
 * The principal of a request: the owner of its idempotency key, and the actor in the journal.
 */
import { ANONYMOUS } from "@turnout/core/admission/domain/state/WriteOptions"
import * as Context from "effect/Context"

/** The principal of all requests, unless a middleware distinguishes them and provides another. */
export const Principal: Context.Reference<string> = Context.Reference<string>("@turnout/Principal", {
  defaultValue: () => ANONYMOUS
})
