/**
 * The group `webhooks` of the API for operators: the URLs that messages are posted to, those of the installation and those of
 * organizations.
 */
import { GivenOrganization } from "@turnout/core/access/domain/Organization"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { Rotation, WebhookChanges } from "@turnout/core/webhooks/application/Webhooks"
import { Webhook, WebhookAttempt, WebhookId, WebhookInput } from "@turnout/core/webhooks/domain/Webhook"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { type About, about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const ofWebhook = { webhookId: described("The id of the webhook", WebhookId) }

/** An organization, by which webhooks are added and listed. */
const organization = (description: string) =>
  described(description, Schema.optionalKey(GivenOrganization), { examples: ["music-society"] })

const WithSecret = Schema.Struct({
  webhook: described("The webhook", Webhook),
  secret: described(
    "The secret that its requests are signed with from now on: whsec_ and base64. It is shown this once only",
    Schema.String
  )
}).annotate({ identifier: "WithSecret" })

const changeWebhook = <const Name extends string>(name: Name, words: About) =>
  HttpApiEndpoint.post(name, `/admin/webhooks/:webhookId/${name}`, {
    params: ofWebhook,
    success: Webhook,
    error: OperatorProblems.webhookNotFound
  })
    .annotateMerge(about(words))
    .middleware(BodyBoundary)

export class WebhooksGroup extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.post("create", "/admin/webhooks", {
      payload: Schema.Struct({
        organization: organization(
          "The id or the short name of the organization that the webhook belongs to, for ever; without it, the installation for operators, and their own organization for others"
        ),
        ...WebhookInput.fields,
        from: described(
          "The first entry of the journal that is posted",
          Schema.optionalKey(Schema.Literals(["beginning", "now"])),
          {
            default: "now"
          }
        )
      }).annotate({ identifier: "WebhookInput" }),
      success: WithSecret.pipe(HttpApiSchema.status(201)),
      error: [RejectionProblems.organizationNotFound, OperatorProblems.tooManyWebhooks]
    })
      .annotateMerge(
        about({
          id: "createWebhook",
          summary: "Add a webhook",
          description:
            "Messages are posted to its URL from now on, or from the beginning of the journal: those about the events of its organization, or all, if it belongs to the installation. The section webhooks of /openapi.json has what is posted. The secret is shown this once only.",
          answer: "The webhook and its secret",
          body: {
            url: "https://example.com/hooks/turnout",
            types: ["AttendeeRegistered"],
            description: "Mail to attendees"
          }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/webhooks", {
      query: {
        organization: organization("Only the webhooks of the organization with this id or short name"),
        after: described("next of the page before", Schema.optionalKey(WebhookId)),
        limit
      },
      success: keyPage(Webhook, WebhookId, "WebhookPage"),
      error: RejectionProblems.organizationNotFound
    }).annotateMerge(
      about({
        id: "listWebhooks",
        summary: "List webhooks, the oldest first",
        description:
          "The webhooks of one organization, without their secrets. Without an organization, all webhooks for operators, and those of their own organization for others.",
        answer: "A page of webhooks"
      })
    ),
    HttpApiEndpoint.get("get", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      success: Webhook,
      error: OperatorProblems.webhookNotFound
    }).annotateMerge(
      about({
        id: "getWebhook",
        summary: "Get a webhook",
        description: "The webhook as it is now, without its secrets.",
        answer: "The webhook"
      })
    ),
    HttpApiEndpoint.patch("update", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      payload: WebhookChanges.annotate({ identifier: "WebhookChanges" }),
      success: Webhook,
      error: OperatorProblems.webhookNotFound
    })
      .annotateMerge(
        about({
          id: "updateWebhook",
          summary: "Change where and what is posted",
          description: "A field that is absent stays as it is. Whose the webhook is never changes.",
          answer: "The webhook as it is now",
          body: { description: "Mail and badges" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("rotate", "/admin/webhooks/:webhookId/rotate", {
      params: ofWebhook,
      payload: Rotation.annotate({ identifier: "RotationInput" }),
      success: WithSecret,
      error: [OperatorProblems.webhookNotFound, OperatorProblems.tooManySecrets]
    })
      .annotateMerge(
        about({
          id: "rotateWebhookSecret",
          summary: "Sign with a new secret, and for a while with the one before as well",
          description:
            "The secret is shown this once only. Secrets that were replaced before sign until the times that were promised for them.",
          answer: "The webhook and its new secret",
          body: { overlapMillis: 3_600_000 }
        })
      )
      .middleware(BodyBoundary),
    changeWebhook("enable", {
      id: "enableWebhook",
      summary: "Post again, beginning where it stopped",
      description: "Everything that has happened since it was disabled is posted.",
      answer: "The webhook as it is now"
    }),
    changeWebhook("disable", {
      id: "disableWebhook",
      summary: "Post nothing until it is enabled again",
      description: "The webhook keeps its place in the journal.",
      answer: "The webhook as it is now"
    }),
    HttpApiEndpoint.delete("remove", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      success: HttpApiSchema.NoContent,
      error: OperatorProblems.webhookNotFound
    })
      .annotateMerge(
        about({
          id: "removeWebhook",
          summary: "Remove a webhook",
          description: "Its log, its place in the journal and everything that waits for it are gone.",
          answer: "The webhook is removed"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("attempts", "/admin/webhooks/:webhookId/attempts", {
      params: ofWebhook,
      query: {
        after: described(
          "next of the page before",
          Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0)))
        ),
        limit
      },
      success: keyPage(WebhookAttempt, Schema.Int, "WebhookAttemptPage"),
      error: OperatorProblems.webhookNotFound
    }).annotateMerge(
      about({
        id: "listWebhookAttempts",
        summary: "List the requests that were made, the latest first",
        description: "Each with the status of its answer, and why it failed if it did.",
        answer: "A page of requests"
      })
    )
  )
  .annotate(
    OpenApi.Description,
    "URLs that messages are posted to. Members of an organization care for its webhooks, which are posted what happens to its events, and operators for all."
  ) {}
