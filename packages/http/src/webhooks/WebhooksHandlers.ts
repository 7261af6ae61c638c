/**
 * The handlers of the group `webhooks`: each turns a request into one call of webhooks behind the policy.
 */
import { GuardedWebhooks } from "@turnout/core/guard/application/GuardedWebhooks"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { paged } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "webhooks",
  Effect.gen(function* () {
    const webhooks = yield* GuardedWebhooks
    return {
      list: ({ query: { organization, ...query } }) =>
        toProblems(
          paged(
            query,
            ({ id }) => id,
            (page) => webhooks.list(organization, page)
          ),
          "query"
        ),
      get: ({ params }) => toProblems(webhooks.get(params.webhookId), "path"),
      enable: ({ params }) => toProblems(webhooks.enable(params.webhookId), "path"),
      disable: ({ params }) => toProblems(webhooks.disable(params.webhookId), "path"),
      remove: ({ params }) => toProblems(webhooks.remove(params.webhookId), "path"),
      attempts: ({ params, query }) =>
        toProblems(
          paged(
            query,
            ({ id }) => id,
            (page) => webhooks.attempts(params.webhookId, page)
          ),
          "query"
        ),
      create: ({ payload: { from = "now", organization, ...input } }) =>
        toProblems(webhooks.create(organization, input, { from }), "body"),
      update: ({ params, payload }) => toProblems(webhooks.update(params.webhookId, payload), "body"),
      rotate: ({ params, payload }) => toProblems(webhooks.rotate(params.webhookId, payload), "body")
    }
  })
)
