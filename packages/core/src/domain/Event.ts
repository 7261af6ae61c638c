/**
 * The event: what people attend.
 *
 * Contains its fields and their rules, its states, and the arithmetic of its seats. An event is also the consistency
 * boundary: everything that concerns its seats is decided under the lock of its row, and its journal is one stream
 * whose version counts up by one with every journal event.
 */
import * as Schema from "effect/Schema"
import { earlier, Instant } from "./Instant.ts"
import * as Text from "./Text.ts"
import { Uuid } from "./Uuid.ts"

export const EventId = Uuid.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

/** Largest capacity and waitlist limit. */
export const MAX_CAPACITY = 1_000_000

/** Seats, a whole number from 0 to 1,000,000. */
export const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_CAPACITY }))

/**
 * - `draft`: being prepared; nobody can register.
 * - `published`: open to registrations within the registration window.
 * - `cancelled`: will not take place. Final.
 * - `completed`: has taken place; attendance can still be recorded. Final.
 */
export const EventStatus = Schema.Literals(["draft", "published", "cancelled", "completed"])
export type EventStatus = typeof EventStatus.Type

/** Zones that were found to be some: looking one up takes longer than all of the rest of checking an event. */
const knownZones = new Set<string>()
/** More than there are, and not as many as somebody could spell. */
const MOST_KNOWN_ZONES = 1_000

const isZone = (zone: string): boolean => {
  if (knownZones.has(zone)) return true
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    Intl.DateTimeFormat("en", { timeZone: zone })
  } catch {
    return false
  }
  if (knownZones.size < MOST_KNOWN_ZONES) knownZones.add(zone)
  return true
}

const isTimeZone = Schema.makeFilter<string>(
  (zone) => isZone(zone) || "must be an IANA time zone, such as Europe/Berlin"
)

const details = {
  title: Text.line({ minLength: 1, maxLength: 200 }),
  description: Text.paragraphs({ maxLength: 4_000 }),
  location: Text.line({ maxLength: 500 }),
  /** Who runs it: a name or the host's own id. */
  organizer: Text.line({ minLength: 1, maxLength: 200 }),
  startsAt: Instant,
  endsAt: Instant,
  timeZone: Schema.String.check(isTimeZone),
  registrationOpensAt: Schema.NullOr(Instant),
  registrationClosesAt: Schema.NullOr(Instant),
  /** `closed` takes no new entries; whoever waits keeps the place and is promoted as before. */
  waitlist: Schema.Literals(["open", "closed"]),
  /** How many may wait at once; `null` for no limit. */
  waitlistLimit: Schema.NullOr(Capacity)
}

/** The fields that `update` may change. */
export const EventDetails = Schema.Struct(details)
export type EventDetails = typeof EventDetails.Type

/** Registrations of the event by state; cancelled ones are not counted. */
export const Counts = Schema.Struct({
  confirmed: Schema.Natural,
  waitlisted: Schema.Natural,
  attended: Schema.Natural,
  noShow: Schema.Natural
})
export type Counts = typeof Counts.Type

export const Event = Schema.Struct({
  id: EventId,
  ...details,
  capacity: Capacity,
  status: EventStatus,
  /** How many journal events the stream of this event has. */
  version: Schema.Natural,
  counts: Counts,
  createdAt: Instant,
  updatedAt: Instant
}).annotate({ identifier: "Event" })
export type Event = typeof Event.Type

/**
 * A new event: title, organizer, startsAt, endsAt, timeZone and capacity are required. `id` is the caller's own id for
 * it, by which it is created once only; without one it gets a fresh id.
 */
export const EventInput = Schema.Struct({
  id: Schema.optionalKey(EventId),
  ...details,
  description: Schema.optionalKey(details.description),
  location: Schema.optionalKey(details.location),
  registrationOpensAt: Schema.optionalKey(details.registrationOpensAt),
  registrationClosesAt: Schema.optionalKey(details.registrationClosesAt),
  waitlist: Schema.optionalKey(details.waitlist),
  waitlistLimit: Schema.optionalKey(details.waitlistLimit),
  capacity: Capacity
})
  .check(Schema.makeFilter((input) => scheduleProblem(input)))
  .annotate({ identifier: "EventInput" })
export type EventInput = typeof EventInput.Type

/** Fields for `update`: whatever is absent stays as it is, `null` clears an optional one. */
export const EventChanges = Schema.Struct({
  title: Schema.optionalKey(details.title),
  description: Schema.optionalKey(details.description),
  location: Schema.optionalKey(details.location),
  organizer: Schema.optionalKey(details.organizer),
  startsAt: Schema.optionalKey(details.startsAt),
  endsAt: Schema.optionalKey(details.endsAt),
  timeZone: Schema.optionalKey(details.timeZone),
  registrationOpensAt: Schema.optionalKey(details.registrationOpensAt),
  registrationClosesAt: Schema.optionalKey(details.registrationClosesAt),
  waitlist: Schema.optionalKey(details.waitlist),
  waitlistLimit: Schema.optionalKey(details.waitlistLimit)
}).annotate({ identifier: "EventChanges" })
export type EventChanges = typeof EventChanges.Type

/** `keepOverhang` (default false) accepts a capacity below the seats taken. */
export const CapacityInput = Schema.Struct({
  capacity: Capacity,
  keepOverhang: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "CapacityInput" })

interface Schedule {
  readonly startsAt: Date
  readonly endsAt: Date
  readonly registrationOpensAt?: Date | null
  readonly registrationClosesAt?: Date | null
}

/** What is wrong with the order of an event's times: the field and the rule that it breaks. */
export const scheduleProblem = (
  times: Schedule
): { readonly path: ReadonlyArray<string>; readonly issue: string } | undefined => {
  if (times.endsAt <= times.startsAt) return { path: ["endsAt"], issue: "must be after startsAt" }
  if (times.registrationOpensAt && times.registrationOpensAt >= times.endsAt) {
    return { path: ["registrationOpensAt"], issue: "must be before endsAt" }
  }
  if (
    times.registrationOpensAt &&
    times.registrationClosesAt &&
    times.registrationClosesAt <= times.registrationOpensAt
  ) {
    return { path: ["registrationClosesAt"], issue: "must be after registrationOpensAt" }
  }
  return undefined
}

/** Seats that somebody has: confirmed, and those whose holder came or did not come. */
export const seatsTaken = (event: Event): number => event.counts.confirmed + event.counts.attended + event.counts.noShow

/** Seats that nobody has; 0 while more seats are taken than there are (an overhang). */
export const seatsFree = (event: Event): number => Math.max(0, event.capacity - seatsTaken(event))

/** Whether a newcomer gets a seat at once: one is free, and nobody waits for it. */
export const isSeatOpen = (event: Event): boolean => event.counts.waitlisted === 0 && seatsFree(event) > 0

/** Whether a newcomer who joins the waitlist now is due a seat as well, once the promotions under way have ended. */
export const isSeatDue = (event: Event): boolean => seatsFree(event) > event.counts.waitlisted

/** Promotions that are due: while a large raise of capacity proceeds in steps, and never otherwise. */
export const promotionsDue = (event: Event): number =>
  event.status === "published" ? Math.min(seatsFree(event), event.counts.waitlisted) : 0

/** The moment from which on nobody can register: the close of registration, at the latest the event's end. */
export const registrationEnd = (event: Event): Date => earlier(event.registrationClosesAt, event.endsAt)
