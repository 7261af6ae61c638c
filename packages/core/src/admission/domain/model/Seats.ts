/**
 * Seats: how many an event has, which are taken, and how many are left.
 *
 * Contains the capacity and how it is changed, the counts of registrations by state, and the arithmetic of both.
 */
import * as Schema from "effect/Schema"
import type { Mutable } from "effect/Types"
import { EventId } from "../../../kernel/domain/EventId.ts"

/** The largest capacity and waitlist limit. */
export const MAX_CAPACITY = 1_000_000

/** A number of seats: a whole number from 0 to 1,000,000. */
export const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_CAPACITY }))

/** The number of registrations of the event in each state; cancelled ones are not counted. */
export const Counts = Schema.Struct({
  confirmed: Schema.Natural,
  waitlisted: Schema.Natural,
  attended: Schema.Natural,
  noShow: Schema.Natural
})
export type Counts = typeof Counts.Type

/** The states of registrations: those that are counted, and the one that is not. */
type RegistrationState = keyof Counts | "cancelled"

/** What the arithmetic of seats needs to know of an event. */
interface Seating {
  readonly capacity: number
  readonly counts: Counts
}

/** What promotions depend on besides the time. */
type Promoting = Seating & { readonly status: string }

// --- changing the capacity

/** `keepOverhang` (default false) accepts a capacity below the seats taken. */
export const CapacityInput = Schema.Struct({
  capacity: Capacity,
  keepOverhang: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "CapacityInput" })

/** `keepOverhang` accepts a capacity below the seats taken: nobody is promoted until the overhang is gone. */
export interface ChangeCapacity {
  readonly _tag: "ChangeCapacity"
  readonly eventId: EventId
  readonly capacity: number
  readonly keepOverhang: boolean
}

/** Promotes the next waiters of a large raise of capacity, as every other command about the event does, and nothing else. */
export interface PromoteWaiting {
  readonly _tag: "PromoteWaiting"
  readonly eventId: EventId
}

export const CapacityChanged = Schema.TaggedStruct("CapacityChanged", { from: Capacity, to: Capacity })

/** What can happen to the seats of an event. */
export const journalEvents = [CapacityChanged] as const

/** The new capacity is below the seats taken, and the caller did not ask to keep the overhang. */
export class CapacityBelowSeatsTaken extends Schema.TaggedError<CapacityBelowSeatsTaken>()("CapacityBelowSeatsTaken", {
  eventId: EventId,
  capacity: Schema.Natural,
  seatsTaken: Schema.Natural
}) {
  override get message(): string {
    return `${this.seatsTaken} seats are taken; a capacity of ${this.capacity} needs keepOverhang.`
  }
}

/** All rejections of commands about seats. */
export const rejections = [CapacityBelowSeatsTaken] as const

// --- arithmetic

/** Seats that are taken: by confirmed registrations, and by those whose attendee came or did not come. */
export const seatsTaken = (event: Seating): number =>
  event.counts.confirmed + event.counts.attended + event.counts.noShow

/** Seats that are not taken; 0 while more seats are taken than there are (an overhang). */
export const seatsFree = (event: Seating): number => Math.max(0, event.capacity - seatsTaken(event))

/** Whether an attendee who registers now gets a seat at once: one is free, and nobody waits for it. */
export const isSeatOpen = (event: Seating): boolean => event.counts.waitlisted === 0 && seatsFree(event) > 0

/** Whether an attendee who joins the waitlist now is due a seat as well, once the promotions under way have ended. */
export const isSeatDue = (event: Seating): boolean => seatsFree(event) > event.counts.waitlisted

/** The number of promotions that are due: above 0 only while a large raise of capacity proceeds in steps. */
export const promotionsDue = (event: Promoting & { readonly endsAt: Date }, now: Date): number =>
  now.getTime() < event.endsAt.getTime() ? promotionsPossible(event) : 0

/** Promotions that are due unless the event has ended: what a store loads waiters for, which knows no time. */
export const promotionsPossible = (event: Promoting): number =>
  event.status === "published" ? Math.min(seatsFree(event), event.counts.waitlisted) : 0

/** The counts after one registration went from one state to another; `from` is `undefined` for a new registration. */
export const move = (counts: Counts, from: RegistrationState | undefined, to: RegistrationState): Counts => {
  const next = { ...counts }
  moveInPlace(next, from, to)
  return next
}

/** `move` on counts that the caller owns. */
export const moveInPlace = (
  counts: Mutable<Counts>,
  from: RegistrationState | undefined,
  to: RegistrationState
): void => {
  if (from !== undefined && from !== "cancelled") counts[from] -= 1
  if (to !== "cancelled") counts[to] += 1
}
