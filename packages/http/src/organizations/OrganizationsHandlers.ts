/**
 * The handlers of the group `organizations`, for operators: each turns a request into one call of organizations behind the policy.
 */
import { GuardedOrganizations } from "@turnout/core/guard/application/access/GuardedOrganizations"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "organizations",
  Effect.gen(function* () {
    const organizations = yield* GuardedOrganizations
    return {
      list: ({ query }) =>
        toProblems(
          paged(query, ({ slug }) => slug, organizations.list),
          "query"
        ),
      get: ({ params }) => toProblems(organizations.get(params.organization), "path"),
      create: ({ payload }) => toProblems(organizations.create(payload), "body"),
      update: ({ params, payload }) => toProblems(organizations.update(params.organization, payload), "body")
    }
  })
)
