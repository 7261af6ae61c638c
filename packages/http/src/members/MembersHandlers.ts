/**
 * The handlers of the group `members`: each turns a request into one call of members behind the policy.
 */
import { GuardedMembers } from "@turnout/core/guard/application/access/GuardedMembers"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "members",
  Effect.fnUntraced(function* (handlers) {
    const members = yield* GuardedMembers
    return handlers
      .handleAll({
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
        remove: ({ params }) => toProblems(members.remove(params.organization, params.memberId), "path")
      })
      .handleRaw(
        "add",
        Body.withPayload(({ params, payload }) => toProblems(members.add(params.organization, payload), "body"))
      )
      .handleRaw(
        "change",
        Body.withPayload(({ params, payload }) =>
          toProblems(members.change(params.organization, params.memberId, payload), "body")
        )
      )
  })
)
