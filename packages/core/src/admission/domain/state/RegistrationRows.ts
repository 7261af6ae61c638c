/**
 * Registrations, as a part of the working set, with the lists that rules ask for: who is active, who waits, and whose registrations
 * the event's cancellation ends, or has ended. Which of them a batch needs is in `RegistrationFootprint`.
 */
import type { Mutable } from "effect/Types"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { AdmissionEntry } from "../model/AdmissionEvent.ts"
import type { AttendeeId } from "../model/Attendee.ts"
import type { Event } from "../model/Event.ts"
import {
  endsWithEvent,
  isActive,
  isEndedWithEvent,
  type Registration,
  type RegistrationId,
  type RegistrationState
} from "../model/Registration.ts"
import { moveInPlace } from "../model/Seats.ts"
import { STEP_SIZE } from "../model/Steps.ts"
import type * as EventRows from "./EventRows.ts"

export interface Loaded {
  /** Those that were named or are of attendees, and those that got their seats last. */
  readonly registrations: ReadonlyArray<Registration>
  /** The head of each waitlist, in order of entry. */
  readonly waiting: ReadonlyArray<Registration>
  /** In order of entry. */
  readonly ending: ReadonlyArray<Registration>
  /** In the opposite order of entry. */
  readonly returning: ReadonlyArray<Registration>
}

export interface WorkingSet {
  readonly registrations: Map<RegistrationId, Registration>
  /** The active registrations of an event by attendee. */
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  /** The first waiters of an event in order, as many as the footprint asked for, and among them those who joined since. */
  readonly waiting: Map<EventId, Array<RegistrationId>>
  /** The first registrations of a cancelled event that were loaded to be ended, and those that have become such since. */
  readonly ending: Map<EventId, Array<RegistrationId>>
  /** The last registrations that the cancellation of an event has ended, the last of all first. */
  readonly returning: Map<EventId, Array<RegistrationId>>
  /** How many of an event's registrations this batch has changed in steps. */
  readonly steps: Map<EventId, number>
}

export interface ChangedRegistration {
  readonly registration: Registration
  readonly before: RegistrationState | null
  /** Whether more than the state has changed of a registration that was there. */
  readonly corrected: boolean
}

/** The link by which an attendee reaches a registration. No rule reads it. */
export interface AttendeeLink {
  readonly eventId: EventId
  readonly registrationId: RegistrationId
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly digest: string
}

export interface Changes {
  /** The links of registrations that the batch has made. */
  readonly links: ReadonlyArray<AttendeeLink>
  /** Every registration that changed, as it is now, and the state that it was in; `null` if it is new. */
  readonly registrations: ReadonlyArray<ChangedRegistration>
}

/** The registrations that a batch has made, and those that it has changed. */
export interface Touched {
  readonly created: Array<RegistrationId>
  /** The states before the batch of registrations that were there. */
  readonly changed: Map<RegistrationId, RegistrationState>
  /** Those of which the batch has corrected more than the state. */
  readonly corrected: Set<RegistrationId>
  readonly links: Array<AttendeeLink>
}

export const make = (loaded: Loaded & EventRows.Loaded): WorkingSet => {
  const set: WorkingSet = {
    registrations: new Map(),
    active: new Map(),
    waiting: new Map(),
    ending: new Map(),
    returning: new Map(),
    steps: new Map()
  }
  for (const { id } of loaded.events) addLists(set, id)
  for (const registration of loaded.registrations) add(set, registration)
  for (const list of ["waiting", "ending", "returning"] as const) {
    for (const registration of loaded[list]) {
      add(set, registration)
      listOf(set[list], registration.eventId).push(registration.id)
    }
  }
  return set
}

/** The list of an event, which is made if there is none. */
const listOf = (lists: Map<EventId, Array<RegistrationId>>, eventId: EventId): Array<RegistrationId> => {
  let list = lists.get(eventId)
  if (list === undefined) lists.set(eventId, (list = []))
  return list
}

/** Adds the lists of an event, which are empty. */
const addLists = (set: WorkingSet, eventId: EventId): void => {
  set.waiting.set(eventId, [])
  set.active.set(eventId, new Map())
}

const removeLists = (set: WorkingSet, eventId: EventId): void => {
  set.waiting.delete(eventId)
  set.active.delete(eventId)
}

const add = (set: WorkingSet, registration: Registration): void => {
  set.registrations.set(registration.id, registration)
  if (isActive(registration)) set.active.get(registration.eventId)?.set(registration.attendee.id, registration.id)
}

/** Whether anybody has ever registered for an event whose first registration the footprint asked for. */
export const hasRegistrations = (set: WorkingSet, eventId: EventId): boolean => {
  for (const registration of set.registrations.values()) if (registration.eventId === eventId) return true
  return false
}

/** How many more registrations of an event this batch may change in steps. */
export const stepsLeft = (set: WorkingSet, eventId: EventId): number => STEP_SIZE - (set.steps.get(eventId) ?? 0)

/** Counts registrations of an event that this batch has changed in steps. */
export const countSteps = (set: WorkingSet, eventId: EventId, count: number): void => {
  set.steps.set(eventId, (set.steps.get(eventId) ?? 0) + count)
}

/** The registration of a cancelled event that ends next. */
export const firstToEnd = (set: WorkingSet, eventId: EventId): Registration | undefined =>
  firstOf(set, set.ending.get(eventId), endsWithEvent) ?? firstMade(set, eventId)

/** The first that this batch has made itself, in order. There are no others once the list is at its end. */
const firstMade = (set: WorkingSet, eventId: EventId): Registration | undefined => {
  for (const registration of set.registrations.values())
    if (registration.eventId === eventId && endsWithEvent(registration)) return registration
  return undefined
}

/** The registration of an event that is reopening that comes back next. */
export const firstToReturn = (set: WorkingSet, eventId: EventId): Registration | undefined =>
  firstOf(set, set.returning.get(eventId), isEndedWithEvent)

const firstOf = (
  set: WorkingSet,
  list: ReadonlyArray<RegistrationId> = [],
  matches: (registration: Registration) => boolean
): Registration | undefined => {
  for (const id of list) {
    const registration = set.registrations.get(id)!
    if (matches(registration)) return registration
  }
  return undefined
}

/** Changes registrations and lists in place, and the counts of the event. */
export const evolve = (set: WorkingSet, event: Mutable<Event>, { event: happened }: AdmissionEntry): void => {
  if ("registration" in happened) place(set, event, happened.registration)
  else if (happened._tag === "EventCreated") addLists(set, event.id)
  else if (happened._tag === "EventDeleted") removeLists(set, event.id)
}

/** Puts a registration in its new state, and adjusts the counts, the active registrations and the lists. */
const place = (set: WorkingSet, event: Mutable<Event>, registration: Registration): void => {
  const before = set.registrations.get(registration.id)
  moveInPlace(event.counts, before?.state, registration.state)
  set.registrations.set(registration.id, registration)
  const active = set.active.get(event.id)!
  // Stryker disable next-line ConditionalExpression: an id that is deleted and set again is as it was, but that takes its time
  if (before !== undefined && before.attendee.id !== registration.attendee.id) active.delete(before.attendee.id)
  if (isActive(registration)) active.set(registration.attendee.id, registration.id)
  else active.delete(registration.attendee.id)
  // Stryker disable next-line ConditionalExpression: what keeps its state keeps its places, but finding them takes its time
  if (before?.state === registration.state) return
  if (registration.state === "waitlisted") insert(set, set.waiting.get(event.id)!, registration)
  // Stryker disable next-line ConditionalExpression: a registration that did not wait is not found, but looking takes its time
  if (before?.state === "waitlisted") remove(set.waiting.get(event.id)!, registration.id)
  if (isEndedWithEvent(registration)) {
    remove(listOf(set.ending, event.id), registration.id)
    insert(set, listOf(set.returning, event.id), registration, -1)
  } else if (before !== undefined && !endsWithEvent(before) && endsWithEvent(registration)) {
    remove(listOf(set.returning, event.id), registration.id)
    insert(set, listOf(set.ending, event.id), registration)
  }
}

const remove = (list: Array<RegistrationId>, id: RegistrationId): void => {
  const index = list.indexOf(id)
  if (index >= 0) list.splice(index, 1)
}

/** Inserts a registration into a list in the order of entry, or, with `-1`, in the opposite order. Most belong at the end. */
const insert = (
  set: WorkingSet,
  list: Array<RegistrationId>,
  { id, sequence }: Registration,
  order: 1 | -1 = 1
): void => {
  let index = list.length
  while (index > 0 && (set.registrations.get(list[index - 1]!)!.sequence - sequence) * order > 0) index -= 1
  list.splice(index, 0, id)
}

export const untouched = (): Touched => ({
  created: [],
  changed: new Map(),
  corrected: new Set(),
  links: []
})

/** Notes the registration of an entry that is about to be applied. `versionBefore` is the event's version before the batch. */
export const touch = (
  { changed, corrected, created }: Touched,
  set: WorkingSet,
  { event: happened, version }: AdmissionEntry,
  versionBefore: number
): void => {
  if (!("registration" in happened)) return
  const { id, sequence } = happened.registration
  // The sequence of a registration is the version that created it. Above the version before the batch, this batch did.
  if (sequence === version) created.push(id)
  else if (sequence <= versionBefore) {
    if (!changed.has(id)) changed.set(id, set.registrations.get(id)!.state)
    // A store writes corrections in this order, so that an id that one of them gives up is free for the next.
    if (happened._tag === "RegistrationCorrected") {
      corrected.delete(id)
      corrected.add(id)
    }
  }
}

export const changes = ({ changed, corrected, created }: Touched, set: WorkingSet): Changes["registrations"] => {
  const now = (id: RegistrationId, before: RegistrationState | null): ChangedRegistration => ({
    registration: set.registrations.get(id)!,
    before,
    corrected: corrected.has(id)
  })
  return [
    ...created.map((id) => now(id, null)),
    ...[...changed].filter(([id]) => !corrected.has(id)).map(([id, before]) => now(id, before)),
    ...Array.from(corrected, (id) => now(id, changed.get(id)!))
  ]
}
