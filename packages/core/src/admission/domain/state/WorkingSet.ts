/**
 * The working set: the part of the state that a batch of requests can see and change.
 *
 * A waitlist may hold a million people, so decisions are made on a part: `Footprint` says which rows a batch needs, the store
 * loads them under the lock of the events, and `evolve` keeps the set up to date while the batch is decided.
 *
 * A working set belongs to one batch: `evolve` changes it in place and returns it, since copying it for each of a thousand
 * requests would cost more than deciding them.
 */
import type { Mutable } from "effect/Types"
import type { AttendeeId } from "../model/Attendee.ts"
import type { AdmissionEntry } from "../model/AdmissionEvent.ts"
import type { Event } from "../model/Event.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { IdempotencyRecord } from "./Idempotency.ts"
import { isActive, type Registration, type RegistrationId } from "../model/Registration.ts"
import { moveInPlace } from "../model/Seats.ts"

/**
 * The most waiters of one event that a batch promotes into seats that a raise of capacity made; further batches promote the
 * others.
 */
export const PROMOTION_BATCH = 1_000

export interface WorkingSet {
  /** The set's own copies, which it changes. */
  readonly events: Map<EventId, Event>
  readonly registrations: Map<RegistrationId, Registration>
  /** The active registrations of an event by attendee. */
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  /** The first waiters of an event in order, as many as the footprint asked for, and after them those who joined since. */
  readonly waiting: Map<EventId, Array<RegistrationId>>
  /** How many of an event's waiters this batch has promoted into seats that a raise of capacity made. */
  readonly promoted: Map<EventId, number>
  /** The records by the ids of their scopes. */
  readonly idempotency: Map<string, IdempotencyRecord>
}

/** How many more waiters of an event this batch may promote into seats that a raise of capacity made. */
export const promotionsLeft = (set: WorkingSet, eventId: EventId): number =>
  PROMOTION_BATCH - (set.promoted.get(eventId) ?? 0)

/** The rows that a store loaded for a footprint; `waiting` lists the head of each waitlist in order of entry. */
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
  { event: happened, eventId, occurredAt, version }: AdmissionEntry
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

/** Puts a registration in its new state, and adjusts the counts, the active registrations and the waitlist. */
const place = (set: WorkingSet, event: Mutable<Event>, registration: Registration): WorkingSet => {
  const before = set.registrations.get(registration.id)
  moveInPlace(event.counts, before?.state, registration.state)
  set.registrations.set(registration.id, registration)
  const active = set.active.get(event.id)!
  if (isActive(registration)) active.set(registration.attendee.id, registration.id)
  else active.delete(registration.attendee.id)
  if (registration.state === "waitlisted") set.waiting.get(event.id)!.push(registration.id)
  // Stryker disable next-line ConditionalExpression: a registration that did not wait is not found, but looking takes its time
  if (before?.state === "waitlisted") {
    const waiting = set.waiting.get(event.id)!
    const index = waiting.indexOf(registration.id)
    if (index >= 0) waiting.splice(index, 1)
  }
  return set
}
