/**
 * Webhooks as stores keep them: which URLs messages are posted to, with which secrets, and the log of the requests.
 *
 * Changes by operators are written to the audit log in the same transaction, without the secrets. A webhook is made together
 * with its sink, and is removed together with it: as long as there is no webhook, its sink cannot be registered
 * (`Outbox.register`). So no sink stays that no relay reads for, and no journal is kept for one, even if a process dies in
 * between.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { MAX_SECRETS, type Webhook, type WebhookAttempt, type WebhookId } from "../domain/Webhook.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StartFrom } from "../../journal/ports/JournalReader.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export class WebhookNotFound extends Schema.TaggedError<WebhookNotFound>()("WebhookNotFound", { id: Schema.String }) {
  override get message(): string {
    return `There is no webhook ${this.id}.`
  }
}

/** As many secrets sign as may, and each was promised to sign until its time. */
export class TooManySecrets extends Schema.TaggedError<TooManySecrets>()("TooManySecrets", {
  id: Schema.String,
  /** When the first of them ends. */
  until: Schema.Date
}) {
  override get message(): string {
    return (
      `Requests to webhook ${this.id} are signed with ${MAX_SECRETS} secrets, the most that there may be. ` +
      `The first of them ends at ${this.until.toISOString()}. With an overlap of 0, the current one can be replaced now.`
    )
  }
}

/** A webhook with everything that a delivery needs. */
export interface WebhookTarget {
  readonly webhook: Webhook
  /** The secrets that requests are signed with now, the current one first: `whsec_` and base64. */
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
     * Adds an enabled webhook, unless there is one of this id; returns the webhook as it is then. Its sink is given everything
     * that happens once the webhook is there, or everything from the beginning.
     */
    readonly create: (
      id: WebhookId,
      settings: WebhookSettings & { readonly secret: string; readonly from: StartFrom },
      who: string
    ) => Effect.Effect<Webhook, StoreError>
    readonly get: (id: WebhookId) => Change
    /** Returns webhooks, the oldest first; the key is the id. */
    readonly list: (page: PageRequest<WebhookId>) => Effect.Effect<ReadonlyArray<Webhook>, StoreError>
    /** All enabled webhooks, the oldest first. */
    readonly targets: Effect.Effect<ReadonlyArray<WebhookTarget>, StoreError>
    readonly update: (id: WebhookId, changes: Partial<WebhookSettings>, who: string) => Change
    /**
     * Signs with this secret from now on, and for `overlapMillis` with the one that it replaces as well; does nothing if it is
     * the current one. Secrets that were replaced before sign until the times that were promised for them. Fails with
     * `TooManySecrets` if more than `MAX_SECRETS` would sign.
     */
    readonly rotate: (
      id: WebhookId,
      secret: string,
      overlapMillis: number,
      who: string
    ) => Effect.Effect<Webhook, WebhookNotFound | TooManySecrets | StoreError>
    /** Enables a webhook, and forgets its failures. */
    readonly enable: (id: WebhookId, who: string) => Change
    readonly disable: (id: WebhookId, reason: string, who: string) => Change
    /** Removes a webhook with its log, and forgets its sink, as `OutboxOperations.forget` does. */
    readonly remove: (id: WebhookId, who: string) => Effect.Effect<void, WebhookNotFound | StoreError>

    /** Notes that requests fail from now on, unless that was noted before, or that they do not fail any more. */
    readonly noteFailing: (id: WebhookId, isFailing: boolean) => Effect.Effect<void, StoreError>
    /** Adds to the log of a webhook; does nothing if the webhook is gone. */
    readonly record: (
      id: WebhookId,
      attempts: ReadonlyArray<Omit<WebhookAttempt, "id">>
    ) => Effect.Effect<void, StoreError>
    /** Returns the log of a webhook, the latest attempt first; the key is the id of the attempt. */
    readonly attempts: (
      id: WebhookId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<WebhookAttempt>, StoreError>
    /** Forgets up to `limit` attempts that were made before this time; returns their number. */
    readonly forget: (before: Date, limit: number) => Effect.Effect<number, StoreError>
  }
>()("@turnout/WebhookStore") {}
