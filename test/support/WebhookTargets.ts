/**
 * The webhook that a sink posts to, without a store.
 */
import type { WebhookTarget } from "@turnout/core/webhooks/ports/WebhookStore"
import { randomUUID } from "node:crypto"

/** An enabled webhook of the installation for everything, with a valid secret, but for what is given. */
export const target = (changes: Partial<WebhookTarget["webhook"]> = {}): WebhookTarget => ({
  webhook: {
    id: randomUUID(),
    organizationId: null,
    url: "https://example.com/hooks",
    types: null,
    description: "",
    state: "enabled",
    disabledBecause: null,
    failingSince: null,
    leftAloneUntil: null,
    createdAt: new Date(0),
    previousSecretsUntil: [],
    previousSecretUntil: null,
    ...changes
  },
  secrets: [`whsec_${"a".repeat(43)}=`],
  edition: 1,
  restMillis: 0
})
