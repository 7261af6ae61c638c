/**
 * The group `webhooks` of the API for operators: the URLs that messages are posted to.
 */
import { Rotation, WebhookChanges } from "@turnout/core/webhooks/application/Webhooks"
import { Webhook, WebhookAttempt, WebhookId, WebhookInput } from "@turnout/core/webhooks/domain/Webhook"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { headers } from "../admin/Actor.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary, Boundary } from "../requests/Boundaries.ts"
import { describeLimit, keyPage, limit } from "../requests/Paging.ts"

const ofWebhook = { webhookId: WebhookId }

const WithSecret = Schema.Struct({ webhook: Webhook, secret: Schema.String }).annotate({ identifier: "WithSecret" })

const changeWebhook = <const Name extends string>(name: Name, summary: string) =>
  HttpApiEndpoint.post(name, `/admin/webhooks/:webhookId/${name}`, {
    params: ofWebhook,
    headers,
    success: Webhook,
    error: OperatorProblems.webhookNotFound
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(BodyBoundary)

export class WebhooksGroup extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.post("create", "/admin/webhooks", {
      headers,
      payload: Schema.Struct({
        ...WebhookInput.fields,
        from: Schema.optionalKey(Schema.Literals(["beginning", "now"]))
      }).annotate({ identifier: "WebhookInput" }),
      success: WithSecret.pipe(HttpApiSchema.status(201))
    })
      .annotate(OpenApi.Summary, "Add a webhook; its secret is shown this once only")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/webhooks", {
      query: { after: Schema.optionalKey(WebhookId), limit },
      success: keyPage(Webhook, WebhookId, "WebhookPage")
    })
      .annotate(OpenApi.Summary, "List webhooks, the oldest first")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("get", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      success: Webhook,
      error: OperatorProblems.webhookNotFound
    }).annotate(OpenApi.Summary, "Get a webhook"),
    HttpApiEndpoint.patch("update", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      headers,
      payload: WebhookChanges.annotate({ identifier: "WebhookChanges" }),
      success: Webhook,
      error: OperatorProblems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "Change where and what is posted")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("rotate", "/admin/webhooks/:webhookId/rotate", {
      params: ofWebhook,
      headers,
      payload: Rotation.annotate({ identifier: "RotationInput" }),
      success: WithSecret,
      error: [OperatorProblems.webhookNotFound, OperatorProblems.tooManySecrets]
    })
      .annotate(OpenApi.Summary, "Sign with a new secret, and for a while with the one before as well")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    changeWebhook("enable", "Post again, beginning where it stopped"),
    changeWebhook("disable", "Post nothing until it is enabled again"),
    HttpApiEndpoint.delete("remove", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      headers,
      success: HttpApiSchema.NoContent,
      error: OperatorProblems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "Remove a webhook, with its log and everything that waits for it")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("attempts", "/admin/webhooks/:webhookId/attempts", {
      params: ofWebhook,
      query: {
        after: Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0))),
        limit
      },
      success: keyPage(WebhookAttempt, Schema.Int, "WebhookAttemptPage"),
      error: OperatorProblems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "List the requests that were made, the latest first")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(OpenApi.Description, "URLs that messages are posted to.") {}
