/**
 * `turnout webhooks`: adds, changes, shows and removes webhooks, which are URLs that messages are posted to.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Organizations from "../../options/access/Organizations.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit, numbered } from "../../options/Paging.ts"
import { acceptPrivate, startFrom } from "../../options/Sinks.ts"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { sinkOf, type Webhook, type WebhookAttempt, type WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import * as Test from "./test.ts"

type Service = Webhooks.Webhooks["Service"]

export interface EndpointOptions {
  readonly allowPrivateWebhooks?: boolean
}

/** Runs a use of webhooks to its end. The URLs that it enters are those that relays with the same options post to. */
const withWebhooks = async <A, E>(
  options: Database.GlobalOptions & EndpointOptions,
  work: (webhooks: Service) => Effect.Effect<A, E, OrganizationStore>
): Promise<A> => {
  const endpoints = await import("@turnout/adapters/webhooks/endpoints")
  const layer = Webhooks.layer.pipe(
    Layer.provide(endpoints.layer({ allowPrivate: options.allowPrivateWebhooks === true })),
    Layer.provideMerge(Database.stores(options))
  )
  return Logs.runPromise(options, Effect.provide(Webhooks.Webhooks.use(work), layer))
}

const stateOf = ({ disabledBecause, failingSince, leftAloneUntil }: Webhook): string => {
  if (disabledBecause !== null) return `disabled: ${disabledBecause}`
  const states = [
    ...(failingSince === null ? [] : [`failing since ${time(failingSince)}`]),
    ...(leftAloneUntil === null ? [] : [`left alone until ${time(leftAloneUntil)}`])
  ]
  return states.length === 0 ? "enabled" : states.join(", ")
}

const HEAD = [
  "webhook",
  Table.text("url"),
  Table.spareText("organization"),
  Table.spareText("types"),
  Table.text("state"),
  Table.spareText("description")
]
const row = (webhook: Webhook) => [
  webhook.id,
  webhook.url,
  webhook.organizationId ?? "",
  webhook.types?.join(", ") ?? "all",
  stateOf(webhook),
  webhook.description
]
const inWords = (webhook: Webhook) => Table.lines(HEAD, [row(webhook)])

/** Until when replaced secrets sign as well. */
const untilInWords = ({ previousSecretsUntil }: Webhook): ReadonlyArray<string> =>
  previousSecretsUntil.length === 0
    ? []
    : [
        "",
        "Requests are signed with replaced secrets as well, with each until the time that was promised for it:",
        ...previousSecretsUntil.map((until) => `  ${time(until)}`)
      ]

/** A webhook and its secret in words. The secret is shown this once only. */
const secretInWords = ({ secret, webhook }: Webhooks.WithSecret): ReadonlyArray<Line.Line> => [
  ...inWords(webhook),
  "",
  Line.of`Requests are signed with ${Line.heading(secret)}`,
  "Keep it: it is not shown again.",
  ...untilInWords(webhook)
]

export interface SettingsOptions {
  readonly type?: ReadonlyArray<JournalEventType>
  /** False if the description is to be removed. */
  readonly description?: string | false
}

const settingsOf = ({ description, type }: SettingsOptions) => ({
  ...(type === undefined ? {} : { types: type }),
  ...(description === undefined ? {} : { description: description === false ? "" : description })
})

export const add = async (
  options: Database.GlobalOptions &
    ActorOptions &
    EndpointOptions &
    Organizations.OrganizationOptions &
    SettingsOptions & { readonly startFrom: "beginning" | "now" },
  url: string
): Promise<boolean> => {
  const made = await withWebhooks(options, (webhooks) =>
    Effect.flatMap(Organizations.fieldOf(options), (whose) =>
      webhooks.create({ url, ...settingsOf(options) }, { who: whoOf(options), from: options.startFrom, ...whose })
    )
  )
  Output.changed(options, made, () => secretInWords(made))
  return true
}

export const list = async (
  options: Database.GlobalOptions & Organizations.OrganizationOptions & Paging.KeyPaging<WebhookId>
): Promise<boolean> => {
  const page = Paging.byKey(
    await withWebhooks(options, (webhooks) =>
      Effect.flatMap(Organizations.fieldOf(options), ({ organizationId }) =>
        pageByKey(
          (asked) => webhooks.list(organizationId ?? "all", asked),
          Paging.toRequest(options),
          ({ id }) => id
        )
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["There are no webhooks: turnout webhooks add <url>"]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

export const show = async (options: Database.GlobalOptions, id: WebhookId): Promise<boolean> => {
  const webhook = await withWebhooks(options, (webhooks) => webhooks.get(id))
  Output.result(options, { webhook, sink: sinkOf(id) }, () => [
    ...inWords(webhook),
    ...untilInWords(webhook),
    "",
    Line.faint(`What waits for it: turnout outbox status, turnout outbox parked list --sink ${sinkOf(id)}`)
  ])
  return true
}

export const update = async (
  options: Database.GlobalOptions &
    ActorOptions &
    EndpointOptions &
    SettingsOptions & { readonly url?: string; readonly allTypes?: boolean },
  id: WebhookId
): Promise<boolean> => {
  const changes = {
    ...settingsOf(options),
    ...(options.allTypes === true ? { types: null } : {}),
    ...(options.url === undefined ? {} : { url: options.url })
  }
  const webhook = await withWebhooks(options, (webhooks) => webhooks.update(id, changes, whoOf(options)))
  Output.changed(options, { webhook }, () => inWords(webhook))
  return true
}

export const rotate = async (
  options: Database.GlobalOptions & ActorOptions & { readonly overlap: number },
  id: WebhookId
): Promise<boolean> => {
  const made = await withWebhooks(options, (webhooks) =>
    webhooks.rotate(id, { overlapMillis: options.overlap }, whoOf(options))
  )
  Output.changed(options, made, () => secretInWords(made))
  return true
}

const change =
  (to: (webhooks: Service, id: WebhookId, who: string) => Effect.Effect<Webhook, unknown>) =>
  async (options: Database.GlobalOptions & ActorOptions, id: WebhookId): Promise<boolean> => {
    const webhook = await withWebhooks(options, (webhooks) => to(webhooks, id, whoOf(options)))
    Output.changed(options, { webhook }, () => inWords(webhook))
    return true
  }

export const enable = change((webhooks, id, who) => webhooks.enable(id, who))
export const disable = change((webhooks, id, who) => webhooks.disable(id, who))

export const remove = async (options: Database.GlobalOptions & ActorOptions, id: WebhookId): Promise<boolean> => {
  await withWebhooks(options, (webhooks) => webhooks.remove(id, whoOf(options)))
  Output.changed(options, { removed: id }, () => [`The webhook ${id} is removed, with everything that waited for it.`])
  return true
}

const attemptRow = ({ at, error, message, millis, status, type, version }: WebhookAttempt) => [
  time(at),
  error === null ? "delivered" : "failed",
  status ?? "",
  count(millis),
  `${type} (version ${version})`,
  message,
  error ?? ""
]

const ATTEMPTS_HEAD = [
  "when",
  "",
  "status",
  Table.spare("ms"),
  Table.spareText("event"),
  Table.spare("message"),
  Table.text("error")
]

export const attempts = async (
  options: Database.GlobalOptions & Paging.KeyPaging<number>,
  id: WebhookId
): Promise<boolean> => {
  const page = Paging.byKey(
    await withWebhooks(options, (webhooks) =>
      pageByKey(
        (asked) => webhooks.attempts(id, asked),
        Paging.toRequest(options),
        (attempt) => attempt.id
      )
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? ["Nothing has been posted yet."]
      : [...Table.lines(ATTEMPTS_HEAD, page.items.map(attemptRow)), ...Paging.more(options, page)]
  )
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const webhooks = program
    .command("webhooks")
    .description("post messages to URLs; turnout serve and turnout relay do it")
  const types = () =>
    new Option("--type <type...>", "only journal events of these types (default: all)").choices(
      JournalEventType.literals
    )
  const description = () => new Option("--description <text>", "what it is for")
  const webhook = "id of the webhook"
  webhooks
    .command("add")
    .description("add a webhook, and show the secret that its requests are signed with")
    .argument("<url>", "where to post, such as https://example.com/hooks")
    .addOption(types())
    .addOption(description())
    .addOption(Organizations.organization("the organization that it belongs to, whose events alone it is posted"))
    .addOption(startFrom("now"))
    .addOption(acceptPrivate())
    .addOption(as())
    .action(action(add))
  webhooks
    .command("list")
    .description("list webhooks")
    .addOption(Organizations.organization("only those of this organization"))
    .addOption(limit())
    .addOption(cursor(Ids.id))
    .action(action(list))
  webhooks.command("show").description("show a webhook").argument("<webhook>", webhook, Ids.id).action(action(show))
  webhooks
    .command("update")
    .description("change where and what is posted")
    .argument("<webhook>", webhook, Ids.id)
    .option("--url <url>", "where to post")
    .addOption(types())
    .addOption(new Option("--all-types", "journal events of all types").conflicts("type"))
    .addOption(description())
    .option("--no-description", "take away what it is for")
    .addOption(acceptPrivate())
    .addOption(as())
    .action(action(update))
  webhooks
    .command("rotate")
    .description("sign with a new secret, and for a while with the one before as well")
    .argument("<webhook>", webhook, Ids.id)
    .option(
      "--overlap <millis>",
      "for how long the one before is used as well",
      wholeNumber(0, Webhooks.MAX_OVERLAP_MILLIS),
      Webhooks.DEFAULT_OVERLAP_MILLIS
    )
    .addOption(as())
    .action(action(rotate))
  webhooks
    .command("enable")
    .description("post again, beginning where it stopped")
    .argument("<webhook>", webhook, Ids.id)
    .addOption(as())
    .action(action(enable))
  webhooks
    .command("disable")
    .description("post nothing until it is enabled again")
    .argument("<webhook>", webhook, Ids.id)
    .addOption(as())
    .action(action(disable))
  webhooks
    .command("remove")
    .description("remove a webhook, with its log and everything that waits for it")
    .argument("<webhook>", webhook, Ids.id)
    .addOption(as())
    .action(action(remove))
  webhooks
    .command("attempts")
    .description("show the requests that were made, the latest first")
    .argument("<webhook>", webhook, Ids.id)
    .addOption(limit())
    .addOption(cursor(numbered))
    .action(action(attempts))
  Test.declare(webhooks, action)
}
