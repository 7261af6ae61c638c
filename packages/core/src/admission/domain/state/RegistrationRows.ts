/**
 * Registrations, as a part of the working set, with the lists that rules ask for: who is active, and who waits.
 */
import type { Mutable } from "effect/Types"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { AdmissionEntry } from "../model/AdmissionEvent.ts"
import type { AttendeeId } from "../model/Attendee.ts"
import type { Event } from "../model/Event.ts"
import { isActive, type Registration, type RegistrationId, type RegistrationState } from "../model/Registration.ts"
import { moveInPlace } from "../model/Seats.ts"
import type * as EventRows from "./EventRows.ts"
import { eventIdOf, type Request } from "./Request.ts"

/**
 * The most waiters of one event that a batch promotes into seats that a raise of capacity made; further batches promote the
 * others.
 */
export const PROMOTION_BATCH = 1_000

export interface Footprint {
  /** The attendees whose active registrations are needed. */
  readonly attendees: ReadonlyArray<{ readonly eventId: EventId; readonly attendeeId: AttendeeId }>
  readonly registrations: ReadonlyArray<{ readonly eventId: EventId; readonly registrationId: RegistrationId }>
  /** The first `limit` waiters of an event. */
  readonly waiting: ReadonlyArray<{ readonly eventId: EventId; readonly limit: number }>
}

export interface Loaded {
  readonly registrations: ReadonlyArray<Registration>
  /** The head of each waitlist, in order of entry. */
  readonly waiting: ReadonlyArray<Registration>
}

export interface WorkingSet {
  readonly registrations: Map<RegistrationId, Registration>
  /** The active registrations of an event by attendee. */
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  /** The first waiters of an event in order, as many as the footprint asked for, and after them those who joined since. */
  readonly waiting: Map<EventId, Array<RegistrationId>>
  /** How many of an event's waiters this batch has promoted into seats that a raise of capacity made. */
  readonly promoted: Map<EventId, number>
}

export interface ChangedRegistration {
  readonly registration: Registration
  readonly before: RegistrationState | null
}

export interface Changes {
  /** Every registration that changed, as it is now, and the state that it was in; `null` if it is new. */
  readonly registrations: ReadonlyArray<ChangedRegistration>
}

/** The registrations that a batch has made, and those that it has changed. */
export interface Touched {
  readonly created: Array<RegistrationId>
  /** The states before the batch of registrations that were there. */
  readonly changed: Map<RegistrationId, RegistrationState>
}

export const footprint = (requests: ReadonlyArray<Request>): Footprint => {
  const attendees: Array<Footprint["attendees"][number]> = []
  const attendeesOf = new Map<EventId, Set<AttendeeId>>()
  const registrations = new Map<RegistrationId, Footprint["registrations"][number]>()
  const waiting = new Map<EventId, number>()
  const raised = new Map<EventId, number>()
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
  }
  for (const [eventId, capacity] of raised) {
    waiting.set(eventId, (waiting.get(eventId) ?? 0) + Math.min(capacity, PROMOTION_BATCH))
  }
  return {
    attendees,
    registrations: [...registrations.values()],
    waiting: Array.from(waiting, ([eventId, limit]) => ({ eventId, limit }))
  }
}

export const make = (loaded: Loaded & EventRows.Loaded): WorkingSet => {
  const set: WorkingSet = { registrations: new Map(), active: new Map(), waiting: new Map(), promoted: new Map() }
  for (const { id } of loaded.events) addLists(set, id)
  for (const registration of loaded.registrations) add(set, registration)
  for (const registration of loaded.waiting) {
    add(set, registration)
    set.waiting.get(registration.eventId)!.push(registration.id)
  }
  return set
}

/** Adds the lists of an event, which are empty. */
const addLists = (set: WorkingSet, eventId: EventId): void => {
  set.waiting.set(eventId, [])
  set.active.set(eventId, new Map())
}

const add = (set: WorkingSet, registration: Registration): void => {
  set.registrations.set(registration.id, registration)
  if (isActive(registration)) set.active.get(registration.eventId)?.set(registration.attendee.id, registration.id)
}

/** How many more waiters of an event this batch may promote into seats that a raise of capacity made. */
export const promotionsLeft = (set: WorkingSet, eventId: EventId): number =>
  PROMOTION_BATCH - (set.promoted.get(eventId) ?? 0)

/** Counts waiters of an event whom this batch has promoted into such seats. */
export const countPromotions = (set: WorkingSet, eventId: EventId, count: number): void => {
  set.promoted.set(eventId, (set.promoted.get(eventId) ?? 0) + count)
}

/** Changes registrations and lists in place, and the counts of the event. */
export const evolve = (set: WorkingSet, event: Mutable<Event>, { event: happened }: AdmissionEntry): void => {
  if ("registration" in happened) place(set, event, happened.registration)
  else if (happened._tag === "EventCreated") addLists(set, event.id)
}

/** Puts a registration in its new state, and adjusts the counts, the active registrations and the waitlist. */
const place = (set: WorkingSet, event: Mutable<Event>, registration: Registration): void => {
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
}

export const untouched = (): Touched => ({ created: [], changed: new Map() })

/** Notes the registration of an entry that is about to be applied. `versionBefore` is the event's version before the batch. */
export const touch = (
  { changed, created }: Touched,
  set: WorkingSet,
  { event: happened, version }: AdmissionEntry,
  versionBefore: number
): void => {
  if (!("registration" in happened)) return
  const { id, sequence } = happened.registration
  // The sequence of a registration is the version that created it. Above the version before the batch, this batch did.
  if (sequence === version) created.push(id)
  else if (sequence <= versionBefore && !changed.has(id)) changed.set(id, set.registrations.get(id)!.state)
}

export const changes = ({ changed, created }: Touched, set: WorkingSet): Changes["registrations"] => [
  ...created.map((id) => ({ registration: set.registrations.get(id)!, before: null })),
  ...Array.from(changed, ([id, before]) => ({ registration: set.registrations.get(id)!, before }))
]
