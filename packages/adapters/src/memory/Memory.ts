/**
 * All stores in memory: for tests, and for hosts that keep nothing across restarts.
 */
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import type { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import type { MemberStore } from "@turnout/core/access/ports/MemberStore"
import type { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import type { SessionStore } from "@turnout/core/access/ports/SessionStore"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { AuditStore } from "@turnout/core/access/ports/AuditStore"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { Generations } from "@turnout/core/caching/ports/Generations"
import type { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"
import * as MemoryAccounts from "./access/MemoryAccounts.ts"
import * as MemoryApiKeys from "./access/MemoryApiKeys.ts"
import * as MemoryAttendeeLinks from "./access/MemoryAttendeeLinks.ts"
import * as MemoryMembers from "./access/MemoryMembers.ts"
import * as MemoryPeople from "./access/MemoryPeople.ts"
import * as MemorySessions from "./access/MemorySessions.ts"
import * as MemoryAuditLog from "./access/MemoryAuditLog.ts"
import * as MemoryAuditStore from "./access/MemoryAuditStore.ts"
import * as MemoryGenerations from "./caching/MemoryGenerations.ts"
import * as MemoryClock from "./MemoryClock.ts"
import * as MemoryJournalReader from "./journal/MemoryJournalReader.ts"
import * as MemoryLog from "./journal/MemoryLog.ts"
import * as MemoryOrganizations from "./access/MemoryOrganizations.ts"
import * as MemoryOutbox from "./delivery/MemoryOutbox.ts"
import * as MemoryOutboxOperations from "./delivery/MemoryOutboxOperations.ts"
import * as MemoryProjections from "./projections/MemoryProjections.ts"
import * as MemoryReplays from "./delivery/MemoryReplays.ts"
import * as MemorySinks from "./delivery/MemorySinks.ts"
import * as MemoryStore from "./admission/MemoryStore.ts"
import * as MemoryWebhooks from "./webhooks/MemoryWebhooks.ts"

/** The ports that are provided. */
type Stores =
  | AdmissionStore
  | AdmissionReads
  | AuditLog
  | AuditStore
  | OrganizationStore
  | ApiKeyStore
  | AttendeeLinkStore
  | MemberStore
  | PeopleStore
  | SessionStore
  | JournalReader
  | Outbox
  | OutboxOperations
  | Replays
  | WebhookStore
  | ProjectionStore
  | Generations

/** Like `layer`, with random numbers that the caller provides. */
export const layerWithoutRandom: Layer.Layer<Stores, never, SecureRandom.SecureRandom> = MemoryJournalReader.layer.pipe(
  Layer.merge(MemoryOutbox.layer),
  Layer.merge(MemoryOutboxOperations.layer),
  Layer.merge(MemoryReplays.layer),
  Layer.merge(MemoryWebhooks.layer),
  Layer.merge(MemoryProjections.layer),
  Layer.merge(MemoryAuditLog.layer),
  Layer.merge(MemoryAuditStore.layer),
  Layer.merge(MemoryOrganizations.layer),
  Layer.merge(MemoryApiKeys.layer),
  Layer.merge(MemoryAttendeeLinks.layer),
  Layer.merge(MemoryGenerations.layer),
  Layer.merge(MemoryMembers.layer),
  Layer.merge(MemoryPeople.layer),
  Layer.merge(MemorySessions.layer),
  Layer.provideMerge(MemoryStore.layer),
  Layer.provide([
    MemoryOrganizations.layerKnown,
    MemoryAttendeeLinks.layerLinks,
    MemoryAccounts.layer,
    MemoryLog.layer,
    MemorySinks.layer,
    MemoryAuditLog.layerEntries
  ]),
  Layer.provide(MemoryClock.layer)
)

/** The stores of one database; each build of the layer makes another database. */
export const layer: Layer.Layer<Stores> = Layer.provide(layerWithoutRandom, SecureRandom.layerWebCrypto)
