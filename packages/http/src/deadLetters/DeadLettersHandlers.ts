/**
 * The handlers of the group `deadLetters`, for operators: they list the dead letters of the queues that the server knows,
 * and move them back.
 */
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Redriving from "@turnout/core/consumer/application/Redriving"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import { DEFAULT_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import type { OperatorCredential } from "../admin/OperatorCredential.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"
import type { BodyBoundary, Boundary, QueryBoundary } from "../requests/Boundaries.ts"
import { MOVED_AT_ONCE } from "./DeadLettersApi.ts"

/** The handlers for queues, no two of which have the same name. */
export const layer = (
  all: ReadonlyArray<DeadLetters>
): Layer.Layer<
  HttpApiGroup.Service<"turnout-admin", "deadLetters">,
  never,
  AuditLog | OperatorCredential | BodyBoundary | Boundary | QueryBoundary
> => {
  const queues = new Map(all.map((letters) => [letters.name, letters]))
  const find = (queue: string): Effect.Effect<DeadLetters, OperatorProblems.DeadLettersNotFound> => {
    const letters = queues.get(queue)
    return letters === undefined
      ? Effect.fail(new OperatorProblems.DeadLettersNotFound({ queue }))
      : Effect.succeed(letters)
  }
  return HttpApiBuilder.group(
    AdminApi,
    "deadLetters",
    Effect.fnUntraced(function* (handlers) {
      const log = yield* AuditLog
      return handlers
        .handleAll({
          queues: () => Effect.succeed({ items: all.map(({ name, to }) => ({ name, to })) }),
          list: ({ params, query: { limit = DEFAULT_LIMIT } }) =>
            toProblems(
              Effect.gen(function* () {
                const { count, list, name, to } = yield* find(params.queue)
                return { name, to, count: yield* count, items: yield* list(limit) }
              }),
              "path"
            )
        })
        .handleRaw(
          "redrive",
          Body.withPayload(({ headers, params, payload: { messages: only } }) =>
            toProblems(
              Effect.gen(function* () {
                const asked = only === undefined ? { most: MOVED_AT_ONCE } : { only }
                const moved = yield* Redriving.redrive(yield* find(params.queue), asked, whoOf(headers))
                return { moved, isMore: only === undefined && moved === MOVED_AT_ONCE }
              }).pipe(Effect.provideService(AuditLog, log)),
              "body"
            )
          )
        )
    })
  )
}
