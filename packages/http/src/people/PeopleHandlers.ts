/**
 * The handlers of the group `people`: each turns a request into one call of people behind the policy.
 */
import { GuardedPeople } from "@turnout/core/guard/application/access/GuardedPeople"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "people",
  Effect.fnUntraced(function* (handlers) {
    const people = yield* GuardedPeople
    return handlers.handleAll({
      list: ({ params, query: { after, limit, ...query } }) =>
        toProblems(
          paged(
            { ...(after !== undefined && { after }), ...(limit !== undefined && { limit }) },
            ({ id }) => id,
            (page) => people.list(params.organization, query, page)
          ),
          "query"
        ),
      find: ({ query }) =>
        toProblems(
          Effect.map(people.find(query.address), (items) => ({ items })),
          "query"
        ),
      get: ({ params }) => toProblems(people.get(params.personId), "path"),
      deactivate: ({ params }) => toProblems(people.deactivate(params.personId), "path"),
      reactivate: ({ params }) => toProblems(people.reactivate(params.personId), "path")
    })
  })
)
