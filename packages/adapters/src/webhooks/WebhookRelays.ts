/**
 * Relays to every webhook that is enabled (`WebhookRelays` of the core), over HTTP. Needs `undici`, `ipaddr.js` and
 * `standardwebhooks` to be installed.
 */
import * as Core from "@turnout/core/webhooks/application/WebhookRelays"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as WebhookSink from "./WebhookSink.ts"

export interface WebhookRelayOptions extends Core.WebhookRelayOptions, WebhookSink.WebhookOptions {}

/** Delivers to webhooks for as long as the layer is there. */
export const layer = (
  options?: WebhookRelayOptions
): Layer.Layer<never, never, AdmissionReads | WebhookStore | Outbox | Replays> =>
  Layer.effectDiscard(Effect.forkScoped(Core.run(options))).pipe(Layer.provide(WebhookSink.layerPost(options)))
