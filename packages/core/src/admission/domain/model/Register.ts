/**
 * The command `Register`, and how it is made from decoded input. The service, HTTP and imports all make it here.
 */
import { type Attendee, type AttendeeInput, fromInput as toAttendee } from "./Attendee.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"

/** `registeredAt` is for imports: when the attendee registered elsewhere; `null`, or a later moment, means now. */
export interface Register {
  readonly _tag: "Register"
  readonly eventId: EventId
  readonly attendee: Attendee
  readonly notes: string
  readonly registeredAt: Date | null
}

/** Input that `RegistrationInput` has decoded, or that holds the same. */
export interface Input {
  readonly attendee: typeof AttendeeInput.Type
  readonly notes?: string | undefined
}

/** `registeredAt` is for imports, as in the command. */
export const fromInput = (
  eventId: EventId,
  { attendee, notes = "" }: Input,
  registeredAt: Date | null = null
): Register => ({ _tag: "Register", eventId, attendee: toAttendee(attendee), notes, registeredAt })
