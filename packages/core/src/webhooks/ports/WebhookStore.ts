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
import type { Failing } from "../domain/WebhookHealth.ts"
import { type OrganizationId, type OrganizationNotFound, TheOrganization } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StartFrom } from "../../journal/ports/JournalReader.ts"
import type { StoreClock } from "../../kernel/ports/StoreClock.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

export class WebhookNotFound extends TaggedError<WebhookNotFound>()("WebhookNotFound", {
  id: described("The id of the webhook", Schema.String)
}) {
  override get message(): string {
    return `There is no webhook ${this.id}.`
  }
}

/** The organization has as many webhooks as it may. */
export class TooManyWebhooks extends TaggedError<TooManyWebhooks>()("TooManyWebhooks", {
  organization: TheOrganization,
  /** The most webhooks that an organization may have. */
  limit: described("The most webhooks that an organization may have", Schema.Int)
}) {
  override get message(): string {
    return `Organization ${this.organization} has ${this.limit} webhooks, the most that it may; remove one first.`
  }
}

/** As many secrets sign as may, and each was promised to sign until its time. */
export class TooManySecrets extends TaggedError<TooManySecrets>()("TooManySecrets", {
  id: described("The id of the webhook", Schema.String),
  /** When the first of them ends. */
  until: described("When the first of the secrets ends", Schema.Date)
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
  /**
   * The number of the edition of the webhook: an operator who enables it, or changes its URL, begins the next one. What is noted
   * for an earlier edition changes nothing.
   */
  readonly edition: number
  /** For how long the endpoint is still to be left alone, as it has asked; 0 if it has not. */
  readonly restMillis: number
}

/** A request that has failed. */
export interface Failure {
  /** For how long the endpoint is left alone from now on; 0 if it has not asked for it. */
  readonly restMillis: number
  /** The longest time since the failure before that counts. */
  readonly longestGapMillis: number
}

export interface WebhookSettings {
  readonly url: string
  readonly types: ReadonlyArray<string> | null
  readonly description: string
}

/** A webhook that is to be made. */
export interface NewWebhook extends WebhookSettings {
  /** The organization that it belongs to for ever; `null` for the installation. */
  readonly organizationId: OrganizationId | null
  readonly secret: string
  readonly from: StartFrom
}

type Change = Effect.Effect<Webhook, WebhookNotFound | StoreError>

export class WebhookStore extends Context.Service<
  WebhookStore,
  {
    /** The store's clock, as this process has heard it with `targets`: requests say that they are made at its time. */
    readonly clock: StoreClock
    /**
     * Adds an enabled webhook, unless there is one of this id; returns the webhook as it is then. Its sink is given everything
     * that happens once the webhook is there, or everything from the beginning.
     *
     * Those of one organization are counted under a lock: there are never more than `MAX_WEBHOOKS_OF_AN_ORGANIZATION`, however many
     * are made at once.
     */
    readonly create: (
      id: WebhookId,
      settings: NewWebhook,
      who: string
    ) => Effect.Effect<Webhook, OrganizationNotFound | TooManyWebhooks | StoreError>
    readonly get: (id: WebhookId) => Change
    /**
     * Returns the webhooks of an organization, of the installation (`null`), or all, the oldest first; the key is the id. After the id
     * of a webhook that is none of these, there are none, as after an id of no webhook.
     */
    readonly list: (
      of: OrganizationId | null | "all",
      page: PageRequest<WebhookId>
    ) => Effect.Effect<ReadonlyArray<Webhook>, StoreError>
    /** All enabled webhooks, the oldest first. */
    readonly targets: Effect.Effect<ReadonlyArray<WebhookTarget>, StoreError>
    /** A webhook with everything that a request needs, whether it is enabled or not. */
    readonly target: (id: WebhookId) => Effect.Effect<WebhookTarget, WebhookNotFound | StoreError>
    /** Changes settings. Another URL is another endpoint: failures are forgotten, and the next edition begins. */
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
    /** Enables a webhook, forgets its failures, and for how long it asked to be left alone, and begins the next edition. */
    readonly enable: (id: WebhookId, who: string) => Change
    /**
     * Disables a webhook. With an edition, nothing is done if the webhook is disabled already or has another one. Returns the
     * webhook as it is then.
     */
    readonly disable: (id: WebhookId, reason: string, who: string, edition?: number) => Change
    /** Removes a webhook with its log, and forgets its sink, as `OutboxOperations.forget` does. */
    readonly remove: (id: WebhookId, who: string) => Effect.Effect<void, WebhookNotFound | StoreError>

    /**
     * Notes that a request has failed, and returns the failures since the last success as they are then: the time since the one
     * before is added to them as far as it counts (`WebhookHealth.countedMillis`). `undefined` if nothing was noted, because the
     * webhook is disabled, gone, or of another edition.
     */
    readonly noteFailed: (
      id: WebhookId,
      edition: number,
      failure: Failure
    ) => Effect.Effect<Failing | undefined, StoreError>
    /** Notes that a request has succeeded: failures are forgotten. */
    readonly noteWorking: (id: WebhookId, edition: number) => Effect.Effect<void, StoreError>
    /**
     * Forgets the failures of the enabled webhooks that nothing waits for any more: no stream of theirs is blocked, no replay is
     * running, and no request has failed for `quietMillis`. Returns their number.
     */
    readonly noteIdle: (quietMillis: number) => Effect.Effect<number, StoreError>
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
