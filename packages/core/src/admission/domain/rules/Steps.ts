/**
 * The steps of what is too much for one commit (see `Steps` of the model): one registration after the other.
 *
 * The registrations of a cancelled event end in the order of entry, and come back in the opposite order. So at any time, those that
 * have ended entered before those that have not.
 */
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import type { Event } from "../model/Event.ts"
import { firstToEnd, firstToReturn } from "../state/RegistrationRows.ts"
import type { WorkingSet } from "../state/WorkingSet.ts"
import { promote } from "./Capacity.ts"
import { cancelled, reinstated } from "./Changing.ts"

/** What happens next to an event that has a step to make. */
export const next = (event: Event, set: WorkingSet, now: Date): AdmissionEvent | undefined => {
  if (event.status === "published") return promote(event, set, now)
  if (event.status === "cancelled") {
    const registration = firstToEnd(set, event.id)
    if (registration === undefined) return undefined
    const from = registration.state
    return { _tag: "RegistrationCancelled", registration: cancelled(registration, "eventCancelled", now), from }
  }
  if (event.status !== "reopening") return undefined
  const registration = firstToReturn(set, event.id)
  if (registration === undefined) return { _tag: "EventReopened", status: event.cancelledFrom ?? "published" }
  const to = registration.cancellation?.from === "waitlisted" ? "waitlisted" : "confirmed"
  return { _tag: "RegistrationReinstated", registration: reinstated(registration, to, now) }
}
