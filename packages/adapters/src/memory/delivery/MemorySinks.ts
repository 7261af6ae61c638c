/**
 * The sinks of the outbox in memory, and the webhooks that sinks may belong to.
 */
import * as Lease from "@turnout/core/delivery/domain/Lease"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { SinkId } from "@turnout/core/delivery/ports/Outbox"
import { slots } from "@turnout/core/journal/domain/Slot"
import type { StartFrom } from "@turnout/core/journal/ports/JournalReader"
import type { Replay, ReplayId } from "@turnout/core/delivery/domain/Replay"
import type { Webhook, WebhookAttempt, WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import type { Failing } from "@turnout/core/webhooks/domain/WebhookHealth"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import type { MemoryLog } from "../journal/MemoryLog.ts"

export interface Blocked {
  readonly slot: number
  /** By the steady time of the store, as is `retryAt`. */
  readonly since: number
  readonly version: number
  readonly attempts: number
  readonly error: string
  /** `null` while the stream is parked. */
  readonly retryAt: number | null
}

/** A replay, and the entries of the log that it is still to look at. */
export interface OpenReplay {
  readonly replay: Replay
  readonly place: number
  /** The length of the log when the replay began. */
  readonly upTo: number
}

export interface SinkState {
  readonly id: SinkId
  readonly leases: Array<Lease.Lease>
  /** The number of entries of each slot that have been given. */
  readonly positions: Array<number>
  readonly blocked: Map<EventId, Blocked>
  /** Until when each relay is announced, by the steady time of the store, as are the leases. */
  readonly relays: Map<Lease.Owner, number>
  /** The running replays to the sink. */
  readonly replays: Set<ReplayId>
  /** The replays to the sink that are running or stopped, in the order in which they began. */
  readonly openReplays: Map<ReplayId, OpenReplay>
  readonly createdAt: Date
}

export class Sinks extends Context.Service<Sinks, Map<string, SinkState>>()("@turnout/MemorySinks") {}

/** A newly registered sink. */
export const newSink = (log: MemoryLog, from: StartFrom, createdAt: Date): SinkState => ({
  id: randomUUID() as SinkId,
  leases: slots.map(() => Lease.free),
  positions: slots.map((slot) => (from === "beginning" ? 0 : log.slot(slot).length)),
  blocked: new Map(),
  relays: new Map(),
  replays: new Set(),
  openReplays: new Map(),
  createdAt
})

/** A replaced secret, and until when it signs. As all times of webhooks that are numbers, it is by the steady time of the store. */
export interface PreviousSecret {
  readonly secret: string
  readonly until: number
}

/** What operators have said of a webhook, and its state. */
export type StoredWebhook = Pick<
  Webhook,
  "id" | "organizationId" | "url" | "types" | "description" | "state" | "disabledBecause" | "createdAt"
>

export interface WebhookState {
  webhook: StoredWebhook
  secret: string
  /** The secrets that still sign, the one that was replaced last first. */
  previousSecrets: ReadonlyArray<PreviousSecret>
  edition: number
  /** The failures since the last success, and when the last one was. `null` if there is none. */
  failing: (Failing & { readonly lastAt: number }) | null
  /** Until when the endpoint is left alone; `null` if it has not asked for it. */
  leftAloneUntil: number | null
  /** The attempts in the order in which they were made. */
  attempts: Array<WebhookAttempt>
}

/** All webhooks, the oldest first. */
export class Webhooks extends Context.Service<Webhooks, Map<WebhookId, WebhookState>>()("@turnout/MemoryWebhooks") {}

/** Sinks and webhooks of their own for each build of the layer. */
export const layer: Layer.Layer<Sinks | Webhooks> = Layer.mergeAll(
  Layer.sync(Sinks, () => new Map<string, SinkState>()),
  Layer.sync(Webhooks, () => new Map<WebhookId, WebhookState>())
)
