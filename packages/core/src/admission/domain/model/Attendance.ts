/**
 * Attendance: who came, who did not, and the seats of those who did not.
 */
import * as Schema from "effect/Schema"
import { EventNotFound, EventNotStarted, EventStatusConflict } from "./Event.ts"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../../kernel/domain/EventId.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import {
  AsItIs,
  RegistrationChange,
  type RegistrationId,
  RegistrationNotFound,
  RegistrationStateConflict,
  StateBefore
} from "./Registration.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

/** How long before the start of an event the doors are open: 12 hours. Earlier, attendance needs `early`. */
export const DOORS_OPEN_MILLIS = 12 * 60 * 60 * 1_000

// --- commands

/** Notes that the attendee came. `early` notes it before the doors are open. */
export interface MarkAttended {
  readonly _tag: "MarkAttended"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
  readonly early: boolean
}

export interface MarkNoShow {
  readonly _tag: "MarkNoShow"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Takes back that the attendee came, or did not come: the registration is confirmed again. */
export interface ClearAttendance {
  readonly _tag: "ClearAttendance"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Gives the seat of somebody who did not come to the first in line. */
export interface ReleaseSeat {
  readonly _tag: "ReleaseSeat"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export type AttendanceCommand = MarkAttended | MarkNoShow | ClearAttendance | ReleaseSeat

/** `early` (default false) notes attendance before the doors are open. */
export const AttendedInput = Schema.Struct({
  /** Notes attendance before the doors are open. */
  early: described("Notes attendance before the doors are open", Schema.optionalKey(Schema.Boolean), { default: false })
}).annotate({
  identifier: "AttendedInput"
})

/** How somebody came, as a caller gives it. */
export interface GivenAttended extends Schema.Codec.Encoded<typeof AttendedInput> {}

/** The outcome of each command. */
export const outcomesByOperation = {
  MarkAttended: RegistrationChange,
  MarkNoShow: RegistrationChange,
  ClearAttendance: RegistrationChange,
  ReleaseSeat: RegistrationChange
} as const

// --- journal events

export const AttendeeAttended = Schema.TaggedStruct("AttendeeAttended", {
  registration: AsItIs,
  from: StateBefore
}).annotate({
  description: "It was noted that the attendee came"
})
export const AttendeeMissed = Schema.TaggedStruct("AttendeeMissed", {
  registration: AsItIs,
  from: StateBefore
}).annotate({
  description: "It was noted that the attendee did not come"
})
/** It was taken back that the attendee came, or did not come. */
export const AttendanceCleared = Schema.TaggedStruct("AttendanceCleared", {
  registration: AsItIs,
  from: StateBefore
}).annotate({
  description: "It was taken back that the attendee came, or did not come"
})

/** All journal events about attendance. A seat that is released is a `RegistrationCancelled`. */
export const journalEvents = [AttendeeAttended, AttendeeMissed, AttendanceCleared] as const

// --- rejections

/** The doors are not open yet, and the caller did not say that the attendee is early. */
export class DoorsNotOpen extends TaggedError<DoorsNotOpen>()("DoorsNotOpen", {
  eventId: TheEvent,
  /** When the doors open. */
  doorsOpenAt: described("When the doors open", Instant)
}) {
  override get message(): string {
    return `The doors open at ${this.doorsOpenAt.toISOString()}; before that, attendance needs \`early\`.`
  }
}

/** All rejections of commands about attendance. */
export const rejections = [DoorsNotOpen] as const

const common = [EventNotFound, RegistrationNotFound, EventStatusConflict, RegistrationStateConflict] as const

/** The rejections that each command can meet. */
export const rejectionsByOperation = {
  MarkAttended: [...common, DoorsNotOpen],
  MarkNoShow: [...common, EventNotStarted],
  ClearAttendance: common,
  ReleaseSeat: common
} as const
