/**
 * Reading registrations and waitlists: a part of `AdmissionReads`.
 */
import type * as Effect from "effect/Effect"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { Registration, RegistrationId, RegistrationState } from "../domain/model/Registration.ts"

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

export interface RegistrationReads {
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
  /** The place of a waiter now; `undefined` if the registration does not wait, or its event is cancelled. */
  readonly waitlistPlace: (eventId: EventId, id: RegistrationId) => Effect.Effect<WaitlistPlace | undefined, StoreError>
}
