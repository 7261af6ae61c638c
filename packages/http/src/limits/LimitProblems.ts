/**
 * The problems of requests that are too many.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"
import * as Schema from "effect/Schema"
import { type Problem, problem } from "../problems/Problem.ts"

const retryAfterSeconds = described("When to try again, in seconds", Schema.Int)

/** A policy has counted as many requests as it allows. */
export class RateLimited extends TaggedError<RateLimited>()("RateLimited", {
  policy: described("The name of the limit, as RateLimit-Policy has it", Schema.String),
  retryAfterSeconds
}) {
  override get message(): string {
    return `The limit ${this.policy} is reached. Try again in ${this.retryAfterSeconds} s; nothing was done.`
  }
}
export const rateLimited: Problem<typeof RateLimited> = problem(RateLimited, {
  status: 429,
  code: "rate_limited",
  title: "There are too many requests"
})

/** The store that counts for all processes is away, and the policy lets nobody pass then. */
export class LimitsUnavailable extends TaggedError<LimitsUnavailable>()("LimitsUnavailable", { retryAfterSeconds }) {
  override get message(): string {
    return "The server cannot count requests at this moment, and does not do this without. Nothing was done."
  }
}
export const limitsUnavailable: Problem<typeof LimitsUnavailable> = problem(LimitsUnavailable, {
  status: 503,
  code: "limits_unavailable",
  title: "Requests cannot be counted at this moment"
})

export type Refusal = RateLimited | LimitsUnavailable
