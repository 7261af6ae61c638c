/**
 * The handlers of the group `people`: each turns a request into one call of people behind the policy.
 */
import { GuardedPeople } from "@turnout/core/guard/application/access/GuardedPeople"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "people",
  Effect.gen(function* () {
    const people = yield* GuardedPeople
    return {
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
    }
  })
)
