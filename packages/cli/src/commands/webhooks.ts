/**
 * `turnout webhooks`: URLs that events are posted to.
 */
import { pageByKey } from "@turnout/core/application/Query"
import * as Webhooks from "@turnout/core/application/Webhooks"
import { sinkOf, type Webhook, type WebhookAttempt, type WebhookId } from "@turnout/core/domain/Webhook"
import type { JournalEventType } from "@turnout/core/domain/JournalEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../Database.ts"
import { type ActorOptions, toId, whoOf } from "../Operating.ts"
import * as Output from "../Output.ts"
import * as Paging from "../Paging.ts"

type Service = Webhooks.Webhooks["Service"]

const withWebhooks = <A, E>(
  options: Database.GlobalOptions,
  work: (webhooks: Service) => Effect.Effect<A, E>
): Promise<A> =>
  Effect.runPromise(
    Webhooks.Webhooks.use(work).pipe(Effect.provide(Layer.provide(Webhooks.layer, Database.stores(options))))
  )

const stateOf = ({ disabledBecause, failingSince }: Webhook): string =>
  disabledBecause !== null
    ? `disabled: ${disabledBecause}`
    : failingSince === null
      ? "enabled"
      : `failing since ${failingSince.toISOString()}`

const HEAD = ["webhook", "url", "types", "state", "description"]
const row = (webhook: Webhook) => [
  webhook.id,
  webhook.url,
  webhook.types?.join(", ") ?? "all",
  stateOf(webhook),
  webhook.description
]
const inWords = (webhook: Webhook) => [Output.table(HEAD, [row(webhook)])]

/** A secret is shown once. */
const secretInWords = ({ secret, webhook }: Webhooks.WithSecret): ReadonlyArray<string> => [
  ...inWords(webhook),
  "",
  `Requests are signed with ${Output.heading(secret)}`,
  "Keep it: it is not shown again.",
  ...(webhook.previousSecretUntil === null
    ? []
    : [`Until ${webhook.previousSecretUntil.toISOString()} they are signed with the one before as well.`])
]

export interface SettingsOptions {
  readonly type?: ReadonlyArray<JournalEventType>
  readonly description?: string
}

const settingsOf = ({ description, type }: SettingsOptions) => ({
  ...(type === undefined ? {} : { types: type }),
  ...(description === undefined ? {} : { description })
})

export const add = async (
  options: Database.GlobalOptions & ActorOptions & SettingsOptions & { readonly startFrom: "beginning" | "now" },
  url: string
): Promise<boolean> => {
  const made = await withWebhooks(options, (webhooks) =>
    webhooks.create({ url, ...settingsOf(options) }, { who: whoOf(options), from: options.startFrom })
  )
  Output.result(options, made, () => secretInWords(made))
  return true
}

export const list = async (
  options: Database.GlobalOptions & { readonly limit: number; readonly after?: string }
): Promise<boolean> => {
  const after = options.after === undefined ? null : await toId(options.after)
  const page = await withWebhooks(options, (webhooks) =>
    pageByKey(webhooks.list, { after, limit: options.limit }, ({ id }) => id)
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["There are no webhooks: turnout webhooks add <url>"]
      : [Output.table(HEAD, page.items.map(row)), ...Paging.moreAfter(page)]
  )
  return true
}

export const show = async (options: Database.GlobalOptions, given: string): Promise<boolean> => {
  const id = await toId(given)
  const webhook = await withWebhooks(options, (webhooks) => webhooks.get(id))
  Output.result(options, { webhook, sink: sinkOf(id) }, () => [
    ...inWords(webhook),
    "",
    Output.faint(`What waits for it: turnout outbox status, turnout outbox parked list --sink ${sinkOf(id)}`)
  ])
  return true
}

export const update = async (
  options: Database.GlobalOptions &
    ActorOptions &
    SettingsOptions & { readonly url?: string; readonly allTypes?: boolean },
  given: string
): Promise<boolean> => {
  const id = await toId(given)
  const changes = {
    ...settingsOf(options),
    ...(options.allTypes === true ? { types: null } : {}),
    ...(options.url === undefined ? {} : { url: options.url })
  }
  const webhook = await withWebhooks(options, (webhooks) => webhooks.update(id, changes, whoOf(options)))
  Output.result(options, { webhook }, () => inWords(webhook))
  return true
}

export const rotate = async (
  options: Database.GlobalOptions & ActorOptions & { readonly overlap: number },
  given: string
): Promise<boolean> => {
  const id = await toId(given)
  const made = await withWebhooks(options, (webhooks) =>
    webhooks.rotate(id, { overlapMillis: options.overlap }, whoOf(options))
  )
  Output.result(options, made, () => secretInWords(made))
  return true
}

const change =
  (to: (webhooks: Service, id: WebhookId, who: string) => Effect.Effect<Webhook, unknown>) =>
  async (options: Database.GlobalOptions & ActorOptions, given: string): Promise<boolean> => {
    const id = await toId(given)
    const webhook = await withWebhooks(options, (webhooks) => to(webhooks, id, whoOf(options)))
    Output.result(options, { webhook }, () => inWords(webhook))
    return true
  }

export const enable = change((webhooks, id, who) => webhooks.enable(id, who))
export const disable = change((webhooks, id, who) => webhooks.disable(id, who))

export const remove = async (options: Database.GlobalOptions & ActorOptions, given: string): Promise<boolean> => {
  const id = await toId(given)
  await withWebhooks(options, (webhooks) => webhooks.remove(id, whoOf(options)))
  Output.result(options, { removed: id }, () => [`The webhook ${id} is removed, and what waited for it.`])
  return true
}

const attemptRow = ({ at, error, message, millis, status, type, version }: WebhookAttempt) => [
  at.toISOString(),
  error === null ? "delivered" : "failed",
  status ?? "",
  millis,
  `${type} (version ${version})`,
  message,
  Output.shortened(error ?? "")
]

export const attempts = async (
  options: Database.GlobalOptions & { readonly limit: number; readonly after?: number },
  given: string
): Promise<boolean> => {
  const id = await toId(given)
  const page = await withWebhooks(options, (webhooks) =>
    pageByKey(
      (asked) => webhooks.attempts(id, asked),
      { after: options.after ?? null, limit: options.limit },
      (attempt) => attempt.id
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["Nothing has been posted yet."]
      : [
          Output.table(["when", "", "status", "ms", "event", "message", "error"], page.items.map(attemptRow)),
          ...Paging.moreAfter(page)
        ]
  )
  return true
}
