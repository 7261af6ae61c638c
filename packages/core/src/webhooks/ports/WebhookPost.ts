/**
 * Posting a message to the URL of a webhook, signed with its secrets.
 *
 * An adapter signs the body, checks the address that it connects to, and returns the response. It follows no redirect, makes no
 * second attempt, and draws no conclusion: whether a response is a failure, and what follows from it, are rules of
 * `WebhookHealth`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { WebhookResponse } from "../domain/WebhookHealth.ts"
import type { WebhookTarget } from "./WebhookStore.ts"

/** Posts a body under the id of a message. Interrupting it gives up the request. */
export type Post = (target: WebhookTarget, id: string, body: string) => Effect.Effect<WebhookResponse>

export class WebhookPost extends Context.Service<WebhookPost, Post>()("@turnout/WebhookPost") {}
