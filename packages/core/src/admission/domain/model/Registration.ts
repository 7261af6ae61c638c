/**
 * The registration: one attendee's relation to one event.
 *
 * Contains its fields, its states, its commands, their outcomes, its journal events and its rejections. The command that makes
 * one is in `Register`.
 */
import * as Schema from "effect/Schema"
import { Attendee, AttendeeId, AttendeeInput } from "./Attendee.ts"
import { EventNotFound, EventNotStarted, EventStatusConflict } from "./Event.ts"
import { EventId } from "../../../kernel/domain/EventId.ts"
import { Instant, toText } from "../../../kernel/domain/Instant.ts"
import type { Register } from "./Register.ts"
import * as Text from "../../../kernel/domain/Text.ts"
import { Uuid } from "../../../kernel/domain/Uuid.ts"

export const RegistrationId = Uuid.pipe(Schema.brand("RegistrationId"))
export type RegistrationId = typeof RegistrationId.Type

/**
 * - `confirmed`: has a seat.
 * - `waitlisted`: waits for one, in the order of `sequence`.
 * - `attended`, `noShow`: had a seat, and came or did not come; the seat stays taken.
 * - `cancelled`: gave up the seat or the place in the waitlist. Registering again makes a new registration.
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
  /** The order of entry among the registrations of the event: it grows, has gaps, and never changes. */
  sequence: Schema.Natural,
  registeredAt: Instant,
  /** When the registration took its present state. */
  changedAt: Instant
}).annotate({ identifier: "Registration" })
export type Registration = typeof Registration.Type

/** A registration as its schema encodes it, put together by hand because the hot path writes one for every change. */
export const registrationJson = (registration: Registration): string => {
  const { attendee, changedAt, eventId, id, notes, registeredAt, sequence, state } = registration
  const person = `{"id":${Text.quote(attendee.id)},"name":${Text.quote(attendee.name)},"email":${Text.quote(attendee.email)}}`
  const times = `"registeredAt":"${toText(registeredAt)}","changedAt":"${toText(changedAt)}"`
  return `{"id":"${id}","eventId":"${eventId}","attendee":${person},"notes":${Text.quote(notes)},"state":"${state}","sequence":${sequence},${times}}`
}

/** The attendee, and a note on the registration. */
export const RegistrationInput = Schema.Struct({
  attendee: AttendeeInput,
  notes: Schema.optionalKey(Notes)
}).annotate({ identifier: "RegistrationInput" })

/** Whether a registration is in any state but cancelled. An attendee has at most one active registration of an event. */
export const isActive = (registration: Registration): boolean => registration.state !== "cancelled"

// --- commands

export interface CancelRegistration {
  readonly _tag: "CancelRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Gives a chosen waiter a seat, at any place in the waitlist; the seat counts against capacity like any other. */
export interface ConfirmRegistration {
  readonly _tag: "ConfirmRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export interface MarkAttended {
  readonly _tag: "MarkAttended"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export interface MarkNoShow {
  readonly _tag: "MarkNoShow"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export type RegistrationCommand = Register | CancelRegistration | ConfirmRegistration | MarkAttended | MarkNoShow

// --- outcomes

export const RegistrationOutcome = Schema.Struct({
  registration: Registration,
  /** The place in the waitlist (1 is next) at the moment of entry; `null` if the command put nobody on the waitlist. */
  waitlistPosition: Schema.NullOr(Schema.Natural)
}).annotate({ identifier: "RegistrationOutcome" })
export type RegistrationOutcome = typeof RegistrationOutcome.Type

/** The outcome of each command. */
export const outcomesByOperation = {
  Register: RegistrationOutcome,
  CancelRegistration: RegistrationOutcome,
  ConfirmRegistration: RegistrationOutcome,
  MarkAttended: RegistrationOutcome,
  MarkNoShow: RegistrationOutcome
} as const

// --- journal events

/** The attendee got a seat at once. */
export const AttendeeRegistered = Schema.TaggedStruct("AttendeeRegistered", { registration: Registration })
/** The attendee joined the end of the waitlist. */
export const AttendeeWaitlisted = Schema.TaggedStruct("AttendeeWaitlisted", { registration: Registration })
/** The first person in the waitlist got a seat that became free. */
export const RegistrationPromoted = Schema.TaggedStruct("RegistrationPromoted", { registration: Registration })
/** A chosen waiter got a seat. */
export const RegistrationConfirmed = Schema.TaggedStruct("RegistrationConfirmed", { registration: Registration })
export const RegistrationCancelled = Schema.TaggedStruct("RegistrationCancelled", {
  registration: Registration,
  from: RegistrationState
})
export const AttendeeAttended = Schema.TaggedStruct("AttendeeAttended", {
  registration: Registration,
  from: RegistrationState
})
export const AttendeeMissed = Schema.TaggedStruct("AttendeeMissed", {
  registration: Registration,
  from: RegistrationState
})

/** All journal events about a registration. */
export const journalEvents = [
  AttendeeRegistered,
  AttendeeWaitlisted,
  RegistrationPromoted,
  RegistrationConfirmed,
  RegistrationCancelled,
  AttendeeAttended,
  AttendeeMissed
] as const

// --- rejections

/** Registration has not opened yet. */
export class RegistrationNotOpen extends Schema.TaggedError<RegistrationNotOpen>()("RegistrationNotOpen", {
  eventId: EventId,
  opensAt: Instant
}) {
  override get message(): string {
    return `Registration opens at ${this.opensAt.toISOString()}.`
  }
}

/** Registration has closed. */
export class RegistrationClosed extends Schema.TaggedError<RegistrationClosed>()("RegistrationClosed", {
  eventId: EventId,
  closedAt: Instant
}) {
  override get message(): string {
    return `Registration closed at ${this.closedAt.toISOString()}.`
  }
}

/** Every seat is taken (or due to a waiter), and the waitlist takes no new entries. */
export class CapacityFull extends Schema.TaggedError<CapacityFull>()("CapacityFull", {
  eventId: EventId,
  capacity: Schema.Natural,
  waitlistLength: Schema.Natural
}) {
  override get message(): string {
    return `All ${this.capacity} seats are taken.`
  }
}

/** Every seat is taken, and the waitlist has reached its limit. */
export class WaitlistFull extends Schema.TaggedError<WaitlistFull>()("WaitlistFull", {
  eventId: EventId,
  capacity: Schema.Natural,
  waitlistLength: Schema.Natural,
  waitlistLimit: Schema.Natural
}) {
  override get message(): string {
    return `All ${this.capacity} seats are taken, and the waitlist has reached its limit of ${this.waitlistLimit}.`
  }
}

/** The attendee has an active registration of this event. */
export class AlreadyRegistered extends Schema.TaggedError<AlreadyRegistered>()("AlreadyRegistered", {
  eventId: EventId,
  attendeeId: AttendeeId,
  registrationId: RegistrationId,
  state: RegistrationState
}) {
  override get message(): string {
    return `${this.attendeeId} is registered already: registration ${this.registrationId} is ${this.state}.`
  }
}

/** The event has no such registration. */
export class RegistrationNotFound extends Schema.TaggedError<RegistrationNotFound>()("RegistrationNotFound", {
  eventId: EventId,
  registrationId: RegistrationId
}) {
  override get message(): string {
    return `Event ${this.eventId} has no registration ${this.registrationId}.`
  }
}

/** The state of the registration does not allow this operation. */
export class RegistrationStateConflict extends Schema.TaggedError<RegistrationStateConflict>()(
  "RegistrationStateConflict",
  {
    eventId: EventId,
    registrationId: RegistrationId,
    operation: Schema.String,
    state: RegistrationState,
    allowed: Schema.Array(RegistrationState)
  }
) {
  override get message(): string {
    return `${this.operation} needs a registration that is ${this.allowed.join(" or ")}; this one is ${this.state}.`
  }
}

/** All rejections of commands about a registration. */
export const rejections = [
  RegistrationNotOpen,
  RegistrationClosed,
  CapacityFull,
  WaitlistFull,
  AlreadyRegistered,
  RegistrationNotFound,
  RegistrationStateConflict
] as const

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
  CancelRegistration: [EventNotFound, RegistrationNotFound, EventStatusConflict, RegistrationStateConflict],
  ConfirmRegistration: [
    EventNotFound,
    RegistrationNotFound,
    EventStatusConflict,
    RegistrationStateConflict,
    CapacityFull
  ],
  MarkAttended: [EventNotFound, RegistrationNotFound, EventStatusConflict, RegistrationStateConflict],
  MarkNoShow: [EventNotFound, RegistrationNotFound, EventStatusConflict, RegistrationStateConflict, EventNotStarted]
} as const
