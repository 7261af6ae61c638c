/**
 * The handlers of the group `deadLetters`, for operators: each turns a request into one call of the dead letters behind the policy.
 */
import { GuardedDeadLetters } from "@turnout/core/guard/application/GuardedDeadLetters"
import { DEFAULT_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import { MOVED_AT_ONCE } from "./DeadLettersApi.ts"

export const layer = Handlers.group(
  AdminApi,
  "deadLetters",
  Effect.gen(function* () {
    const deadLetters = yield* GuardedDeadLetters
    return {
      queues: () =>
        toProblems(
          Effect.map(deadLetters.queues, (items) => ({ items })),
          "path"
        ),
      list: ({ params, query: { limit = DEFAULT_LIMIT } }) => toProblems(deadLetters.list(params.queue, limit), "path"),
      redrive: ({ params, payload: { messages: only } }) => {
        const asked = only === undefined ? { most: MOVED_AT_ONCE } : { only }
        const moving = Effect.map(deadLetters.redrive(params.queue, asked), (moved) => ({
          moved,
          isMore: only === undefined && moved === MOVED_AT_ONCE
        }))
        return toProblems(moving, "body")
      }
    }
  })
)
