/**
 * The handlers of the group `issuers`, for operators.
 */
import { GuardedIssuers } from "@turnout/core/guard/application/access/GuardedIssuers"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "issuers",
  Effect.fnUntraced(function* (handlers) {
    const issuers = yield* GuardedIssuers
    return handlers.handleAll({
      reload: () =>
        toProblems(
          Effect.map(issuers.reload, (items) => ({ items })),
          "path"
        )
    })
  })
)
