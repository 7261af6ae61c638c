/**
 * Webhooks whose operators may enter any endpoint, such as a server of a test at 127.0.0.1.
 */
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { WebhookEndpoints } from "@turnout/core/webhooks/ports/WebhookEndpoints"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer } from "effect"

const anyEndpoint = Layer.succeed(WebhookEndpoints, {
  allowPrivate: true,
  nameRefusal: () => Effect.succeed(undefined)
})

export const webhooks: Layer.Layer<Webhooks.Webhooks, never, WebhookStore> = Webhooks.layer.pipe(
  Layer.provide(anyEndpoint)
)
