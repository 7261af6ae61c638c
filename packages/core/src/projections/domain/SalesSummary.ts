/**
 * The sales summary of an event: how its seats sold, counted from its journal.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { type EventId, TheEvent } from "../../kernel/domain/EventId.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
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
  firstRegistrationAt: described("When the first person registered", Schema.NullOr(Instant)),
  /** When every seat was taken for the first time. */
  soldOutAt: described("When every seat was taken for the first time", Schema.NullOr(Instant))
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
  soldOutAt: null
})

/**
 * The milliseconds from the first publication until every seat was taken; `null` if either has not happened. Never below 0, though
 * entries from before a clock was set back may say so.
 */
export const millisToSellOut = ({ publishedAt, soldOutAt }: SalesSummary): number | null =>
  publishedAt === null || soldOutAt === null ? null : Math.max(0, soldOutAt.getTime() - publishedAt.getTime())

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

type RegistrationEvent = (typeof registeringEvents | typeof journalEvents | typeof attendanceEvents)[number]["Type"]

const next = (summary: SalesSummary, { event, occurredAt }: JournalEntry): SalesSummary | undefined => {
  const firstRegistrationAt = summary.firstRegistrationAt ?? occurredAt
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
      return { ...summary, firstRegistrationAt, registrations: moved(summary, null, "confirmed") }
    case "AttendeeWaitlisted":
      return { ...summary, firstRegistrationAt, registrations: moved(summary, null, "waitlisted") }
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
  return after.soldOutAt === null && isFull(after) ? { ...after, soldOutAt: entry.occurredAt } : after
}
