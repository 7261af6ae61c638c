/**
 * Webhooks, for operators and for the members of organizations.
 *
 * Every use checks its input, and names the principal for the audit log. A secret is shown once, when it is made. A URL that relays
 * would refuse is refused here, by the same rule (`WebhookEndpoint`).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { randomBytes, randomUUID } from "node:crypto"
import { type Webhook, type WebhookAttempt, type WebhookId, WebhookInput, WebhookUrl } from "../domain/Webhook.ts"
import type { StartFrom } from "../../journal/ports/JournalReader.ts"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type TooManySecrets, type TooManyWebhooks, type WebhookNotFound, WebhookStore } from "../ports/WebhookStore.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { decoder, InvalidInput } from "../../kernel/application/InvalidInput.ts"
import { nameOf, refusalOf, ruleFor } from "../domain/WebhookEndpoint.ts"
import { WebhookEndpoints } from "../ports/WebhookEndpoints.ts"

/** A webhook, and the secret that its requests are signed with from now on: `whsec_` and base64 of 32 random bytes. */
export interface WithSecret {
  readonly webhook: Webhook
  readonly secret: string
}

const SECRET_BYTES = 32
/** The longest time for which a replaced secret is still used. */
export const MAX_OVERLAP_MILLIS = 30 * 24 * 60 * 60 * 1_000
/** The time for which requests are signed with the replaced secret as well, unless the operator chooses another. */
export const DEFAULT_OVERLAP_MILLIS = 24 * 60 * 60 * 1_000

/** What members are told of a name that leads to a private address. */
const PRIVATE_NAME_RULE = "must not lead to a private address"

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`

export const WebhookChanges = Schema.Struct({
  url: described("Where messages are posted", Schema.optionalKey(WebhookUrl)),
  types: WebhookInput.fields.types,
  description: WebhookInput.fields.description
})
export const Rotation = Schema.Struct({
  overlapMillis: described(
    "The milliseconds for which requests are signed with the replaced secret as well: a day, unless it says otherwise, and 30 days at most",
    Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_OVERLAP_MILLIS }))),
    { default: DEFAULT_OVERLAP_MILLIS }
  )
})

const decodeInput = decoder(WebhookInput)
const decodeChanges = decoder(WebhookChanges)
const decodeRotation = decoder(Rotation)

type Change = Effect.Effect<Webhook, WebhookNotFound | StoreError>

export class Webhooks extends Context.Service<
  Webhooks,
  {
    /**
     * Adds a webhook of an organization, or without one of the installation. It is posted everything from now on, or everything from
     * the beginning of the journal, of an organization what happens to its events.
     */
    readonly create: (
      input: typeof WebhookInput.Encoded,
      options: { readonly who: string; readonly from?: StartFrom; readonly organizationId?: OrganizationId | null }
    ) => Effect.Effect<WithSecret, OrganizationNotFound | TooManyWebhooks | InvalidInput | StoreError>
    readonly get: (id: WebhookId) => Change
    /** Returns the webhooks of an organization, of the installation (`null`), or all, the oldest first; the key is the id. */
    readonly list: (
      of: OrganizationId | null | "all",
      page: PageRequest<WebhookId>
    ) => Effect.Effect<ReadonlyArray<Webhook>, StoreError>
    readonly update: (
      id: WebhookId,
      changes: typeof WebhookChanges.Encoded,
      who: string
    ) => Effect.Effect<Webhook, WebhookNotFound | InvalidInput | StoreError>
    /**
     * Signs with a new secret, and for a while (a day by default) with the replaced one as well. Those that were replaced before
     * sign until the times that were promised for them.
     */
    readonly rotate: (
      id: WebhookId,
      options: typeof Rotation.Encoded,
      who: string
    ) => Effect.Effect<WithSecret, WebhookNotFound | TooManySecrets | InvalidInput | StoreError>
    readonly enable: (id: WebhookId, who: string) => Change
    readonly disable: (id: WebhookId, who: string) => Change
    /** Removes a webhook with its log, its positions and its blocked streams. */
    readonly remove: (id: WebhookId, who: string) => Effect.Effect<void, WebhookNotFound | StoreError>
    /** Returns the requests to a webhook, the latest first; the key is the id of the attempt. */
    readonly attempts: (
      id: WebhookId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<WebhookAttempt>, WebhookNotFound | StoreError>
  }
>()("@turnout/Webhooks") {}

const make = Effect.gen(function* () {
  const store = yield* WebhookStore
  const endpoints = yield* WebhookEndpoints

  const checkEndpoint = Effect.fnUntraced(function* (
    text: string,
    organizationId: OrganizationId | null
  ): Effect.fn.Return<void, InvalidInput> {
    const url = new URL(text)
    const name = nameOf(url)
    const allowed = ruleFor(organizationId, endpoints)
    const ofUrl = refusalOf(url, allowed)
    const isFree = name === undefined || allowed.allowPrivate
    const ofName = ofUrl !== undefined || isFree ? undefined : yield* endpoints.nameRefusal(name)
    // Members learn nothing of the addresses behind the names of the operator's network.
    const rule = ofUrl ?? (ofName === undefined || organizationId === null ? ofName : PRIVATE_NAME_RULE)
    if (rule !== undefined) return yield* new InvalidInput({ issues: [{ field: "url", rule }] })
  })

  return Webhooks.of({
    create: Effect.fnUntraced(function* (input, { from = "now", organizationId = null, who }) {
      const { description = "", types = null, url } = yield* decodeInput(input)
      yield* checkEndpoint(url, organizationId)
      const [id, secret] = [randomUUID(), newSecret()]
      const webhook = yield* store.create(id, { organizationId, url, types, description, secret, from }, who)
      return { webhook, secret }
    }),
    get: store.get,
    list: store.list,
    update: Effect.fnUntraced(function* (id, changes, who) {
      const decoded = yield* decodeChanges(changes)
      // Whose a webhook is never changes, so it is the same when the URL is written.
      if (decoded.url !== undefined) yield* checkEndpoint(decoded.url, (yield* store.get(id)).organizationId)
      return yield* store.update(id, decoded, who)
    }),
    rotate: Effect.fnUntraced(function* (id, options, who) {
      const { overlapMillis = DEFAULT_OVERLAP_MILLIS } = yield* decodeRotation(options)
      const secret = newSecret()
      return { webhook: yield* store.rotate(id, secret, overlapMillis, who), secret }
    }),
    enable: store.enable,
    disable: (id, who) => store.disable(id, `by ${who}`, who),
    remove: store.remove,
    attempts: (id, page) => Effect.andThen(store.get(id), store.attempts(id, page))
  })
})

export const layer: Layer.Layer<Webhooks, never, WebhookStore> = Layer.effect(Webhooks, make)
