/**
 * The registration: one attendee's relation to one event.
 */
import * as Schema from "effect/Schema"
import type { Mutable } from "effect/Types"
import { Attendee, AttendeeInput } from "./Attendee.ts"
import { type Counts, EventId } from "./Event.ts"
import { Instant, toText } from "./Instant.ts"
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

/** A registration as its schema writes it, put together by hand: the hot path writes one for every change. */
export const registrationJson = (registration: Registration): string => {
  const { attendee, changedAt, eventId, id, notes, registeredAt, sequence, state } = registration
  const person = `{"id":${Text.quote(attendee.id)},"name":${Text.quote(attendee.name)},"email":${Text.quote(attendee.email)}}`
  const times = `"registeredAt":"${toText(registeredAt)}","changedAt":"${toText(changedAt)}"`
  return `{"id":"${id}","eventId":"${eventId}","attendee":${person},"notes":${Text.quote(notes)},"state":"${state}","sequence":${sequence},${times}}`
}

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
  moveInPlace(next, from, to)
  return next
}

/** `move` on counts of one's own. */
export const moveInPlace = (
  counts: Mutable<Counts>,
  from: RegistrationState | undefined,
  to: RegistrationState
): void => {
  if (from !== undefined && from !== "cancelled") counts[from] -= 1
  if (to !== "cancelled") counts[to] += 1
}
