/**
 * `turnout webhooks test`: posts a test message to a webhook, and shows what a relay would make of the answer.
 */
import type { Command } from "commander"
import * as WebhookTest from "@turnout/core/webhooks/application/WebhookTest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Ids from "../../options/Ids.ts"
import { allowPrivate } from "../../options/Sinks.ts"
import * as Line from "../../output/Line.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import { duration } from "../../output/Words.ts"

export interface TestOptions extends ActorOptions {
  readonly allowPrivateWebhooks?: boolean
}

const verdictInWords = ({ retryMillis, verdict }: WebhookTest.Tested): string => {
  switch (verdict) {
    case "delivered":
      return "A relay would count the message as delivered."
    case "retried":
      return `A relay would post the message again within ${duration(retryMillis ?? 0)}, and then after longer and longer pauses.`
    case "disabled":
      return "A relay would disable the webhook at once: 410 says that the endpoint is gone."
  }
}

const stateInWords = ({ webhook: { disabledBecause, id } }: WebhookTest.Tested): ReadonlyArray<Line.Line> =>
  disabledBecause === null
    ? []
    : [`The webhook is disabled (${disabledBecause}). To enable it: turnout webhooks enable ${id}`]

const inWords = (tested: WebhookTest.Tested): ReadonlyArray<Line.Line> => {
  const { error, headers, message, millis, status, webhook } = tested
  const heading = status === null ? "no answer" : `HTTP ${status}`
  return [
    Line.of`${(error === null ? Line.heading : Line.error)(heading)} from ${webhook.url} after ${millis} ms`,
    ...(error === null ? [] : [`  ${error}`]),
    ...Object.entries(headers).map(([name, value]) => Line.faint(`  ${name}: ${value}`)),
    Line.faint(`  webhook-id: ${message} (of the request)`),
    verdictInWords(tested),
    ...stateInWords(tested)
  ]
}

export const test = async (options: Database.GlobalOptions & TestOptions, id: string): Promise<boolean> => {
  const { layerPost } = await import("@turnout/adapters/webhooks/sink")
  const post = layerPost({ allowPrivate: options.allowPrivateWebhooks === true })
  const tested = await Logs.runPromise(
    options,
    Effect.provide(WebhookTest.run(id, whoOf(options)), Layer.merge(post, Database.stores(options)))
  )
  Output.result(options, tested, () => inWords(tested))
  return tested.verdict === "delivered"
}

/** Declares the command and its options. */
export const declare = (webhooks: Command, action: Action): void => {
  webhooks
    .command("test")
    .description("post a test message now, and show what a relay would make of the answer; nothing is changed")
    .argument("<webhook>", "id of the webhook", Ids.id)
    .addOption(allowPrivate())
    .addOption(as())
    .action(action(test))
}
