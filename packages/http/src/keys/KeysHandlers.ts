/**
 * The handlers of the group `keys`, for operators: each turns a request into one call of API keys behind the policy.
 */
import { GuardedKeys } from "@turnout/core/guard/application/access/GuardedKeys"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "keys",
  Effect.gen(function* () {
    const keys = yield* GuardedKeys
    return {
      list: ({ query: { organizationId, ...query } }) =>
        toProblems(
          paged(
            query,
            ({ id }) => id,
            (page) => keys.list(organizationId, page)
          ),
          "query"
        ),
      revoke: ({ params }) => toProblems(keys.revoke(params.keyId), "path"),
      create: ({ payload }) => toProblems(keys.create(payload), "body"),
      replace: ({ params, payload }) => toProblems(keys.replace(params.keyId, payload), "body")
    }
  })
)
