/**
 * The handlers of the group `keys`, for operators: each turns a request into one call of API keys behind the policy.
 */
import { GuardedKeys } from "@turnout/core/guard/application/access/GuardedKeys"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "keys",
  Effect.fnUntraced(function* (handlers) {
    const keys = yield* GuardedKeys
    return handlers
      .handleAll({
        list: ({ query: { organizationId, ...query } }) =>
          toProblems(
            paged(
              query,
              ({ id }) => id,
              (page) => keys.list(organizationId, page)
            ),
            "query"
          ),
        revoke: ({ params }) => toProblems(keys.revoke(params.keyId), "path")
      })
      .handleRaw(
        "create",
        Body.withPayload(({ payload }) => toProblems(keys.create(payload), "body"))
      )
      .handleRaw(
        "replace",
        Body.withPayload(({ params, payload }) => toProblems(keys.replace(params.keyId, payload), "body"))
      )
  })
)
