/**
 * Seats: how many an event has, which are taken, and how many are left.
 *
 * Contains the capacity and how it is changed, the counts of registrations by state, and the arithmetic of both.
 */
import * as Schema from "effect/Schema"
import type { Mutable } from "effect/Types"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../../kernel/domain/EventId.ts"
import type { Expecting } from "./event/EventVersion.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

/** The largest capacity and waitlist limit. */
export const MAX_CAPACITY = 1_000_000

/** A number of seats: a whole number from 0 to 1,000,000. */
export const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_CAPACITY }))

/** The number of registrations of the event in each state; cancelled ones are not counted. */
export const Counts = Schema.Struct({
  /** Have a seat. */
  confirmed: described("Have a seat", Schema.Natural),
  /** Wait for a seat. */
  waitlisted: described("Wait for a seat", Schema.Natural),
  /** Had a seat, and came. */
  attended: described("Had a seat, and came", Schema.Natural),
  /** Had a seat, and did not come. */
  noShow: described("Had a seat, and did not come", Schema.Natural)
})
export interface Counts extends Schema.Schema.Type<typeof Counts> {}

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

/** The most seats that a change of capacity takes back at once. */
export const MAX_DEMOTIONS = 1_000

const Demotions = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_DEMOTIONS }))

/**
 * A capacity below the seats taken needs one of two: `keepOverhang` (default false) accepts it, and `demote` takes that number of
 * seats back, of those who got theirs last; they wait again at their old places.
 */
export const CapacityInput = Schema.Struct({
  /** The new number of seats. */
  capacity: described("The new number of seats", Capacity, { examples: [120] }),
  /** Accepts a capacity below the seats taken: nobody is promoted until the overhang is gone. */
  keepOverhang: described(
    "Accepts a capacity below the seats taken: nobody is promoted until the overhang is gone",
    Schema.optionalKey(Schema.Boolean),
    { default: false }
  ),
  /**
   * The number of people who lose their seats, those who got theirs last, and wait again at their old places. It has
   * to be the number of seats that the event has too few, so that nobody loses one unnoticed.
   */
  demote: described(
    "The number of people who lose their seats, those who got theirs last, and wait again at their old places. It has to be the number of seats that the event has too few, so that nobody loses one unnoticed",
    Schema.optionalKey(Demotions)
  )
}).annotate({ identifier: "CapacityInput" })

/** A new capacity, as a caller gives it. */
export interface GivenCapacity extends Schema.Codec.Encoded<typeof CapacityInput> {}

/**
 * `keepOverhang` accepts a capacity below the seats taken: nobody is promoted until the overhang is gone. `demote` is the number
 * of people who lose their seats; it has to be the number of seats that the event has too few, so that nobody loses one
 * unnoticed.
 */
export interface ChangeCapacity extends Expecting {
  readonly _tag: "ChangeCapacity"
  readonly eventId: EventId
  readonly capacity: number
  readonly keepOverhang: boolean
  readonly demote: number | null
}

/**
 * What staff choose for somebody for whom no seat is free: `raise` raises the capacity by one in the same commit, `overhang` goes
 * beyond the capacity, and nobody is promoted until the overhang is gone.
 */
export const BeyondCapacity = Schema.Literals(["raise", "overhang"])
export type BeyondCapacity = typeof BeyondCapacity.Type

export const CapacityChanged = Schema.TaggedStruct("CapacityChanged", {
  /** The number of seats before. */
  from: described("The number of seats before", Capacity, { examples: [100] }),
  /** The number of seats from now on. */
  to: described("The number of seats from now on", Capacity, { examples: [120] })
}).annotate({
  description: "The number of seats was changed"
})

/** What can happen to the seats of an event. */
export const journalEvents = [CapacityChanged] as const

/** The new capacity is below the seats taken, and the caller asked neither to keep the overhang nor to take seats back. */
export class CapacityBelowSeatsTaken extends TaggedError<CapacityBelowSeatsTaken>()("CapacityBelowSeatsTaken", {
  eventId: TheEvent,
  /** The capacity that was asked for. */
  capacity: described("The capacity that was asked for", Schema.Natural),
  /** The seats that are taken. */
  seatsTaken: described("The seats that are taken", Schema.Natural)
}) {
  override get message(): string {
    return (
      `${this.seatsTaken} seats are taken; a capacity of ${this.capacity} needs keepOverhang, ` +
      `or demote with the number of seats to take back.`
    )
  }
}

/** `demote` is not the number of seats that have to be taken back, or not as many can be: those who came keep their seats. */
export class DemotionsMismatch extends TaggedError<DemotionsMismatch>()("DemotionsMismatch", {
  eventId: TheEvent,
  /** The number of seats that was asked for. */
  demote: described("The number of seats that was asked for", Schema.Natural),
  /** The number of seats that have to be taken back. */
  needed: described("The number of seats that have to be taken back", Schema.Natural),
  /** The people who have a seat and have not come yet. */
  confirmed: described("The people who have a seat and have not come yet", Schema.Natural)
}) {
  override get message(): string {
    return this.needed > this.confirmed
      ? `${this.needed} seats would have to be taken back, but only ${this.confirmed} are of people who have not come yet.`
      : `${this.needed} seats have to be taken back, not ${this.demote}: confirm that number.`
  }
}

/** Every seat is taken (or due to a waiter), and the waitlist takes no new entries or the caller asked for a seat. */
export class CapacityFull extends TaggedError<CapacityFull>()("CapacityFull", {
  eventId: TheEvent,
  /** The number of seats of the event. */
  capacity: described("The number of seats of the event", Schema.Natural),
  /** The people who wait. */
  waitlistLength: described("The people who wait", Schema.Natural)
}) {
  override get message(): string {
    return this.waitlistLength === 0
      ? `All ${this.capacity} seats are taken.`
      : `All ${this.capacity} seats are taken, or due to those who wait.`
  }
}

/** All rejections of commands about seats. */
export const rejections = [CapacityBelowSeatsTaken, DemotionsMismatch, CapacityFull] as const

// --- arithmetic

/** Seats that are taken: by confirmed registrations, and by those whose attendee came or did not come. */
export const seatsTaken = (event: Seating): number =>
  event.counts.confirmed + event.counts.attended + event.counts.noShow

/** Seats that are not taken; 0 while more seats are taken than there are (an overhang). */
export const seatsFree = (event: Seating): number => Math.max(0, event.capacity - seatsTaken(event))

/** Whether one more attendee gets a seat at once: one is free, and nobody waits for it, or the event is over for those who wait. */
export const isSeatOpen = (event: Seating & { readonly endsAt: Date }, now: Date): boolean =>
  (event.counts.waitlisted === 0 || now.getTime() >= event.endsAt.getTime()) && seatsFree(event) > 0

/** Whether an attendee who joins the waitlist now is due a seat as well, once the promotions under way have ended. */
export const isSeatDue = (event: Seating): boolean => seatsFree(event) > event.counts.waitlisted

/** The number of promotions that are due. Between batches it is above 0 only while promotions proceed in steps. */
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
