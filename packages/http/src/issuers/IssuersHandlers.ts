/**
 * The handlers of the group `issuers`, for operators.
 */
import { GuardedIssuers } from "@turnout/core/guard/application/access/GuardedIssuers"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "issuers",
  Effect.gen(function* () {
    const issuers = yield* GuardedIssuers
    return {
      reload: () =>
        toProblems(
          Effect.map(issuers.reload, (items) => ({ items })),
          "path"
        )
    }
  })
)
