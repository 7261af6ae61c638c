/**
 * The sales summary of an event: how its seats sold, counted from its journal.
 *
 * A registration counts at the time at which the person registered. For people who were imported, that is the time at which they
 * registered elsewhere, if the import knew it, and not the time of the import.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../kernel/domain/EventId.ts"
import { earlier, Instant } from "../../kernel/domain/Instant.ts"
import type { JournalEntry, JournalEvent } from "../../journal/domain/JournalEvent.ts"
import type { journalEvents as attendanceEvents } from "../../admission/domain/model/Attendance.ts"
import type { journalEvents as registeringEvents } from "../../admission/domain/model/Register.ts"
import type { journalEvents, RegistrationState } from "../../admission/domain/model/Registration.ts"

const Count = Schema.Natural

export const SalesSummary = Schema.Struct({
  eventId: TheEvent,
  title: described("The title of the event", Schema.String),
  capacity: described("The number of seats", Count),
  /** Registrations by the state that they are in. */
  registrations: described(
    "Registrations by the state that they are in",
    Schema.Struct({
      confirmed: described("Have a seat", Count),
      waitlisted: described("Wait for a seat", Count),
      cancelled: described("Were cancelled", Count),
      attended: described("Had a seat, and came", Count),
      noShow: described("Had a seat, and did not come", Count)
    })
  ),
  /** How many waiters got a seat, in their turn or out of turn. */
  promotions: described("How many waiters got a seat, in their turn or out of turn", Count),
  cancellations: described("How many registrations were cancelled", Count),
  /** When the event was first published. */
  publishedAt: described("When the event was first published", Schema.NullOr(Instant)),
  /** When the first and the last person registered, be it that they have cancelled since. */
  firstRegistrationAt: described("When the first person registered", Schema.NullOr(Instant)),
  lastRegistrationAt: described(
    "When the last person registered; absent in a summary that was begun before this was counted",
    Schema.optionalKey(Schema.NullOr(Instant))
  ),
  /** When every seat was taken for the first time. */
  soldOutAt: described("When every seat was taken for the first time", Schema.NullOr(Instant)),
  /**
   * The number of people who registered on each day, which is written as `2027-05-01` and is one of UTC. A summary that was begun
   * before days were counted, and cannot be made anew since the journal has been pruned, has neither this nor the time before.
   */
  registrationsByDay: described(
    "The number of people who registered on each day of UTC; absent in a summary that was begun before days were counted",
    Schema.optionalKey(Schema.Record(Schema.String, Count)),
    { examples: [{ "2035-04-01": 12 }] }
  )
})
export type SalesSummary = typeof SalesSummary.Type

export const initial = (eventId: EventId): SalesSummary => ({
  eventId,
  title: "",
  capacity: 0,
  registrations: { confirmed: 0, waitlisted: 0, cancelled: 0, attended: 0, noShow: 0 },
  promotions: 0,
  cancellations: 0,
  publishedAt: null,
  firstRegistrationAt: null,
  lastRegistrationAt: null,
  soldOutAt: null,
  registrationsByDay: {}
})

/** Whether a summary was begun before registrations counted at the time at which people registered. */
export const isOutdated = ({ registrationsByDay }: SalesSummary): boolean => registrationsByDay === undefined

/**
 * The milliseconds from the first publication until every seat was taken; `null` if either has not happened. If every seat was taken
 * before the event was published, as by people who were imported, they begin with the first registration. Never below 0, though
 * entries from before a clock was set back may say so.
 */
export const millisToSellOut = ({ firstRegistrationAt, publishedAt, soldOutAt }: SalesSummary): number | null => {
  if (publishedAt === null || soldOutAt === null) return null
  const begin = soldOutAt < publishedAt ? (firstRegistrationAt ?? publishedAt) : publishedAt
  return Math.max(0, soldOutAt.getTime() - begin.getTime())
}

const moved = (
  { registrations }: SalesSummary,
  from: RegistrationState | null,
  to: RegistrationState
): SalesSummary["registrations"] => {
  const counts = { ...registrations }
  if (from !== null) counts[from] -= 1
  counts[to] += 1
  return counts
}

/**
 * The most days that are counted apart. The registrations of further days count on the last day before them that is counted, or on
 * the first of all if none is before.
 */
const MAX_DAYS = 4_000

const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10)

type Days = NonNullable<SalesSummary["registrationsByDay"]>

const withDay = (days: Days, moment: Date): Days => {
  const day = dayOf(moment)
  // Imports count days in any order.
  const known = Object.keys(days)
  if (day in days || known.length < MAX_DAYS) return { ...days, [day]: (days[day] ?? 0) + 1 }
  const inOrder = known.toSorted()
  const nearest = inOrder.findLast((one) => one < day) ?? inOrder[0]!
  return { ...days, [nearest]: days[nearest]! + 1 }
}

/** The summary after somebody registered, as it is besides the state of the registration. */
const registered = (summary: SalesSummary, registeredAt: Date): SalesSummary => {
  const { lastRegistrationAt: last = null, registrationsByDay } = summary
  const firstRegistrationAt = earlier(summary.firstRegistrationAt, registeredAt)
  if (registrationsByDay === undefined) return { ...summary, firstRegistrationAt }
  return {
    ...summary,
    firstRegistrationAt,
    lastRegistrationAt: last === null || last < registeredAt ? registeredAt : last,
    registrationsByDay: withDay(registrationsByDay, registeredAt)
  }
}

type RegistrationEvent = (typeof registeringEvents | typeof journalEvents | typeof attendanceEvents)[number]["Type"]

const next = (summary: SalesSummary, { event, occurredAt }: JournalEntry): SalesSummary | undefined => {
  switch (event._tag) {
    case "EventCreated":
      return { ...summary, title: event.details.title, capacity: event.capacity }
    case "EventUpdated":
      return { ...summary, title: event.details.title }
    case "EventPublished":
      return { ...summary, publishedAt: summary.publishedAt ?? occurredAt }
    case "EventDeleted":
      return undefined
    case "CapacityChanged":
      return { ...summary, capacity: event.to }
    case "AttendeeRegistered":
      return {
        ...registered(summary, event.registration.registeredAt),
        registrations: moved(summary, null, "confirmed")
      }
    case "AttendeeWaitlisted":
      return {
        ...registered(summary, event.registration.registeredAt),
        registrations: moved(summary, null, "waitlisted")
      }
    case "RegistrationPromoted":
    case "RegistrationConfirmed":
      return {
        ...summary,
        promotions: summary.promotions + 1,
        registrations: moved(summary, "waitlisted", "confirmed")
      }
    case "RegistrationCancelled":
      return {
        ...summary,
        cancellations: summary.cancellations + 1,
        registrations: moved(summary, event.from, "cancelled")
      }
    case "RegistrationReinstated":
      return { ...summary, registrations: moved(summary, "cancelled", event.registration.state) }
    case "RegistrationDemoted":
      return { ...summary, registrations: moved(summary, "confirmed", "waitlisted") }
    case "RegistrationCorrected":
      return summary
    case "AttendanceCleared":
      return { ...summary, registrations: moved(summary, event.from, "confirmed") }
    case "AttendeeAttended":
      return { ...summary, registrations: moved(summary, event.from, "attended") }
    case "AttendeeMissed":
      return { ...summary, registrations: moved(summary, event.from, "noShow") }
    default:
      // Other journal events do not concern sales. All of those about registrations do, so each of them has a case above.
      event satisfies Exclude<JournalEvent, RegistrationEvent>
      return summary
  }
}

const isFull = ({ capacity, registrations: { attended, confirmed, noShow } }: SalesSummary): boolean =>
  confirmed + attended + noShow >= capacity && confirmed > 0

/** The summary after an entry; `undefined` once the event has been deleted, which nobody has registered for. */
export const apply = (summary: SalesSummary, entry: JournalEntry): SalesSummary | undefined => {
  const after = next(summary, entry)
  if (after === undefined) return undefined
  if (after.soldOutAt !== null || !isFull(after)) return after
  // The people of an import may come in any order: every seat was taken when the last of them had registered.
  const lastRegistrationAt = entry.event._tag === "AttendeeRegistered" ? after.lastRegistrationAt : undefined
  return { ...after, soldOutAt: lastRegistrationAt ?? entry.occurredAt }
}
