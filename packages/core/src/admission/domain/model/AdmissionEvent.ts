/**
 * What happens to an event and its registrations, in the past tense. Each journal event holds everything that its readers need
 * to act on it.
 */
import * as Schema from "effect/Schema"
import type { EntryOf } from "../../../kernel/domain/Entry.ts"
import * as Attendance from "./Attendance.ts"
import * as Event from "./Event.ts"
import * as Register from "./Register.ts"
import * as Registration from "./Registration.ts"
import * as Seats from "./Seats.ts"

export const AdmissionEvent = Schema.Union([
  ...Event.journalEvents,
  ...Seats.journalEvents,
  ...Register.journalEvents,
  ...Registration.journalEvents,
  ...Attendance.journalEvents
])
export type AdmissionEvent = typeof AdmissionEvent.Type

export type AdmissionEntry = EntryOf<AdmissionEvent>
