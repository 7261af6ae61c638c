/**
 * Problems that answer the rejections of commands about a registration.
 */
import * as Registration from "@turnout/core/admission/domain/model/Registration"
import { problem } from "../Problem.ts"

export const problems = {
  RegistrationNotFound: problem(Registration.RegistrationNotFound, {
    status: 404,
    code: "registration_not_found",
    title: "There is no such registration"
  }),
  RegistrationNotOpen: problem(Registration.RegistrationNotOpen, {
    status: 409,
    code: "registration_not_open",
    title: "Registration has not opened"
  }),
  RegistrationClosed: problem(Registration.RegistrationClosed, {
    status: 409,
    code: "registration_closed",
    title: "Registration has closed"
  }),
  CapacityFull: problem(Registration.CapacityFull, { status: 409, code: "capacity_full", title: "The event is full" }),
  WaitlistFull: problem(Registration.WaitlistFull, {
    status: 409,
    code: "waitlist_full",
    title: "The event and its waitlist are full"
  }),
  AlreadyRegistered: problem(Registration.AlreadyRegistered, {
    status: 409,
    code: "already_registered",
    title: "The attendee is registered already"
  }),
  RegistrationStateConflict: problem(Registration.RegistrationStateConflict, {
    status: 409,
    code: "registration_state_conflict",
    title: "The state of the registration does not allow this"
  })
} satisfies Record<InstanceType<(typeof Registration.rejections)[number]>["_tag"], unknown>
