/**
 * The handlers of the group `organizations`, for operators: each turns a request into one call of organizations behind the policy.
 */
import { GuardedOrganizations } from "@turnout/core/guard/application/access/GuardedOrganizations"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "organizations",
  Effect.fnUntraced(function* (handlers) {
    const organizations = yield* GuardedOrganizations
    return handlers
      .handleAll({
        list: ({ query }) =>
          toProblems(
            paged(query, ({ slug }) => slug, organizations.list),
            "query"
          ),
        get: ({ params }) => toProblems(organizations.get(params.organization), "path")
      })
      .handleRaw(
        "create",
        Body.withPayload(({ payload }) => toProblems(organizations.create(payload), "body"))
      )
      .handleRaw(
        "update",
        Body.withPayload(({ params, payload }) =>
          toProblems(organizations.update(params.organization, payload), "body")
        )
      )
  })
)
