/**
 * The registration: one attendee's relation to one event.
 */
import * as Schema from "effect/Schema"
import { Attendee, AttendeeInput } from "./Attendee.ts"
import { type Counts, EventId } from "./Event.ts"
import { Instant } from "./Instant.ts"
import * as Text from "./Text.ts"
import { Uuid } from "./Uuid.ts"

export const RegistrationId = Uuid.pipe(Schema.brand("RegistrationId"))
export type RegistrationId = typeof RegistrationId.Type

/**
 * - `confirmed`: has a seat.
 * - `waitlisted`: waits for one, in the order of `sequence`.
 * - `attended`, `noShow`: had a seat, and came or did not; the seat stays taken.
 * - `cancelled`: over. Registering again makes a new registration.
 */
export const RegistrationState = Schema.Literals(["confirmed", "waitlisted", "cancelled", "attended", "noShow"])
export type RegistrationState = typeof RegistrationState.Type

/** Free text of at most 1,000 characters. */
export const Notes: Schema.Codec<string> = Text.paragraphs({ maxLength: 1_000 })

export const Registration = Schema.Struct({
  id: RegistrationId,
  eventId: EventId,
  attendee: Attendee,
  notes: Notes,
  state: RegistrationState,
  /** Order of entry among the registrations of the event: grows, has gaps, never changes. */
  sequence: Schema.Natural,
  registeredAt: Instant,
  /** When the registration took its present state. */
  changedAt: Instant
}).annotate({ identifier: "Registration" })
export type Registration = typeof Registration.Type

/** Who registers, and what to note about it. */
export const RegistrationInput = Schema.Struct({
  attendee: AttendeeInput,
  notes: Schema.optionalKey(Notes)
}).annotate({ identifier: "RegistrationInput" })

/** Active: every state but cancelled. An attendee has at most one active registration of an event. */
export const isActive = (registration: Registration): boolean => registration.state !== "cancelled"

/** The counts after one registration went from one state to another; `undefined` stands for "was not there". */
export const move = (counts: Counts, from: RegistrationState | undefined, to: RegistrationState): Counts => {
  const next = { ...counts }
  if (from !== undefined && from !== "cancelled") next[from] -= 1
  if (to !== "cancelled") next[to] += 1
  return next
}
