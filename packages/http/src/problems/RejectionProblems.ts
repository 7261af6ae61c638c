/**
 * Problems that answer the rejections of commands: 404, 409 if the state of the event does not allow the command, and 422
 * if its idempotency key was used for another payload.
 */
import {
  EventAlreadyExists,
  EventHasRegistrations,
  EventNotFound,
  EventNotStarted,
  EventStatusConflict,
  ScheduleInvalid
} from "@turnout/core/admission/domain/model/Event"
import {
  AlreadyRegistered,
  CapacityFull,
  RegistrationClosed,
  RegistrationNotFound,
  RegistrationNotOpen,
  RegistrationStateConflict,
  WaitlistFull
} from "@turnout/core/admission/domain/model/Registration"
import { CapacityBelowSeatsTaken } from "@turnout/core/admission/domain/model/Seats"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import type * as Schema from "effect/Schema"
import { problem } from "./Problem.ts"

const rejections = {
  EventNotFound: problem(EventNotFound, { status: 404, code: "event_not_found", title: "There is no such event" }),
  RegistrationNotFound: problem(RegistrationNotFound, {
    status: 404,
    code: "registration_not_found",
    title: "There is no such registration"
  }),
  EventAlreadyExists: problem(EventAlreadyExists, {
    status: 409,
    code: "event_already_exists",
    title: "The event exists already"
  }),
  EventStatusConflict: problem(EventStatusConflict, {
    status: 409,
    code: "event_status_conflict",
    title: "The status of the event does not allow this"
  }),
  EventHasRegistrations: problem(EventHasRegistrations, {
    status: 409,
    code: "event_has_registrations",
    title: "People have registered for the event"
  }),
  EventNotStarted: problem(EventNotStarted, {
    status: 409,
    code: "event_not_started",
    title: "The event has not started"
  }),
  ScheduleInvalid: problem(ScheduleInvalid, {
    status: 409,
    code: "schedule_invalid",
    title: "The times would be out of order"
  }),
  CapacityBelowSeatsTaken: problem(CapacityBelowSeatsTaken, {
    status: 409,
    code: "capacity_below_seats_taken",
    title: "More seats are taken than the capacity would have"
  }),
  RegistrationNotOpen: problem(RegistrationNotOpen, {
    status: 409,
    code: "registration_not_open",
    title: "Registration has not opened"
  }),
  RegistrationClosed: problem(RegistrationClosed, {
    status: 409,
    code: "registration_closed",
    title: "Registration has closed"
  }),
  CapacityFull: problem(CapacityFull, { status: 409, code: "capacity_full", title: "The event is full" }),
  WaitlistFull: problem(WaitlistFull, {
    status: 409,
    code: "waitlist_full",
    title: "The event and its waitlist are full"
  }),
  AlreadyRegistered: problem(AlreadyRegistered, {
    status: 409,
    code: "already_registered",
    title: "The attendee is registered already"
  }),
  RegistrationStateConflict: problem(RegistrationStateConflict, {
    status: 409,
    code: "registration_state_conflict",
    title: "The state of the registration does not allow this"
  }),
  IdempotencyKeyReused: problem(Rejection.IdempotencyKeyReused, {
    status: 422,
    code: "idempotency_key_reused",
    title: "The idempotency key was used for another payload"
  })
} satisfies Record<Rejection.Rejection["_tag"], unknown>

export const {
  EventNotFound: eventNotFound,
  RegistrationNotFound: registrationNotFound,
  RegistrationStateConflict: registrationStateConflict
} = rejections

/** The rejections of an operation, as endpoint errors. */
export const rejectionsOf = <Operation extends keyof typeof Rejection.byOperation>(
  operation: Operation
): ReadonlyArray<Schema.Codec<Rejection.RejectionOf<Operation>, unknown>> => {
  const classes: ReadonlyArray<{ readonly identifier: string }> = Rejection.byOperation[operation]
  const names = [...classes.map(({ identifier }) => identifier), "IdempotencyKeyReused"]
  return names.map((name) => rejections[name as keyof typeof rejections]) as never
}
