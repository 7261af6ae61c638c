/**
 * The command of `turnout` for each use case of the library.
 */
import type { UseCases } from "@turnout/core/admission/application/Turnout"

export const COMMANDS: Readonly<Record<keyof UseCases, string>> = {
  createEvent: "events create",
  updateEvent: "events update",
  publishEvent: "events publish",
  unpublishEvent: "events unpublish",
  cancelEvent: "events cancel",
  completeEvent: "events complete",
  reopenEvent: "events reopen",
  changeCapacity: "events capacity",
  deleteEvent: "events delete",
  getEvent: "events show",
  listEvents: "events list",
  listJournal: "journal show",
  register: "registrations add",
  registerGuest: "registrations guest",
  getRegistration: "registrations show",
  listRegistrations: "registrations list",
  listWaitlist: "waitlist show",
  waitlistPosition: "registrations position",
  listAttendeeRegistrations: "registrations of",
  cancelRegistration: "registrations cancel",
  confirmRegistration: "registrations confirm",
  reinstateRegistration: "registrations reinstate",
  correctRegistration: "registrations correct",
  markAttended: "registrations attended",
  markNoShow: "registrations no-show",
  clearAttendance: "registrations clear-attendance",
  releaseSeat: "registrations release-seat"
}
