/**
 * Reading registrations and waitlists: a part of `AdmissionReads`.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { Registration, RegistrationId } from "../domain/model/Registration.ts"
import type { RegistrationFilter } from "./RegistrationFilter.ts"

/** The order of a list: `entry` is that of `sequence`, and `newest` the other way round. */
export const RegistrationOrder = Schema.Literals(["entry", "newest"])
export type RegistrationOrder = typeof RegistrationOrder.Type

export interface WaitlistEntry {
  /** 1 is next. */
  readonly position: number
  /** The waiter. */
  readonly registration: Registration
}

export interface WaitlistPlace {
  /** 1 is next. */
  readonly position: number
  /** How many people wait. */
  readonly length: number
}

export interface RegistrationReads {
  readonly registration: (eventId: EventId, id: RegistrationId) => Effect.Effect<Registration | undefined, StoreError>
  /** Registrations of an event; the key is the `sequence`. */
  readonly registrations: (
    eventId: EventId,
    filter: RegistrationFilter,
    page: PageRequest<number>,
    order: RegistrationOrder
  ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
  /** The number of registrations of an event that a filter includes. Costs a look at each registration of the event. */
  readonly countRegistrations: (eventId: EventId, filter: RegistrationFilter) => Effect.Effect<number, StoreError>
  /** Registrations of an attendee, for the events of these organizations or for all, in the order of their ids, so oldest first. */
  readonly attendeeRegistrations: (
    attendeeId: AttendeeId,
    page: PageRequest<RegistrationId>,
    organizations: ReadonlyArray<OrganizationId> | null
  ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
  /** The waiters of an event in order, with their places; the key is the `sequence`. */
  readonly waitlist: (
    eventId: EventId,
    page: PageRequest<number>
  ) => Effect.Effect<ReadonlyArray<WaitlistEntry>, StoreError>
  /** The place of a waiter now; `undefined` if the registration does not wait, or its event is cancelled. */
  readonly waitlistPlace: (eventId: EventId, id: RegistrationId) => Effect.Effect<WaitlistPlace | undefined, StoreError>
}
