/**
 * Webhooks as stores keep them: what is posted where, with which secrets, and what came of it.
 *
 * What an operator does is written to the audit log in the same transaction, without the secrets. A webhook is made together with
 * its sink, and is removed together with it: as long as there is no webhook, its sink cannot be made known (`Outbox.register`). So no
 * sink stays that nobody reads from, and no journal is kept for one, also if a process dies in between.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Webhook, WebhookAttempt, WebhookId } from "../domain/Webhook.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StartFrom } from "../../journal/ports/JournalReader.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export class WebhookNotFound extends Schema.TaggedError<WebhookNotFound>()("WebhookNotFound", { id: Schema.String }) {
  override get message(): string {
    return `There is no webhook ${this.id}.`
  }
}

/** A webhook with all that delivering takes. */
export interface WebhookTarget {
  readonly webhook: Webhook
  /** What requests are signed with now, the current one first: `whsec_` and base64. */
  readonly secrets: ReadonlyArray<string>
}

export interface WebhookSettings {
  readonly url: string
  readonly types: ReadonlyArray<string> | null
  readonly description: string
}

type Change = Effect.Effect<Webhook, WebhookNotFound | StoreError>

export class WebhookStore extends Context.Service<
  WebhookStore,
  {
    /**
     * Adds a webhook, enabled, unless there is one of this id; gives it as it is then. Its sink is given what happens once the
     * webhook is there, or everything from the beginning.
     */
    readonly create: (
      id: WebhookId,
      settings: WebhookSettings & { readonly secret: string; readonly from: StartFrom },
      who: string
    ) => Effect.Effect<Webhook, StoreError>
    readonly get: (id: WebhookId) => Change
    /** The oldest first; the key is the id. */
    readonly list: (page: PageRequest<WebhookId>) => Effect.Effect<ReadonlyArray<Webhook>, StoreError>
    /** All that are enabled, the oldest first. */
    readonly targets: Effect.Effect<ReadonlyArray<WebhookTarget>, StoreError>
    readonly update: (id: WebhookId, changes: Partial<WebhookSettings>, who: string) => Change
    /** Signs with another secret from now on, and for so long with the one before as well. */
    readonly rotate: (id: WebhookId, secret: string, overlapMillis: number, who: string) => Change
    /** What was wrong is forgotten. */
    readonly enable: (id: WebhookId, who: string) => Change
    readonly disable: (id: WebhookId, reason: string, who: string) => Change
    /** Removes it with its log, and forgets its sink, as `OutboxOperations.forget` does. */
    readonly remove: (id: WebhookId, who: string) => Effect.Effect<void, WebhookNotFound | StoreError>

    /** Notes since when every request has failed (it stays as it was if it was noted before), or that one has not. */
    readonly noteFailing: (id: WebhookId, isFailing: boolean) => Effect.Effect<void, StoreError>
    /** Adds to the log; nothing, if the webhook is gone. */
    readonly record: (
      id: WebhookId,
      attempts: ReadonlyArray<Omit<WebhookAttempt, "id">>
    ) => Effect.Effect<void, StoreError>
    /** The log of a webhook, the latest first; the key is the id of the attempt. */
    readonly attempts: (
      id: WebhookId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<WebhookAttempt>, StoreError>
    /** Forgets at most so many attempts that were made before a time; gives how many. */
    readonly forget: (before: Date, limit: number) => Effect.Effect<number, StoreError>
  }
>()("@turnout/WebhookStore") {}
