/**
 * The footprint of a batch: the rows that it needs to be decided as it would be on the whole state.
 */
import type { AttendeeId } from "../model/Attendee.ts"
import type { Event } from "../model/Event.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { IdempotencyScope } from "./Idempotency.ts"
import type { RegistrationId } from "../model/Registration.ts"
import { eventIdOf, eventsOf, type Request } from "./Request.ts"
import { promotionsDue } from "../model/Seats.ts"
import { PROMOTION_BATCH } from "./WorkingSet.ts"

/** The rows that a batch needs. Every list is free of duplicates. */
export interface Footprint {
  /** Rows to lock, in ascending order. */
  readonly events: ReadonlyArray<EventId>
  /** The attendees whose active registrations are needed. */
  readonly attendees: ReadonlyArray<{ readonly eventId: EventId; readonly attendeeId: AttendeeId }>
  readonly registrations: ReadonlyArray<{ readonly eventId: EventId; readonly registrationId: RegistrationId }>
  /** The first `limit` waiters of an event. */
  readonly waiting: ReadonlyArray<{ readonly eventId: EventId; readonly limit: number }>
  readonly idempotency: ReadonlyArray<IdempotencyScope>
}

export const footprint = (requests: ReadonlyArray<Request>): Footprint => {
  const attendees: Array<Footprint["attendees"][number]> = []
  const attendeesOf = new Map<EventId, Set<AttendeeId>>()
  const registrations = new Map<RegistrationId, Footprint["registrations"][number]>()
  const waiting = new Map<EventId, number>()
  const raised = new Map<EventId, number>()
  const idempotency = new Map<string, IdempotencyScope>()
  for (const request of requests) {
    const { command } = request
    const eventId = eventIdOf(request)
    if (command._tag === "Register") {
      const attendeeId = command.attendee.id
      let known = attendeesOf.get(eventId)
      if (known === undefined) attendeesOf.set(eventId, (known = new Set()))
      if (!known.has(attendeeId)) {
        known.add(attendeeId)
        attendees.push({ eventId, attendeeId })
      }
    } else if ("registrationId" in command) {
      registrations.set(command.registrationId, { eventId, registrationId: command.registrationId })
    }
    // The registration that a command cancels or confirms, or promotes into the seat that it frees, leaves the head of the
    // list.
    if (command._tag === "CancelRegistration" || command._tag === "ConfirmRegistration") {
      waiting.set(eventId, (waiting.get(eventId) ?? 0) + 1)
    }
    if (command._tag === "ChangeCapacity") raised.set(eventId, Math.max(raised.get(eventId) ?? 0, command.capacity))
    if (request.idempotency !== null) {
      idempotency.set(request.idempotency.scope.id, request.idempotency.scope)
    }
  }
  for (const [eventId, capacity] of raised) {
    waiting.set(eventId, (waiting.get(eventId) ?? 0) + Math.min(capacity, PROMOTION_BATCH))
  }
  return {
    events: eventsOf(requests),
    attendees,
    registrations: [...registrations.values()],
    waiting: Array.from(waiting, ([eventId, limit]) => ({ eventId, limit })),
    idempotency: [...idempotency.values()]
  }
}

/**
 * The footprint once the events are locked and known: if promotions are due, the next waiters are added to it. So every command
 * about such an event carries its promotions on.
 */
export const withDuePromotions = (needed: Footprint, events: Iterable<Event>): Footprint => {
  const due = Array.from(events).filter((event) => promotionsDue(event) > 0)
  if (due.length === 0) return needed
  const waiting = new Map(needed.waiting.map(({ eventId, limit }) => [eventId, limit]))
  for (const { id } of due) waiting.set(id, (waiting.get(id) ?? 0) + PROMOTION_BATCH)
  return { ...needed, waiting: Array.from(waiting, ([eventId, limit]) => ({ eventId, limit })) }
}
