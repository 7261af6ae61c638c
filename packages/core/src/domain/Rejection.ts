/**
 * Why a command was refused: one tagged error for each rule, with the facts that it was decided on.
 *
 * Rejections are expected answers and part of every signature. They change nothing, and they are remembered under the
 * idempotency key like any other answer.
 */
import * as Schema from "effect/Schema"
import { AttendeeId } from "./Attendee.ts"
import { EventId, EventStatus } from "./Event.ts"
import { Instant } from "./Instant.ts"
import { RegistrationId, RegistrationState } from "./Registration.ts"

/** There is no such event. */
export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", { eventId: EventId }) {
  override get message(): string {
    return `There is no event ${this.eventId}.`
  }
}

/** An event with this id was created before, by another command. */
export class EventAlreadyExists extends Schema.TaggedError<EventAlreadyExists>()("EventAlreadyExists", {
  eventId: EventId
}) {
  override get message(): string {
    return `Event ${this.eventId} exists already.`
  }
}

/** The status of the event does not allow this operation. */
export class EventStatusConflict extends Schema.TaggedError<EventStatusConflict>()("EventStatusConflict", {
  eventId: EventId,
  operation: Schema.String,
  eventStatus: EventStatus,
  allowed: Schema.Array(EventStatus)
}) {
  override get message(): string {
    return `${this.operation} needs an event that is ${this.allowed.join(" or ")}; this one is ${this.eventStatus}.`
  }
}

/** An event that people have registered for cannot go back to draft. */
export class EventHasRegistrations extends Schema.TaggedError<EventHasRegistrations>()("EventHasRegistrations", {
  eventId: EventId,
  seatsTaken: Schema.Natural,
  waitlistLength: Schema.Natural
}) {
  override get message(): string {
    return `${this.seatsTaken} seats are taken and ${this.waitlistLength} people wait; cancel the event instead.`
  }
}

/** Only possible once the event has started. */
export class EventNotStarted extends Schema.TaggedError<EventNotStarted>()("EventNotStarted", {
  eventId: EventId,
  operation: Schema.String,
  startsAt: Instant
}) {
  override get message(): string {
    return `${this.operation} is possible from ${this.startsAt.toISOString()} on, when the event starts.`
  }
}

/** The change would put the event's times out of order. */
export class ScheduleInvalid extends Schema.TaggedError<ScheduleInvalid>()("ScheduleInvalid", {
  eventId: EventId,
  field: Schema.String,
  rule: Schema.String
}) {
  override get message(): string {
    return `${this.field} ${this.rule}.`
  }
}

/** The new capacity is below the seats taken, and the caller did not ask to keep the overhang. */
export class CapacityBelowSeatsTaken extends Schema.TaggedError<CapacityBelowSeatsTaken>()("CapacityBelowSeatsTaken", {
  eventId: EventId,
  capacity: Schema.Natural,
  seatsTaken: Schema.Natural
}) {
  override get message(): string {
    return `${this.seatsTaken} seats are taken; a capacity of ${this.capacity} needs keepOverhang.`
  }
}

/** Registration has not opened yet. */
export class RegistrationNotOpen extends Schema.TaggedError<RegistrationNotOpen>()("RegistrationNotOpen", {
  eventId: EventId,
  opensAt: Instant
}) {
  override get message(): string {
    return `Registration opens at ${this.opensAt.toISOString()}.`
  }
}

/** Registration is over. */
export class RegistrationClosed extends Schema.TaggedError<RegistrationClosed>()("RegistrationClosed", {
  eventId: EventId,
  closedAt: Instant
}) {
  override get message(): string {
    return `Registration closed at ${this.closedAt.toISOString()}.`
  }
}

/** Every seat is taken (or owed to somebody who waits), and the waitlist takes no new entries. */
export class CapacityFull extends Schema.TaggedError<CapacityFull>()("CapacityFull", {
  eventId: EventId,
  capacity: Schema.Natural,
  waitlistLength: Schema.Natural
}) {
  override get message(): string {
    return `All ${this.capacity} seats are taken.`
  }
}

/** Every seat is taken and as many people wait as may. */
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

/** The idempotency key was used before, by the same caller, for the same operation with another payload. */
export class IdempotencyKeyReused extends Schema.TaggedError<IdempotencyKeyReused>()("IdempotencyKeyReused", {
  operation: Schema.String,
  key: Schema.String
}) {
  override get message(): string {
    return `Idempotency key ${JSON.stringify(this.key)} was used for ${this.operation} with another payload.`
  }
}

/** Which rejections an operation can meet; `IdempotencyKeyReused` besides, when it is sent with a key. */
export const byOperation = {
  CreateEvent: [EventAlreadyExists],
  UpdateEvent: [EventNotFound, EventStatusConflict, ScheduleInvalid],
  PublishEvent: [EventNotFound, EventStatusConflict],
  UnpublishEvent: [EventNotFound, EventStatusConflict, EventHasRegistrations],
  CancelEvent: [EventNotFound, EventStatusConflict],
  CompleteEvent: [EventNotFound, EventStatusConflict, EventNotStarted],
  ChangeCapacity: [EventNotFound, EventStatusConflict, CapacityBelowSeatsTaken],
  PromoteWaiting: [EventNotFound],
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

/** The rejections that an operation can meet. */
export type RejectionOf<Operation extends keyof typeof byOperation> =
  InstanceType<(typeof byOperation)[Operation][number]> | IdempotencyKeyReused

export const Rejection = Schema.Union([
  EventNotFound,
  EventAlreadyExists,
  EventStatusConflict,
  EventHasRegistrations,
  EventNotStarted,
  ScheduleInvalid,
  CapacityBelowSeatsTaken,
  RegistrationNotOpen,
  RegistrationClosed,
  CapacityFull,
  WaitlistFull,
  AlreadyRegistered,
  RegistrationNotFound,
  RegistrationStateConflict,
  IdempotencyKeyReused
])
export type Rejection = typeof Rejection.Type
