/**
 * Whose the events are that messages are about.
 *
 * An event belongs to one organization for ever, so a process remembers whose it is: a message costs no look at the store, except the
 * first ones of events of which the process has not heard for long. Those of one consignment are looked up together. The first entry of
 * a stream says it itself. Whose an event was that has been deleted is known as well.
 */
import * as Effect from "effect/Effect"
import type { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import { schemaVersionOf } from "../../journal/domain/JournalEvent.ts"
import { type StoredEntry, toEvent } from "../../journal/domain/StoredEntry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { DEFAULT_ORGANIZATION, type OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

/** The most events of which a process remembers whose they are. */
export const MAX_REMEMBERED = 10_000

/** Tells whose an event is; `undefined` if the store knows nothing of it. */
export type OwnerOf = (eventId: EventId) => OrganizationId | undefined

export interface EventOwners {
  /** Finds out whose the events are that some entries are about. */
  readonly of: (entries: ReadonlyArray<StoredEntry>) => Effect.Effect<OwnerOf, StoreError>
}

/** The organization that an entry itself names. A later version of the software may have written a form that this one cannot read. */
const namedIn = (entry: StoredEntry): OrganizationId | undefined => {
  if (entry.type !== "EventCreated" || entry.schemaVersion !== schemaVersionOf("EventCreated")) return undefined
  const event = toEvent(entry)
  return event._tag === "EventCreated" ? (event.organizationId ?? DEFAULT_ORGANIZATION) : undefined
}

/** Remembers whose the latest `capacity` events are that were asked for. */
export const make = (
  reads: Pick<AdmissionReads["Service"], "organizationsOf">,
  capacity = MAX_REMEMBERED
): EventOwners => {
  /** The events in the order in which they were last asked for. */
  const remembered = new Map<EventId, OrganizationId>()

  const remember = (eventId: EventId, organizationId: OrganizationId): void => {
    remembered.delete(eventId)
    remembered.set(eventId, organizationId)
    if (remembered.size > capacity) remembered.delete(remembered.keys().next().value!)
  }

  return {
    of: Effect.fnUntraced(function* (entries) {
      const owners = new Map<EventId, OrganizationId>()
      const note = (eventId: EventId, organizationId: OrganizationId): void => {
        owners.set(eventId, organizationId)
        remember(eventId, organizationId)
      }
      const unknown = new Set<EventId>()
      for (const entry of entries) {
        const { eventId } = entry
        if (owners.has(eventId)) continue
        const known = remembered.get(eventId) ?? namedIn(entry)
        if (known === undefined) unknown.add(eventId)
        else note(eventId, known)
      }
      const missing = [...unknown].filter((eventId) => !owners.has(eventId))
      if (missing.length > 0)
        for (const [eventId, organizationId] of yield* reads.organizationsOf(missing)) note(eventId, organizationId)
      return (eventId) => owners.get(eventId)
    })
  }
}
