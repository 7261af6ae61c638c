/**
 * Registering: the commands `Register` and `RegisterGuest`, how they are made from decoded input, what comes of them, and their
 * rejections. The service, HTTP and imports all make the commands here.
 */
import * as Schema from "effect/Schema"
import { type Attendee, type AttendeeInput, fromInput as toAttendee } from "./Attendee.ts"
import { EventNotFound, EventStatusConflict } from "./Event.ts"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../../kernel/domain/EventId.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { AlreadyRegistered, AsItIs, BEYOND, Registration, RegistrationInput } from "./Registration.ts"
import { BeyondCapacity, CapacityFull } from "./Seats.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

// --- commands

/** `registeredAt` is for imports: when the attendee registered elsewhere; `null`, or a later moment, means now. */
export interface Register {
  readonly _tag: "Register"
  readonly eventId: EventId
  readonly attendee: Attendee
  readonly notes: string
  readonly registeredAt: Date | null
}

/**
 * Staff register somebody: outside the registration window, with the waitlist closed or full, or into a draft. `beyond` gives a
 * seat at once, and says how if no seat is open; without it the guest joins the waitlist.
 */
export interface RegisterGuest {
  readonly _tag: "RegisterGuest"
  readonly eventId: EventId
  readonly attendee: Attendee
  readonly notes: string
  readonly beyond: BeyondCapacity | null
}

export type RegisterCommand = Register | RegisterGuest

/** The attendee, a note, and what to do if no seat is open. */
export const GuestInput = Schema.Struct({
  /** The person who registers. */
  attendee: RegistrationInput.fields.attendee,
  /** A note on the registration: text of at most 1,000 characters. Default empty. */
  notes: RegistrationInput.fields.notes,
  /**
   * What to do if no seat is free: `raise` raises the capacity by one, `overhang` goes beyond it. Without it, the guest joins the
   * waitlist.
   */
  beyond: described(`${BEYOND}. Without it, the guest joins the waitlist`, Schema.optionalKey(BeyondCapacity))
}).annotate({ identifier: "GuestInput" })

/** A guest, as a caller gives it. */
export interface GivenGuest extends Schema.Codec.Encoded<typeof GuestInput> {}

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

/** The command of a guest. */
export const guestFromInput = (
  eventId: EventId,
  { attendee, beyond = null, notes = "" }: Input & { readonly beyond?: BeyondCapacity | null | undefined }
): RegisterGuest => ({ _tag: "RegisterGuest", eventId, attendee: toAttendee(attendee), notes, beyond })

// --- outcomes

export const RegistrationOutcome = Schema.Struct({
  /** The registration that was made. */
  registration: described("The registration that was made", Registration),
  /** The place in the waitlist (1 is next) at the moment of entry; `null` if the registration has a seat. */
  waitlistPosition: described(
    "The place in the waitlist (1 is next) at the moment of entry; null if the registration has a seat",
    Schema.NullOr(Schema.Natural)
  )
}).annotate({ identifier: "RegistrationOutcome" })
export interface RegistrationOutcome extends Schema.Schema.Type<typeof RegistrationOutcome> {
  /** The registration that was made. */
  readonly registration: Registration
}

/** The outcome of each command. */
export const outcomesByOperation = {
  Register: RegistrationOutcome,
  RegisterGuest: RegistrationOutcome
} as const

// --- journal events

/**
 * A rule that staff set aside for a guest.
 *
 * - `published`: the event is a draft.
 * - `registrationOpensAt`, `registrationClosesAt`, `endsAt`: the guest registered before, or from that moment on.
 * - `waitlist`, `waitlistLimit`: the waitlist was closed, or full.
 * - `capacity`: no seat was open.
 */
export const RuleSetAside = Schema.Literals([
  "published",
  "registrationOpensAt",
  "registrationClosesAt",
  "endsAt",
  "waitlist",
  "waitlistLimit",
  "capacity"
])
export type RuleSetAside = typeof RuleSetAside.Type

/** For a guest, the rules that were set aside; the actor of the entry is who did so. */
const setAside = described("For a guest, the rules that were set aside", Schema.optionalKey(Schema.Array(RuleSetAside)))

/** The attendee got a seat at once. */
export const AttendeeRegistered = Schema.TaggedStruct("AttendeeRegistered", {
  registration: AsItIs,
  setAside
}).annotate({
  description: "An attendee registered, and has a seat"
})
/** The attendee joined the end of the waitlist. */
export const AttendeeWaitlisted = Schema.TaggedStruct("AttendeeWaitlisted", {
  registration: AsItIs,
  setAside
}).annotate({
  description: "An attendee joined the end of the waitlist"
})

/** All journal events about registering. */
export const journalEvents = [AttendeeRegistered, AttendeeWaitlisted] as const

// --- rejections

/** Registration has not opened yet. */
export class RegistrationNotOpen extends TaggedError<RegistrationNotOpen>()("RegistrationNotOpen", {
  eventId: TheEvent,
  /** When registration opens. */
  opensAt: described("When registration opens", Instant)
}) {
  override get message(): string {
    return `Registration opens at ${this.opensAt.toISOString()}.`
  }
}

/** Registration has closed. */
export class RegistrationClosed extends TaggedError<RegistrationClosed>()("RegistrationClosed", {
  eventId: TheEvent,
  /** When registration closed. */
  closedAt: described("When registration closed", Instant)
}) {
  override get message(): string {
    return `Registration closed at ${this.closedAt.toISOString()}.`
  }
}

/** Every seat is taken, and the waitlist has reached its limit. */
export class WaitlistFull extends TaggedError<WaitlistFull>()("WaitlistFull", {
  eventId: TheEvent,
  /** The number of seats of the event. */
  capacity: described("The number of seats of the event", Schema.Natural),
  /** The people who wait. */
  waitlistLength: described("The people who wait", Schema.Natural),
  /** The most people who may wait at once. */
  waitlistLimit: described("The most people who may wait at once", Schema.Natural)
}) {
  override get message(): string {
    return `All ${this.capacity} seats are taken, and the waitlist has reached its limit of ${this.waitlistLimit}.`
  }
}

/** All rejections of registering. */
export const rejections = [RegistrationNotOpen, RegistrationClosed, WaitlistFull] as const

/** The rejections that each command can meet. */
export const rejectionsByOperation = {
  Register: [
    EventNotFound,
    EventStatusConflict,
    AlreadyRegistered,
    RegistrationNotOpen,
    RegistrationClosed,
    CapacityFull,
    WaitlistFull
  ],
  RegisterGuest: [EventNotFound, EventStatusConflict, AlreadyRegistered, CapacityFull]
} as const
