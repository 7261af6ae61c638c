/**
 * The capacity of an event, and the promotions into seats that become free: the first in the waitlist, in the order of entry.
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Decide, type Deciders, requireStatus, showEvent } from "../state/Decision.ts"
import type { Event } from "../model/Event.ts"
import {
  CapacityBelowSeatsTaken,
  type ChangeCapacity,
  type PromoteWaiting,
  promotionsDue,
  seatsTaken
} from "../model/Seats.ts"
import { promotionsLeft } from "../state/RegistrationRows.ts"
import type { WorkingSet } from "../state/WorkingSet.ts"

/** Promotes the waiters that are due, in the order of entry, and at most `limit`. Nobody is promoted once the event has ended. */
export const promote = (event: Event, set: WorkingSet, now: Date, limit: number): ReadonlyArray<AdmissionEvent> =>
  set.waiting
    .get(event.id)!
    .slice(0, Math.min(promotionsDue(event, now), limit))
    .map((id) => ({
      _tag: "RegistrationPromoted",
      registration: { ...set.registrations.get(id)!, state: "confirmed", changedAt: now }
    }))

const changeCapacity: Decide<ChangeCapacity> = (event, { command, now }, set) => {
  const refused = requireStatus(event, command, ["draft", "published"])
  if (refused) return Result.fail(refused)
  const { capacity, keepOverhang } = command
  const taken = seatsTaken(event)
  if (capacity < taken && capacity < event.capacity && !keepOverhang) {
    return Result.fail(new CapacityBelowSeatsTaken({ eventId: event.id, capacity, seatsTaken: taken }))
  }
  const changed: ReadonlyArray<AdmissionEvent> =
    capacity === event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]
  return Result.succeed(
    showEvent(event, [...changed, ...promote({ ...event, capacity }, set, now, promotionsLeft(set, event.id))])
  )
}

export const deciders: Deciders<ChangeCapacity | PromoteWaiting> = {
  ChangeCapacity: changeCapacity,
  // Due promotions are made before any command is decided.
  PromoteWaiting: (event) => Result.succeed(showEvent(event, []))
}
