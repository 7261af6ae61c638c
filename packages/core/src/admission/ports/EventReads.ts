/**
 * Reading events and their journals: a part of `AdmissionReads`.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Event } from "../domain/model/Event.ts"
import type { EventFilter } from "./EventFilter.ts"

/** The order of a list: `earliest` is that of (startsAt, id), and `latest` the other way round. */
export const EventOrder = Schema.Literals(["earliest", "latest"])
export type EventOrder = typeof EventOrder.Type

/** The place of an event in the list of events. */
export interface EventKey {
  readonly startsAt: Date
  readonly id: EventId
}

export interface EventReads {
  readonly event: (id: EventId) => Effect.Effect<Event | undefined, StoreError>
  /** The events of these ids that are there. */
  readonly eventsOf: (ids: ReadonlyArray<EventId>) => Effect.Effect<ReadonlyMap<EventId, Event>, StoreError>
  /**
   * Texts that name the states that the events of these ids are in, those that are there: another one whenever an event, or a registration
   * for it, has changed.
   */
  readonly versionsOf: (ids: ReadonlyArray<EventId>) => Effect.Effect<ReadonlyMap<EventId, string>, StoreError>
  readonly events: (
    filter: EventFilter,
    page: PageRequest<EventKey>,
    order: EventOrder
  ) => Effect.Effect<ReadonlyArray<Event>, StoreError>
  /** The number of events that a filter includes. Costs a look at each of them, and more if it has a search. */
  readonly countEvents: (filter: EventFilter) => Effect.Effect<number, StoreError>
  /**
   * The organizations of events, also of those that were deleted, however much of their journals was pruned. An event belongs to one
   * organization for ever. Ids of which the store knows nothing are left out.
   */
  readonly organizationsOf: (
    ids: ReadonlyArray<EventId>
  ) => Effect.Effect<ReadonlyMap<EventId, OrganizationId>, StoreError>
  /** The journal of an event in order, be the event there or deleted; the key is the version. */
  readonly journal: (
    eventId: EventId,
    page: PageRequest<number>
  ) => Effect.Effect<ReadonlyArray<StoredJournalEntry>, StoreError>
}
