/**
 * Reading events, registrations, waitlists and the journals of events, as committed at the moment of asking.
 *
 * A read decides nothing: `AdmissionStore` loads the state that a command is decided on, under its locks. So a cache in front
 * of this port can make an answer old, but never a decision wrong.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import type { Event, EventStatus } from "../domain/model/Event.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { Registration, RegistrationId, RegistrationState } from "../domain/model/Registration.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

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

export interface WaitlistEntry {
  /** 1 is next. */
  readonly position: number
  readonly registration: Registration
}

export interface WaitlistPlace {
  /** 1 is next. */
  readonly position: number
  readonly length: number
}

export class AdmissionReads extends Context.Service<
  AdmissionReads,
  {
    readonly event: (id: EventId) => Effect.Effect<Event | undefined, StoreError>
    readonly events: (
      filter: EventFilter,
      page: PageRequest<EventKey>
    ) => Effect.Effect<ReadonlyArray<Event>, StoreError>
    readonly registration: (eventId: EventId, id: RegistrationId) => Effect.Effect<Registration | undefined, StoreError>
    /** Registrations of an event in the order of `sequence`, which is also the key. */
    readonly registrations: (
      eventId: EventId,
      state: RegistrationState | null,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
    /** Registrations of an attendee in the order of their ids, so oldest first. */
    readonly attendeeRegistrations: (
      attendeeId: AttendeeId,
      page: PageRequest<RegistrationId>
    ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
    /** The waiters of an event in order, with their places; the key is the `sequence`. */
    readonly waitlist: (
      eventId: EventId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<WaitlistEntry>, StoreError>
    /** The place of a waiter now; `undefined` if the registration does not wait. */
    readonly waitlistPlace: (
      eventId: EventId,
      id: RegistrationId
    ) => Effect.Effect<WaitlistPlace | undefined, StoreError>
    /** The journal of an event in order; the key is the version. */
    readonly journal: (
      eventId: EventId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<StoredJournalEntry>, StoreError>
  }
>()("@turnout/AdmissionReads") {}
