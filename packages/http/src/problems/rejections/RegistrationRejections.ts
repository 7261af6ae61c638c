/**
 * Problems that answer the rejections of registering, and of commands about a registration and its attendance.
 */
import * as Attendance from "@turnout/core/admission/domain/model/Attendance"
import * as Register from "@turnout/core/admission/domain/model/Register"
import * as Registration from "@turnout/core/admission/domain/model/Registration"
import { problem } from "../Problem.ts"

export const problems = {
  RegistrationNotFound: problem(Registration.RegistrationNotFound, {
    status: 404,
    code: "registration_not_found",
    title: "There is no such registration"
  }),
  RegistrationNotOpen: problem(Register.RegistrationNotOpen, {
    status: 409,
    code: "registration_not_open",
    title: "Registration has not opened"
  }),
  RegistrationClosed: problem(Register.RegistrationClosed, {
    status: 409,
    code: "registration_closed",
    title: "Registration has closed"
  }),
  WaitlistFull: problem(Register.WaitlistFull, {
    status: 409,
    code: "waitlist_full",
    title: "The event and its waitlist are full"
  }),
  AlreadyRegistered: problem(Registration.AlreadyRegistered, {
    status: 409,
    code: "already_registered",
    title: "The attendee is registered already"
  }),
  DoorsNotOpen: problem(Attendance.DoorsNotOpen, {
    status: 409,
    code: "doors_not_open",
    title: "The doors are not open yet"
  }),
  RegistrationStateConflict: problem(Registration.RegistrationStateConflict, {
    status: 409,
    code: "registration_state_conflict",
    title: "The state of the registration does not allow this"
  })
} satisfies Record<
  InstanceType<
    (typeof Register.rejections | typeof Registration.rejections | typeof Attendance.rejections)[number]
  >["_tag"],
  unknown
>
