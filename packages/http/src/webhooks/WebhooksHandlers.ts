/**
 * The handlers of the group `webhooks`, for operators: each turns a request into one call of the `Webhooks` service.
 */
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "webhooks",
  Effect.fnUntraced(function* (handlers) {
    const service = yield* Webhooks.Webhooks
    return handlers
      .handleAll({
        list: ({ query }) =>
          toProblems(
            paged(query, ({ id }) => id, service.list),
            "query"
          ),
        get: ({ params }) => toProblems(service.get(params.webhookId), "path"),
        enable: ({ headers, params }) => toProblems(service.enable(params.webhookId, whoOf(headers)), "path"),
        disable: ({ headers, params }) => toProblems(service.disable(params.webhookId, whoOf(headers)), "path"),
        remove: ({ headers, params }) => toProblems(service.remove(params.webhookId, whoOf(headers)), "path"),
        attempts: ({ params, query }) =>
          toProblems(
            paged(
              query,
              ({ id }) => id,
              (page) => service.attempts(params.webhookId, page)
            ),
            "query"
          )
      })
      .handleRaw(
        "create",
        Body.withPayload(({ headers, payload: { from = "now", ...input } }) =>
          toProblems(service.create(input, { who: whoOf(headers), from }), "body")
        )
      )
      .handleRaw(
        "update",
        Body.withPayload(({ headers, params, payload }) =>
          toProblems(service.update(params.webhookId, payload, whoOf(headers)), "body")
        )
      )
      .handleRaw(
        "rotate",
        Body.withPayload(({ headers, params, payload }) =>
          toProblems(service.rotate(params.webhookId, payload, whoOf(headers)), "body")
        )
      )
  })
)
