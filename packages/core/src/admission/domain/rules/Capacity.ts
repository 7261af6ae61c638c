/**
 * The capacity of an event, and the promotions into seats that become free: the first in the waitlist, in the order of entry. A raise
 * of capacity makes promotions due, and a batch carries out what is due (see `Steps`).
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Decide, type Deciders, requireStatus, requireVersion, showEvent } from "../state/Decision.ts"
import type { Event } from "../model/Event.ts"
import { lastChangedFirst } from "../model/Registration.ts"
import type { Rejection } from "../model/Rejection.ts"
import {
  type BeyondCapacity,
  CapacityBelowSeatsTaken,
  CapacityFull,
  type ChangeCapacity,
  DemotionsMismatch,
  MAX_CAPACITY,
  seatsTaken
} from "../model/Seats.ts"
import type { CarryOn } from "../model/Steps.ts"
import type { WorkingSet } from "../state/WorkingSet.ts"

/** Promotes the first in line of an event of which a promotion is due. */
export const promote = (event: Event, set: WorkingSet, now: Date): AdmissionEvent | undefined => {
  const first = set.waiting.get(event.id)![0]
  if (first === undefined) return undefined
  const registration = set.registrations.get(first)!
  return { _tag: "RegistrationPromoted", registration: { ...registration, state: "confirmed", changedAt: now } }
}

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

/** Takes seats back from those who got theirs last. They wait again at their old places. */
const demote = (event: Event, set: WorkingSet, count: number, now: Date): ReadonlyArray<AdmissionEvent> =>
  [...set.registrations.values()]
    .filter(({ eventId, state }) => eventId === event.id && state === "confirmed")
    .toSorted(lastChangedFirst)
    .slice(0, count)
    .toSorted((a, b) => a.sequence - b.sequence)
    .map((registration) => ({
      _tag: "RegistrationDemoted",
      registration: { ...registration, state: "waitlisted", changedAt: now }
    }))

/** How many seats an event would have too few of. */
const seatsMissing = (event: Event, capacity: number): number => Math.max(0, seatsTaken(event) - capacity)

/** Whether an event has the capacity already, and nobody is to lose a seat for it. */
const isDone = (event: Event, { capacity, demote }: ChangeCapacity): boolean =>
  capacity === event.capacity && (demote === null || capacity >= seatsTaken(event))

/** What a capacity is refused for: seats that are taken, unless the caller accepts them or takes them back. */
const capacityProblem = (event: Event, command: ChangeCapacity): Rejection | undefined => {
  const { capacity, demote, keepOverhang } = command
  const { id: eventId } = event
  const taken = seatsTaken(event)
  if (demote !== null) {
    const needed = seatsMissing(event, capacity)
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
  const demoted = command.demote === null ? [] : demote(event, set, seatsMissing(event, capacity), now)
  return Result.succeed(showEvent(event, [...changed, ...demoted]))
}

export const deciders: Deciders<ChangeCapacity | CarryOn> = {
  ChangeCapacity: changeCapacity,
  // What is due is done before any command is decided.
  CarryOn: (event) => Result.succeed(showEvent(event, []))
}
