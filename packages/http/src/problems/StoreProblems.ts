/**
 * Problems of a store that cannot carry out a request. It is safe to send the request again with the same idempotency key.
 */
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import { done, type Problem, problem } from "./Problem.ts"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

/**
 * The store cannot be reached, or too many transactions change the same event. Nothing has changed except the part in
 * `done`.
 */
export class StoreUnavailable extends TaggedError<StoreUnavailable>()("StoreUnavailable", {
  reason: described("What is wrong, and how to go on", Schema.String),
  retryAfterSeconds: described("When to try again, in seconds", Schema.Int),
  done
}) {
  override get message(): string {
    return this.reason
  }
}
export const storeUnavailable: Problem<typeof StoreUnavailable> = problem(StoreUnavailable, {
  status: 503,
  code: "store_unavailable",
  title: "The store is not available"
})

/** The connection to the store was lost while committing. */
export class OutcomeUnknown extends TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  retryAfterSeconds: described("When to try again, in seconds", Schema.Int),
  done
}) {
  override get message(): string {
    return "It is not known whether the request was carried out: send it again with the same idempotency key to learn the outcome."
  }
}
export const outcomeUnknown: Problem<typeof OutcomeUnknown> = problem(OutcomeUnknown, {
  status: 503,
  code: "outcome_unknown",
  title: "The outcome is not known"
})

export const overloaded: Problem<typeof Overloaded> = problem(Overloaded, {
  status: 503,
  code: "overloaded",
  title: "Too many requests are waiting"
})
