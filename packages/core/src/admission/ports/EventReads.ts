/**
 * Reading events and their journals: a part of `AdmissionReads`.
 */
import type * as Effect from "effect/Effect"
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Event, EventStatus } from "../domain/model/Event.ts"

/** The events to list; `null` does not restrict them. `from` and `until` bound `startsAt`: from ≤ startsAt < until. */
export interface EventFilter {
  readonly status: EventStatus | null
  readonly organizer: string | null
  readonly from: Date | null
  readonly until: Date | null
}

/** The place of an event in the list of events, which is in the order of (startsAt, id). */
export interface EventKey {
  readonly startsAt: Date
  readonly id: EventId
}

export interface EventReads {
  readonly event: (id: EventId) => Effect.Effect<Event | undefined, StoreError>
  readonly events: (filter: EventFilter, page: PageRequest<EventKey>) => Effect.Effect<ReadonlyArray<Event>, StoreError>
  /** The journal of an event in order; the key is the version. */
  readonly journal: (
    eventId: EventId,
    page: PageRequest<number>
  ) => Effect.Effect<ReadonlyArray<StoredJournalEntry>, StoreError>
}
