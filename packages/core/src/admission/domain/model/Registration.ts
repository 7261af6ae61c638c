/**
 * The registration: one attendee's relation to one event.
 *
 * Contains its fields, its states, the commands that change one, their outcomes, its journal events and its rejections. The
 * commands that make one are in `Register`, and those about attendance in `Attendance`.
 */
import * as Schema from "effect/Schema"
import { Attendee, AttendeeChanges, AttendeeId, AttendeeInput, nameOf } from "./Attendee.ts"
import { EventNotFound, EventStatusConflict } from "./Event.ts"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../../kernel/domain/EventId.ts"
import { Instant, toText } from "../../../kernel/domain/Instant.ts"
import { BeyondCapacity, CapacityFull } from "./Seats.ts"
import * as Text from "../../../kernel/domain/Text.ts"
import { Uuid } from "../../../kernel/domain/Uuid.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

export const RegistrationId = Uuid.pipe(Schema.brand("RegistrationId"))
export type RegistrationId = typeof RegistrationId.Type

/** A field that has the id of the registration that is spoken of. */
export const TheRegistration = described("The id of the registration", RegistrationId)

/**
 * - `confirmed`: has a seat.
 * - `waitlisted`: waits for one, in the order of `sequence`.
 * - `attended`, `noShow`: had a seat, and came or did not come; the seat stays taken.
 * - `cancelled`: has neither a seat nor a place in the waitlist. Registering again makes a new registration.
 */
export const RegistrationState = Schema.Literals(["confirmed", "waitlisted", "cancelled", "attended", "noShow"])
export type RegistrationState = typeof RegistrationState.Type

/**
 * Why a registration is cancelled, and the state that it was in.
 *
 * - `requested`: somebody cancelled the registration.
 * - `eventCancelled`: the event was cancelled. Reopening the event brings the registration back.
 * - `seatReleased`: the attendee did not come, and staff released the seat.
 */
export const Cancellation = Schema.Struct({
  /** The state that the registration was in. */
  from: described("The state that the registration was in", Schema.Literals(["confirmed", "waitlisted", "noShow"])),
  /**
   * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat
   * of somebody who did not come.
   */
  reason: described(
    "requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come",
    Schema.Literals(["requested", "eventCancelled", "seatReleased"])
  )
})
export interface Cancellation extends Schema.Schema.Type<typeof Cancellation> {}

/** Free text of at most 1,000 characters. */
export const Notes: Schema.Codec<string> = Text.paragraphs({ maxLength: 1_000 })

const NOTES = "A note on the registration"

export const Registration = Schema.Struct({
  /** The id of the registration. */
  id: TheRegistration,
  /** The id of the event. */
  eventId: TheEvent,
  /** The person. */
  attendee: described("The person", Attendee),
  /** A note on the registration: text of at most 1,000 characters. */
  notes: described(NOTES, Notes, { examples: [""] }),
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come;
   * cancelled: has neither.
   */
  state: described(
    "confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither",
    RegistrationState
  ),
  /** The order of entry among the registrations of the event: it grows, has gaps, and never changes. */
  sequence: described(
    "The order of entry among the registrations of the event: it grows, has gaps, and never changes",
    Schema.Natural
  ),
  /** When the attendee registered. */
  registeredAt: described("When the attendee registered", Instant),
  /** When the registration took its present state. */
  changedAt: described("When the registration took its present state", Instant),
  /** Present if the registration is cancelled. */
  cancellation: described("Why it was cancelled; absent unless it is", Schema.optionalKey(Cancellation))
}).annotate({ identifier: "Registration" })
export interface Registration extends Schema.Schema.Type<typeof Registration> {}

/** A registration as its schema encodes it, put together by hand because the hot path writes one for every change. */
export const registrationJson = (registration: Registration): string => {
  const { attendee, changedAt, eventId, id, notes, registeredAt, sequence, state } = registration
  const person = `{"id":${Text.quote(attendee.id)},"name":${Text.quote(attendee.name)},"email":${Text.quote(attendee.email)}}`
  const times = `"registeredAt":"${toText(registeredAt)}","changedAt":"${toText(changedAt)}"`
  const { cancellation } = registration
  const ended =
    cancellation === undefined
      ? ""
      : `,"cancellation":{"from":"${cancellation.from}","reason":"${cancellation.reason}"}`
  return `{"id":"${id}","eventId":"${eventId}","attendee":${person},"notes":${Text.quote(notes)},"state":"${state}","sequence":${sequence},${times}${ended}}`
}

/** The attendee, and a note on the registration. */
export const RegistrationInput = Schema.Struct({
  /** The person who registers. */
  attendee: described("The person who registers", AttendeeInput),
  /** A note on the registration: text of at most 1,000 characters. Default empty. */
  notes: described(NOTES, Schema.optionalKey(Notes), { default: "" })
}).annotate({ identifier: "RegistrationInput" })

/** A registration, as a caller gives it. */
export interface GivenRegistration extends Schema.Codec.Encoded<typeof RegistrationInput> {}

/** Whether a registration is in any state but cancelled. An attendee has at most one active registration of an event. */
export const isActive = (registration: Registration): boolean => registration.state !== "cancelled"

/** What documents say of `beyond`. */
export const BEYOND =
  "What to do if no seat is free: raise raises the capacity by one, overhang goes beyond it, and nobody is promoted until the overhang is gone"

/** What to do if no seat is free for a chosen waiter. */
export const ConfirmationInput = Schema.Struct({
  /** What to do if no seat is free: `raise` raises the capacity by one, `overhang` goes beyond it. */
  beyond: described(BEYOND, Schema.optionalKey(BeyondCapacity))
}).annotate({
  identifier: "ConfirmationInput"
})

/** How a waiter gets a seat, as a caller gives it. */
export interface GivenConfirmation extends Schema.Codec.Encoded<typeof ConfirmationInput> {}

/** The fields of a correction: a field that is absent stays as it is. */
export const CorrectionInput = Schema.Struct({
  /** What changes of the person; a field that is absent stays. */
  attendee: described("What changes of the person; a field that is absent stays", Schema.optionalKey(AttendeeChanges)),
  /** The note from now on: text of at most 1,000 characters. */
  notes: described(NOTES, Schema.optionalKey(Notes))
}).annotate({ identifier: "CorrectionInput" })
export type CorrectionInput = typeof CorrectionInput.Type

/** A correction, as a caller gives it. */
export interface GivenCorrection extends Schema.Codec.Encoded<typeof CorrectionInput> {}

/** Whether a registration ends if its event is cancelled: it has a seat, or waits for one. */
export const endsWithEvent = ({ state }: Registration): boolean => state === "confirmed" || state === "waitlisted"

/** Whether the cancellation of its event has ended a registration, and reopening brings it back. */
export const isEndedWithEvent = ({ cancellation }: Registration): boolean => cancellation?.reason === "eventCancelled"

/** Compares registrations by the moment at which they took their state, the last one first. */
export const lastChangedFirst = (a: Registration, b: Registration): number =>
  b.changedAt.getTime() - a.changedAt.getTime() || b.sequence - a.sequence

// --- commands

/** Gives up the seat or the place in the waitlist, whatever the status of the event is. */
export interface CancelRegistration {
  readonly _tag: "CancelRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/**
 * Gives a chosen waiter a seat, at any place in the waitlist; those before keep their places. `beyond` says what to do if no
 * seat is free.
 */
export interface ConfirmRegistration {
  readonly _tag: "ConfirmRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
  readonly beyond: BeyondCapacity | null
}

/** Takes a cancellation back: to a seat if one is free, or else to the old place in the waitlist. */
export interface ReinstateRegistration {
  readonly _tag: "ReinstateRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Corrects who the attendee is, and the notes. The seat or the place in the waitlist stays as it is. */
export interface CorrectRegistration {
  readonly _tag: "CorrectRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
  readonly changes: CorrectionInput
}

export type RegistrationCommand = CancelRegistration | ConfirmRegistration | ReinstateRegistration | CorrectRegistration

// --- outcomes

/** What documents say of `changed`. */
export const CHANGED = "Whether anything changed; false if there was nothing to do"

/** A registration as a command left it; `changed` is false if there was nothing to do. */
export const RegistrationChange = Schema.Struct({
  /** The registration as it is now. */
  registration: described("The registration as it is now", Registration),
  changed: described(CHANGED, Schema.Boolean)
}).annotate({
  identifier: "RegistrationChange"
})
export type RegistrationChange = typeof RegistrationChange.Type

/** The outcome of each command. */
export const outcomesByOperation = {
  CancelRegistration: RegistrationChange,
  ConfirmRegistration: RegistrationChange,
  ReinstateRegistration: RegistrationChange,
  CorrectRegistration: RegistrationChange
} as const

// --- journal events

/** The field of a journal event that has the registration. */
export const AsItIs = described("The registration as it is now", Registration)
/** The field of a journal event that has the state in which the registration was. */
export const StateBefore = described("The state that the registration was in", RegistrationState)

/** The first person in the waitlist got a seat that became free. */
export const RegistrationPromoted = Schema.TaggedStruct("RegistrationPromoted", { registration: AsItIs }).annotate({
  description: "The first person in the waitlist got a seat that became free"
})
/** A chosen waiter got a seat; `beyond` says how, if none was free. */
export const RegistrationConfirmed = Schema.TaggedStruct("RegistrationConfirmed", {
  registration: AsItIs,
  /** How the seat was made, if none was free: raise raised the capacity by one, overhang went beyond it. */
  beyond: described(
    "How the seat was made, if none was free: raise raised the capacity by one, overhang went beyond it",
    Schema.optionalKey(BeyondCapacity)
  )
}).annotate({
  description: "A chosen waiter got a seat"
})
/** The seat of a raise of capacity that was taken back: its attendee waits again, at the old place. */
export const RegistrationDemoted = Schema.TaggedStruct("RegistrationDemoted", { registration: AsItIs }).annotate({
  description: "The seat of a raise of capacity was taken back: its attendee waits again, at the old place"
})
export const RegistrationCancelled = Schema.TaggedStruct("RegistrationCancelled", {
  registration: AsItIs,
  from: StateBefore
}).annotate({
  description: "A registration was cancelled"
})
/** A cancellation was taken back: of the registration, or of the event. */
export const RegistrationReinstated = Schema.TaggedStruct("RegistrationReinstated", { registration: AsItIs }).annotate({
  description: "A cancellation was taken back: of the registration, or of the event"
})
/** The attendee or the notes were corrected; `before` has them as they were. */
export const RegistrationCorrected = Schema.TaggedStruct("RegistrationCorrected", {
  registration: AsItIs,
  /** What was corrected, as it was. */
  before: described(
    "What was corrected, as it was",
    Schema.Struct({ attendee: described("The person", Attendee), notes: described(NOTES, Notes, { examples: [""] }) })
  )
}).annotate({
  description: "The attendee or the notes were corrected"
})

/** All journal events about a registration. */
export const journalEvents = [
  RegistrationPromoted,
  RegistrationConfirmed,
  RegistrationDemoted,
  RegistrationCancelled,
  RegistrationReinstated,
  RegistrationCorrected
] as const

// --- rejections

/** The attendee has an active registration of this event. */
export class AlreadyRegistered extends TaggedError<AlreadyRegistered>()("AlreadyRegistered", {
  eventId: TheEvent,
  /** The id of the attendee. */
  attendeeId: described("The id of the attendee", AttendeeId),
  /** The registration that the attendee has. */
  registrationId: described("The registration that the attendee has", RegistrationId),
  /** The state of that registration. */
  state: described("The state of that registration", RegistrationState)
}) {
  override get message(): string {
    return `${nameOf(this.attendeeId)} is registered already: registration ${this.registrationId} is ${this.state}.`
  }
}

/** The event has no such registration. */
export class RegistrationNotFound extends TaggedError<RegistrationNotFound>()("RegistrationNotFound", {
  eventId: TheEvent,
  registrationId: TheRegistration
}) {
  override get message(): string {
    return `Event ${this.eventId} has no registration ${this.registrationId}.`
  }
}

/** The state of the registration does not allow this operation. */
export class RegistrationStateConflict extends TaggedError<RegistrationStateConflict>()("RegistrationStateConflict", {
  eventId: TheEvent,
  registrationId: TheRegistration,
  /** The operation that was refused. */
  operation: described("The operation that was refused", Schema.String),
  /** The state of the registration. */
  state: described("The state of the registration", RegistrationState),
  /** The states in which the operation is possible. */
  allowed: described("The states in which the operation is possible", Schema.Array(RegistrationState))
}) {
  override get message(): string {
    return `${this.operation} needs a registration that is ${this.allowed.join(" or ")}; this one is ${this.state}.`
  }
}

/** All rejections of commands about a registration. */
export const rejections = [AlreadyRegistered, RegistrationNotFound, RegistrationStateConflict] as const

/** The rejections that each command can meet. */
export const rejectionsByOperation = {
  CancelRegistration: [EventNotFound, RegistrationNotFound, RegistrationStateConflict],
  ConfirmRegistration: [
    EventNotFound,
    RegistrationNotFound,
    EventStatusConflict,
    RegistrationStateConflict,
    CapacityFull
  ],
  ReinstateRegistration: [
    EventNotFound,
    RegistrationNotFound,
    EventStatusConflict,
    RegistrationStateConflict,
    AlreadyRegistered
  ],
  CorrectRegistration: [
    EventNotFound,
    RegistrationNotFound,
    EventStatusConflict,
    RegistrationStateConflict,
    AlreadyRegistered
  ]
} as const
