/**
 * The handlers of the group `deadLetters`, for operators: each turns a request into one call of the dead letters behind the policy.
 */
import { GuardedDeadLetters } from "@turnout/core/guard/application/GuardedDeadLetters"
import { DEFAULT_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"
import { MOVED_AT_ONCE } from "./DeadLettersApi.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "deadLetters",
  Effect.fnUntraced(function* (handlers) {
    const deadLetters = yield* GuardedDeadLetters
    return handlers
      .handleAll({
        queues: () =>
          toProblems(
            Effect.map(deadLetters.queues, (items) => ({ items })),
            "path"
          ),
        list: ({ params, query: { limit = DEFAULT_LIMIT } }) =>
          toProblems(deadLetters.list(params.queue, limit), "path")
      })
      .handleRaw(
        "redrive",
        Body.withPayload(({ params, payload: { messages: only } }) => {
          const asked = only === undefined ? { most: MOVED_AT_ONCE } : { only }
          const moving = Effect.map(deadLetters.redrive(params.queue, asked), (moved) => ({
            moved,
            isMore: only === undefined && moved === MOVED_AT_ONCE
          }))
          return toProblems(moving, "body")
        })
      )
  })
)
