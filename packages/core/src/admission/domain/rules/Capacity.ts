/**
 * The capacity of an event, and the promotions into seats that become free: the first in the waitlist, in the order of entry.
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Decide, type Deciders, requireStatus, requireVersion, showEvent } from "../state/Decision.ts"
import type { Event } from "../model/Event.ts"
import type { Registration } from "../model/Registration.ts"
import type { Rejection } from "../model/Rejection.ts"
import {
  type BeyondCapacity,
  CapacityBelowSeatsTaken,
  CapacityFull,
  type ChangeCapacity,
  DemotionsMismatch,
  MAX_CAPACITY,
  promotionsDue,
  seatsTaken
} from "../model/Seats.ts"
import type { CarryOn } from "../model/Steps.ts"
import { stepsLeft } from "../state/RegistrationRows.ts"
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

/** The journal events that make room for somebody for whom no seat is free, as the caller has chosen; refused without a choice. */
export const takeSeat = (
  { capacity, counts, id }: Event,
  beyond: BeyondCapacity | null
): Result.Result<ReadonlyArray<AdmissionEvent>, CapacityFull> => {
  if (beyond === "overhang") return Result.succeed([])
  if (beyond === "raise" && capacity < MAX_CAPACITY) {
    return Result.succeed([{ _tag: "CapacityChanged", from: capacity, to: capacity + 1 }])
  }
  return Result.fail(new CapacityFull({ eventId: id, capacity, waitlistLength: counts.waitlisted }))
}

/** Compares registrations by the moment at which they got their seats, the last one first. */
const lastSeatedFirst = (a: Registration, b: Registration): number =>
  b.changedAt.getTime() - a.changedAt.getTime() || b.sequence - a.sequence

/** Takes seats back from those who got theirs last. They wait again at their old places. */
const demote = (event: Event, set: WorkingSet, count: number, now: Date): ReadonlyArray<AdmissionEvent> =>
  [...set.registrations.values()]
    .filter(({ eventId, state }) => eventId === event.id && state === "confirmed")
    .toSorted(lastSeatedFirst)
    .slice(0, count)
    .toSorted((a, b) => a.sequence - b.sequence)
    .map((registration) => ({
      _tag: "RegistrationDemoted",
      registration: { ...registration, state: "waitlisted", changedAt: now }
    }))

/** Whether an event has the capacity already, and nobody is to lose a seat for it. */
const isDone = (event: Event, { capacity, demote }: ChangeCapacity): boolean =>
  capacity === event.capacity && (demote === null || capacity >= seatsTaken(event))

/** What a capacity is refused for: seats that are taken, unless the caller accepts them or takes them back. */
const capacityProblem = (event: Event, command: ChangeCapacity): Rejection | undefined => {
  const { capacity, demote, keepOverhang } = command
  const { id: eventId } = event
  const taken = seatsTaken(event)
  if (demote !== null) {
    const needed = Math.max(0, taken - capacity)
    const { confirmed } = event.counts
    return isDone(event, command) || (needed === demote && needed <= confirmed)
      ? undefined
      : new DemotionsMismatch({ eventId, demote, needed, confirmed })
  }
  return capacity < taken && capacity < event.capacity && !keepOverhang
    ? new CapacityBelowSeatsTaken({ eventId, capacity, seatsTaken: taken })
    : undefined
}

const changeCapacity: Decide<ChangeCapacity> = (event, { command, now }, set) => {
  const refused =
    requireStatus(event, command, ["draft", "published"]) ??
    (isDone(event, command) ? undefined : requireVersion(event, command)) ??
    capacityProblem(event, command)
  if (refused) return Result.fail(refused)
  const { capacity } = command
  const changed: ReadonlyArray<AdmissionEvent> =
    capacity === event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]
  const moved =
    command.demote === null || capacity >= seatsTaken(event)
      ? promote({ ...event, capacity }, set, now, stepsLeft(set, event.id))
      : demote(event, set, command.demote, now)
  return Result.succeed(showEvent(event, [...changed, ...moved]))
}

export const deciders: Deciders<ChangeCapacity | CarryOn> = {
  ChangeCapacity: changeCapacity,
  // What is due is done before any command is decided.
  CarryOn: (event) => Result.succeed(showEvent(event, []))
}
