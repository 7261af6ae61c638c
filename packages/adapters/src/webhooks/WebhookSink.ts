/**
 * Sinks of webhooks (`WebhookSink` of the core) that post over HTTP. Needs `undici`, `ipaddr.js` and `standardwebhooks` to be
 * installed.
 *
 * Requests go only to public addresses, and by https only, unless `allowPrivate`, which holds for webhooks of the installation. The
 * headers are those of Standard Webhooks:
 * `webhook-id`, `webhook-timestamp`, and `webhook-signature` with every secret that is in force; and `traceparent`, if the entry happened
 * in a span.
 */
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Core from "@turnout/core/webhooks/application/WebhookSink"
import { WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as WebhookRequest from "./WebhookRequest.ts"

export interface WebhookOptions extends Core.WebhookSinkOptions {
  /**
   * Whether addresses of private networks, and plain http, are allowed: for development, or for endpoints in the operator's
   * network. Webhooks of organizations are posted to public addresses in any case.
   */
  readonly allowPrivate?: boolean
}

/** Posts over HTTP, with connections that are shared for as long as the layer is there. */
export const layerPost = (options: WebhookOptions = {}): Layer.Layer<WebhookPost> => {
  const { allowPrivate = false, concurrency: connections, timeoutMillis } = { ...Core.DEFAULTS, ...options }
  return Layer.effect(WebhookPost, WebhookRequest.make({ allowPrivate, timeoutMillis, connections }))
}

/** Makes sinks that share connections and circuits. */
export const make = (
  options: WebhookOptions = {}
): Effect.Effect<Core.WebhookSinks, never, AdmissionReads | WebhookStore | Scope.Scope> =>
  Effect.flatMap(Layer.build(layerPost(options)), (context) => Effect.provide(Core.make(options), context))
