/**
 * The working set: the part of the state that a batch of requests can see and change.
 *
 * A waitlist may hold a million people, so decisions are made on a part: `footprint` says which rows a batch needs, the
 * store loads them under the lock of the events, and `evolve` keeps the set up to date while the batch is folded.
 *
 * A working set belongs to one fold: `evolve` changes it in place and returns it, since copying it for each of a
 * thousand requests would cost more than deciding them.
 */
import type { Mutable } from "effect/Types"
import type { AttendeeId } from "./Attendee.ts"
import type { Request } from "./Request.ts"
import { eventIdOf, eventsOf } from "./Request.ts"
import { type Event, type EventId, promotionsDue } from "./Event.ts"
import type { IdempotencyRecord, IdempotencyScope } from "./Idempotency.ts"
import type { JournalEntry } from "./JournalEvent.ts"
import { isActive, moveInPlace, type Registration, type RegistrationId } from "./Registration.ts"

/**
 * How many waiters of one event a batch promotes at most into seats that a raise of capacity made; what is left proceeds
 * in further batches.
 */
export const PROMOTION_BATCH = 1_000

export interface WorkingSet {
  /** Copies of the set's own, which it changes. */
  readonly events: Map<EventId, Event>
  readonly registrations: Map<RegistrationId, Registration>
  /** The active registrations of an event by attendee. */
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  /** The first waiters of an event in order, as many as the footprint asked for, and after them those who joined. */
  readonly waiting: Map<EventId, Array<RegistrationId>>
  /** How many of an event's waiters this batch has promoted into seats that a raise of capacity made. */
  readonly promoted: Map<EventId, number>
  /** By the id of the scope. */
  readonly idempotency: Map<string, IdempotencyRecord>
}

/** The rows that a batch needs. Every list is free of duplicates. */
export interface Footprint {
  /** Rows to lock, in ascending order. */
  readonly events: ReadonlyArray<EventId>
  /** Active registrations by attendee. */
  readonly attendees: ReadonlyArray<{ readonly eventId: EventId; readonly attendeeId: AttendeeId }>
  readonly registrations: ReadonlyArray<{ readonly eventId: EventId; readonly registrationId: RegistrationId }>
  /** The first `limit` waiters of an event. */
  readonly waiting: ReadonlyArray<{ readonly eventId: EventId; readonly limit: number }>
  readonly idempotency: ReadonlyArray<IdempotencyScope>
}

/** How many more waiters of an event this batch may promote into seats that a raise of capacity made. */
export const promotionsLeft = (set: WorkingSet, eventId: EventId): number =>
  PROMOTION_BATCH - (set.promoted.get(eventId) ?? 0)

/** The rows that a batch of requests needs to be decided as it would be on the whole state. */
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
    // Whom a command cancels, confirms or promotes into the seat that it frees leaves the head of the list.
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
 * The footprint once the events are locked and known: where promotions are due, it has the waiters whose turn it is. Then
 * whatever is asked of such an event carries its promotions on.
 */
export const withDuePromotions = (needed: Footprint, events: Iterable<Event>): Footprint => {
  const due = Array.from(events).filter((event) => promotionsDue(event) > 0)
  if (due.length === 0) return needed
  const waiting = new Map(needed.waiting.map(({ eventId, limit }) => [eventId, limit]))
  for (const { id } of due) waiting.set(id, (waiting.get(id) ?? 0) + PROMOTION_BATCH)
  return { ...needed, waiting: Array.from(waiting, ([eventId, limit]) => ({ eventId, limit })) }
}

/** What a store loaded for a footprint; `waiting` lists the head of each waitlist in order of entry. */
export interface Loaded {
  readonly events: Iterable<Event>
  readonly registrations: Iterable<Registration>
  readonly waiting: Iterable<Registration>
  readonly idempotency: Iterable<IdempotencyRecord>
}

export const make = (loaded: Loaded): WorkingSet => {
  const set: WorkingSet = {
    events: new Map(),
    registrations: new Map(),
    active: new Map(),
    waiting: new Map(),
    promoted: new Map(),
    idempotency: new Map()
  }
  for (const event of loaded.events) {
    set.events.set(event.id, { ...event, counts: { ...event.counts } })
    set.waiting.set(event.id, [])
    set.active.set(event.id, new Map())
  }
  const add = (registration: Registration) => {
    set.registrations.set(registration.id, registration)
    if (isActive(registration)) set.active.get(registration.eventId)?.set(registration.attendee.id, registration.id)
  }
  for (const registration of loaded.registrations) add(registration)
  for (const registration of loaded.waiting) {
    add(registration)
    set.waiting.get(registration.eventId)!.push(registration.id)
  }
  for (const record of loaded.idempotency) set.idempotency.set(record.scope.id, record)
  return set
}

/** The working set after a journal entry, changed in place. */
export const evolve = (
  set: WorkingSet,
  { event: happened, eventId, occurredAt, version }: JournalEntry
): WorkingSet => {
  if (happened._tag === "EventCreated") {
    set.events.set(eventId, {
      id: eventId,
      ...happened.details,
      capacity: happened.capacity,
      status: "draft",
      version,
      counts: { confirmed: 0, waitlisted: 0, attended: 0, noShow: 0 },
      createdAt: occurredAt,
      updatedAt: occurredAt
    })
    set.waiting.set(eventId, [])
    set.active.set(eventId, new Map())
    return set
  }
  const event: Mutable<Event> = set.events.get(eventId)!
  event.version = version
  if ("registration" in happened) return place(set, event, happened.registration)
  event.updatedAt = occurredAt
  switch (happened._tag) {
    case "EventUpdated":
      Object.assign(event, happened.details)
      return set
    case "EventPublished":
      event.status = "published"
      return set
    case "EventUnpublished":
      event.status = "draft"
      return set
    case "EventCancelled":
      event.status = "cancelled"
      return set
    case "EventCompleted":
      event.status = "completed"
      return set
    case "CapacityChanged":
      event.capacity = happened.to
      return set
  }
}

/** Puts a registration in its new state, and counters, active registrations and waitlist in step with it. */
const place = (set: WorkingSet, event: Mutable<Event>, registration: Registration): WorkingSet => {
  const before = set.registrations.get(registration.id)
  moveInPlace(event.counts, before?.state, registration.state)
  set.registrations.set(registration.id, registration)
  const active = set.active.get(event.id)!
  if (isActive(registration)) active.set(registration.attendee.id, registration.id)
  else active.delete(registration.attendee.id)
  if (registration.state === "waitlisted") set.waiting.get(event.id)!.push(registration.id)
  // Stryker disable next-line ConditionalExpression: whoever did not wait is not found, but looking takes its time
  if (before?.state === "waitlisted") {
    const waiting = set.waiting.get(event.id)!
    const index = waiting.indexOf(registration.id)
    if (index >= 0) waiting.splice(index, 1)
  }
  return set
}
