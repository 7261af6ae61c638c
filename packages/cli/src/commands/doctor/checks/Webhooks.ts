/**
 * Webhooks that are disabled, fail, or have a URL that relays refuse.
 */
import type { Webhook, WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { refusalOf } from "@turnout/core/webhooks/domain/WebhookEndpoint"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import { time } from "../../../output/Words.ts"
import { type Check, type Finding, notice, ok, warning } from "../Check.ts"

/** The most webhooks that are looked at. */
const MOST = 5_000

/** The webhooks of the store, the oldest first. */
export const all: Effect.Effect<ReadonlyArray<Webhook>, StoreError, WebhookStore> = Effect.gen(function* () {
  const store = yield* WebhookStore
  const found: Array<Webhook> = []
  for (let after: WebhookId | null = null; found.length < MOST;) {
    const page: ReadonlyArray<Webhook> = yield* store.list("all", { after, limit: MAX_LIMIT })
    found.push(...page)
    if (page.length < MAX_LIMIT) break
    after = page.at(-1)!.id
  }
  return found
})

/** Whether an operator has disabled it, and not Turnout. */
const isOnPurpose = (because: string): boolean => because.startsWith("by ")

const ofWebhook = (webhook: Webhook): ReadonlyArray<Finding> => {
  const { disabledBecause, failingSince, id, leftAloneUntil, organizationId, url } = webhook
  const facts = { webhook: id, organizationId, url, disabledBecause, failingSince, leftAloneUntil }
  const who = `webhook ${id} (${url})`
  const [test, enable] = [`turnout webhooks test ${id}`, `turnout webhooks enable ${id}`]
  if (disabledBecause !== null)
    return isOnPurpose(disabledBecause)
      ? [notice(`${who} is disabled ${disabledBecause}`, facts, enable)]
      : [warning(`${who} is disabled: ${disabledBecause}`, facts, test, enable)]
  const found: Array<Finding> = []
  if (failingSince !== null)
    found.push(warning(`${who} has failed since ${time(failingSince)}`, facts, `turnout webhooks attempts ${id}`, test))
  if (leftAloneUntil !== null)
    found.push(notice(`${who} has asked to be left alone until ${time(leftAloneUntil)}`, facts))
  const rule = refusalOf(new URL(url), { allowPrivate: false })
  if (rule !== undefined)
    found.push(
      notice(
        organizationId === null
          ? `${who}: its URL ${rule}, so relays post to it only with --allow-private-webhooks`
          : `${who}: its URL ${rule}, and it belongs to an organization, so no relay posts to it`,
        { ...facts, rule },
        `turnout webhooks update ${id} --url URL`
      )
    )
  return found
}

export const check: Check<WebhookStore> = {
  name: "webhooks",
  look: Effect.map(all, (webhooks) => {
    const enabled = webhooks.filter(({ state }) => state === "enabled").length
    const words =
      webhooks.length === 0 ? "there are no webhooks" : `${enabled} of ${webhooks.length} webhooks are enabled`
    return [ok(words, { webhooks: webhooks.length, enabled }), ...webhooks.flatMap(ofWebhook)]
  })
}
