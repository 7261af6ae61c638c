/**
 * The handlers of the group `organizations`, for operators: each turns a request into one call of the `Organizations` service.
 */
import { Organizations } from "@turnout/core/access/application/Organizations"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "organizations",
  Effect.fnUntraced(function* (handlers) {
    const service = yield* Organizations
    return handlers
      .handleAll({
        list: ({ query }) =>
          toProblems(
            paged(query, ({ slug }) => slug, service.list),
            "query"
          ),
        get: ({ params }) => toProblems(service.get(params.organization), "path")
      })
      .handleRaw(
        "create",
        Body.withPayload(({ headers, payload }) => toProblems(service.create(payload, whoOf(headers)), "body"))
      )
      .handleRaw(
        "update",
        Body.withPayload(({ headers, params, payload }) =>
          toProblems(service.update(params.organization, payload, whoOf(headers)), "body")
        )
      )
  })
)
