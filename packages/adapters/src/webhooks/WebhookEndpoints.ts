/**
 * The endpoints that operators may enter (`WebhookEndpoints` of the core), with names resolved as Node does it. Needs `ipaddr.js` to
 * be installed.
 */
import { WebhookEndpoints } from "@turnout/core/webhooks/ports/WebhookEndpoints"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { lookup, PrivateAddress } from "./PublicAddress.ts"

export interface WebhookEndpointOptions {
  /** As `allowPrivate` of `WebhookRelays.layer`: the same for both, or else operators enter what is not posted to. */
  readonly allowPrivate?: boolean
}

/** How long a name may take to resolve. After that it is left to the relay. */
const LOOKUP_MILLIS = 3_000

/** Resolves a name, and returns the rule that its addresses break. */
const nameRefusal = (name: string): Effect.Effect<string | undefined> =>
  Effect.callback<string | undefined>((resume) =>
    lookup(name, { all: true }, (error) =>
      resume(
        Effect.succeed(
          error instanceof PrivateAddress ? `must not lead to a private address: ${error.message}` : undefined
        )
      )
    )
  ).pipe(Effect.timeoutOrElse({ duration: LOOKUP_MILLIS, orElse: () => Effect.succeed(undefined) }))

/** Checks what operators enter, for as long as the layer is there. */
export const layer = ({ allowPrivate = false }: WebhookEndpointOptions = {}): Layer.Layer<never> =>
  Layer.succeed(WebhookEndpoints, { allowPrivate, nameRefusal })
