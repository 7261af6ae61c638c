/**
 * Webhooks: URLs that messages are posted to, each in a request of its own.
 *
 * A webhook is a sink like any other: it has its own positions, its own blocked and parked streams, and its own replays. Its
 * name as a sink is made of its id.
 *
 * ```text
 *              410, or failing for days, or an operator
 *   enabled ──────────────────────────────────────────▶ disabled
 *      ▲                                                   │
 *      └───────────────────────────────────────────────────┘
 *                          an operator
 * ```
 *
 * A webhook that is disabled keeps its positions: once it is enabled again, it is sent everything that has happened since.
 *
 * A webhook belongs to the installation, and is then posted what happens to the events of everybody, or to one organization, and is
 * then posted what happens to the events of that organization alone. Whose it is never changes.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { JournalEventType } from "../../journal/domain/JournalEvent.ts"
import { line } from "../../kernel/domain/Text.ts"
import { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"

export const WebhookId = Uuid
export type WebhookId = typeof WebhookId.Type

/** The most secrets that sign a request: the current one, and replaced ones that were promised to sign for a while longer. */
export const MAX_SECRETS = 10

/** The most webhooks of one organization. Each has a relay of its own in every process that relays. */
export const MAX_WEBHOOKS_OF_AN_ORGANIZATION = 20

const MAX_URL_LENGTH = 2_000
const MAX_DESCRIPTION_LENGTH = 500

const urlRule = (text: string): string | true => {
  if (text.length > MAX_URL_LENGTH) return `must have at most ${MAX_URL_LENGTH} characters`
  if (/[\p{Cc}\p{Z}]/u.test(text) || !text.isWellFormed() || !URL.canParse(text))
    return "must be a URL, such as https://example.com/hooks/turnout"
  const { hash, password, protocol, username } = new URL(text)
  if (protocol !== "https:" && protocol !== "http:")
    return "must begin with https:// (or http://, where that is allowed)"
  if (username !== "" || password !== "") return "must not contain a user or a password"
  return hash === "" || "must not contain a #fragment"
}

export const WebhookUrl: Schema.String = Schema.String.annotate({
  description: "A URL by https (or http, where that is allowed), without a user, a password or a #fragment",
  format: "iri",
  maxLength: MAX_URL_LENGTH,
  pattern: "^[Hh][Tt][Tt][Pp][Ss]?:",
  examples: ["https://example.com/hooks/turnout"]
}).check(Schema.makeFilter(urlRule))

/** What documents say of the fields that are entered and stored. */
const words = {
  url: "Where messages are posted",
  types: "The types of journal events that are posted; null for all",
  description: "What the webhook is for, in words for operators"
} as const

/** What an operator enters for a webhook. */
export const WebhookInput = Schema.Struct({
  url: described(words.url, WebhookUrl),
  /** The types of journal events that are posted to it. Default: all. */
  types: described(
    words.types,
    Schema.optionalKey(Schema.NullOr(Schema.Array(JournalEventType).check(Schema.isMinLength(1))))
  ),
  description: described(words.description, Schema.optionalKey(line({ maxLength: MAX_DESCRIPTION_LENGTH })))
})
export type WebhookInput = typeof WebhookInput.Type

export const Webhook = Schema.Struct({
  id: described("The id of the webhook", WebhookId),
  /** The organization whose events it is posted; `null` if it belongs to the installation, and is posted everything. */
  organizationId: described(
    "The organization whose events it is posted, and no others; null if it belongs to the installation, and is posted everything",
    Schema.NullOr(OrganizationId)
  ),
  url: described(words.url, Schema.String),
  /** `null` means all types. */
  types: described(words.types, Schema.NullOr(Schema.Array(Schema.String))),
  description: described(words.description, Schema.String),
  state: described("Whether messages are posted to it", Schema.Literals(["enabled", "disabled"])),
  /** Why it is disabled; `null` while it is enabled. */
  disabledBecause: described("Why it is disabled; null while it is enabled", Schema.NullOr(Schema.String)),
  /** Since when every request has failed; `null` if the last one succeeded, or nothing waits any more. */
  failingSince: described(
    "Since when every request has failed; null if the last one succeeded, or nothing waits any more",
    Schema.NullOr(Instant)
  ),
  /** Until when nothing is posted, as the endpoint has asked for; `null` if it has not. */
  leftAloneUntil: described(
    "Until when nothing is posted, as the endpoint has asked for; null if it has not",
    Schema.NullOr(Instant)
  ),
  createdAt: described("When it was added", Instant),
  /**
   * The times until which requests are signed with replaced secrets as well, that of the one that was replaced last first. Each
   * secret signs until the time that was promised for it, whatever happens to the others.
   */
  previousSecretsUntil: described(
    "The times until which requests are signed with replaced secrets as well, that of the one that was replaced last first",
    Schema.Array(Instant)
  ),
  /** The last of these times: from then on, the current secret signs alone. `null` if it does so already. */
  previousSecretUntil: described(
    "The last of these times: from then on, the current secret signs alone; null if it does so already",
    Schema.NullOr(Instant)
  )
}).annotate({ identifier: "Webhook" })
export type Webhook = typeof Webhook.Type

/** Until when a webhook is signed for with replaced secrets, as it is shown. */
export const shownUntil = (
  ends: ReadonlyArray<Date>
): Pick<Webhook, "previousSecretsUntil" | "previousSecretUntil"> => ({
  previousSecretsUntil: ends,
  previousSecretUntil: ends.length === 0 ? null : new Date(Math.max(...ends.map((end) => end.getTime())))
})

/** The name of a webhook as a sink. */
export const sinkOf = (id: WebhookId): string => `webhook:${id}`

const PREFIX = sinkOf("")
const isWebhookId = Schema.is(WebhookId)

/** The webhook that a sink of this name belongs to; `undefined` if it is another kind of sink. */
export const webhookOf = (sink: string): WebhookId | undefined => {
  const id = sink.startsWith(PREFIX) ? sink.slice(PREFIX.length) : undefined
  return isWebhookId(id) ? id : undefined
}

/** A request that was made for a webhook. */
export const WebhookAttempt = Schema.Struct({
  /** Later attempts have higher ids. */
  id: described("Later attempts have higher ids", Schema.Natural),
  at: described("When the request was made", Instant),
  /** The message: its id, its stream, its version there and its type. */
  message: described("The message id", Uuid),
  eventId: described("The stream of the message: the id of the event that it is about", Uuid),
  version: described("The place of the message in its stream", Schema.Natural),
  type: described("The type of the journal event", Schema.String),
  /** The replay that the message is part of; `null` if it is part of none. */
  replay: described("The replay that the message is part of; null if it is part of none", Schema.NullOr(Uuid)),
  millis: described("The milliseconds until the answer, or until it was given up", Schema.Natural),
  /** The HTTP status of the response; `null` if there was none. */
  status: described("The HTTP status of the response; null if there was none", Schema.NullOr(Schema.Int)),
  /** What went wrong; `null` if the message was delivered. */
  error: described("What went wrong; null if the message was delivered", Schema.NullOr(Schema.String))
}).annotate({ identifier: "WebhookAttempt" })
export type WebhookAttempt = typeof WebhookAttempt.Type
