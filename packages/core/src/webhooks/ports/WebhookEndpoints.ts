/**
 * The endpoints that operators and members may enter: the rule of `WebhookEndpoint`, and what names resolve to.
 *
 * Without a provider, the rule is the strict one, and no name is resolved. What `allowPrivate` allows is for webhooks of the
 * installation alone (`ruleFor`). A process that lets its relays post to private addresses
 * provides the same permission here, so that a webhook which its relays would refuse is refused when it is added.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { EndpointRule } from "../domain/WebhookEndpoint.ts"

export interface Endpoints extends EndpointRule {
  /**
   * Resolves a name, and returns the rule that its addresses break, beginning with "must"; `undefined` if they may be connected to,
   * or if the name does not resolve now: it may do so later. It is asked whether or not private addresses are allowed elsewhere.
   */
  readonly nameRefusal: (name: string) => Effect.Effect<string | undefined>
}

export const WebhookEndpoints: Context.Reference<Endpoints> = Context.Reference<Endpoints>(
  "@turnout/WebhookEndpoints",
  {
    defaultValue: () => ({ allowPrivate: false, nameRefusal: () => Effect.succeed(undefined) })
  }
)
