/**
 * The handlers of the group `members`: each turns a request into one call of members behind the policy.
 */
import { GuardedMembers } from "@turnout/core/guard/application/access/GuardedMembers"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "members",
  Effect.gen(function* () {
    const members = yield* GuardedMembers
    return {
      list: ({ params, query }) =>
        toProblems(
          paged(
            query,
            ({ id }) => id,
            (page) => members.list(params.organization, page)
          ),
          "query"
        ),
      get: ({ params }) => toProblems(members.get(params.organization, params.memberId), "path"),
      remove: ({ params }) => toProblems(members.remove(params.organization, params.memberId), "path"),
      add: ({ params, payload }) => toProblems(members.add(params.organization, payload), "body"),
      change: ({ params, payload }) => toProblems(members.change(params.organization, params.memberId, payload), "body")
    }
  })
)
