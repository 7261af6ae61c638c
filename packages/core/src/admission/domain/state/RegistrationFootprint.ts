/**
 * The registrations that a batch needs to be decided.
 */
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { type AttendeeId, correctedId } from "../model/Attendee.ts"
import type { Command } from "../model/Command.ts"
import type { Event } from "../model/Event.ts"
import type { RegistrationId } from "../model/Registration.ts"
import { STEP_SIZE } from "../model/Steps.ts"
import { eventIdOf, type PendingRequest } from "./Request.ts"

type OfEvent = { readonly eventId: EventId; readonly limit: number }
type OfRegistration = { readonly eventId: EventId; readonly registrationId: RegistrationId }

export interface Footprint {
  /** The attendees whose active registrations are needed. */
  readonly attendees: ReadonlyArray<{ readonly eventId: EventId; readonly attendeeId: AttendeeId }>
  readonly registrations: ReadonlyArray<OfRegistration>
  /** The registrations of whose attendees the active registrations are needed. */
  readonly sameAttendees: ReadonlyArray<OfRegistration>
  /** The first `limit` waiters of an event. */
  readonly waiting: ReadonlyArray<OfEvent>
  /** The `limit` registrations of an event that got their seats last. */
  readonly lastSeated: ReadonlyArray<OfEvent>
  /** The first `limit` registrations of a cancelled event that are confirmed or wait still. */
  readonly ending: ReadonlyArray<OfEvent>
  /** The last `limit` registrations that the cancellation of an event has ended. */
  readonly returning: ReadonlyArray<OfEvent>
  /** The events of which the first registration is needed, in whatever state it is, to tell whether there ever was one. */
  readonly firsts: ReadonlyArray<EventId>
}

/** Limits by event, to which requests add. */
class Limits {
  readonly #limits = new Map<EventId, number>()

  add(eventId: EventId, count: number): void {
    this.#limits.set(eventId, (this.#limits.get(eventId) ?? 0) + count)
  }

  list(): ReadonlyArray<OfEvent> {
    return Array.from(this.#limits, ([eventId, limit]) => ({ eventId, limit }))
  }
}

/** The attendee whose active registration a command needs to know of. */
const attendeeOf = (command: Command): AttendeeId | undefined => {
  if (command._tag === "Register" || command._tag === "RegisterGuest") return command.attendee.id
  return command._tag === "CorrectRegistration" ? correctedId(command.changes.attendee ?? {}) : undefined
}

/** The commands after which a registration may leave the head of the waitlist: its own, or one that gets a seat. */
const SHORTENING: ReadonlyArray<Command["_tag"]> = ["CancelRegistration", "ConfirmRegistration", "ReleaseSeat"]

export const footprint = (requests: ReadonlyArray<PendingRequest>): Footprint => {
  const attendees: Array<Footprint["attendees"][number]> = []
  const attendeesOf = new Map<EventId, Set<AttendeeId>>()
  const registrations = new Map<RegistrationId, OfRegistration>()
  const sameAttendees = new Map<RegistrationId, OfRegistration>()
  const waiting = new Limits()
  const raised = new Map<EventId, number>()
  /** The registrations of an event that other commands may change before a command about the event is decided. */
  const inBetween = new Map<EventId, number>()
  const lastSeated = new Limits()
  const ending = new Set<EventId>()
  const returning = new Set<EventId>()
  const firsts = new Set<EventId>()
  for (const request of requests) {
    const { command } = request
    const eventId = eventIdOf(request)
    const attendeeId = attendeeOf(command)
    if (attendeeId !== undefined) {
      let known = attendeesOf.get(eventId)
      if (known === undefined) attendeesOf.set(eventId, (known = new Set()))
      if (!known.has(attendeeId)) {
        known.add(attendeeId)
        attendees.push({ eventId, attendeeId })
      }
    }
    if ("registrationId" in command) {
      const { registrationId } = command
      registrations.set(registrationId, { eventId, registrationId })
      if (command._tag === "ReinstateRegistration") sameAttendees.set(registrationId, { eventId, registrationId })
      inBetween.set(eventId, (inBetween.get(eventId) ?? 0) + 1)
      if (SHORTENING.includes(command._tag)) waiting.add(eventId, 1)
    } else if (command._tag === "ChangeCapacity") {
      raised.set(eventId, Math.max(raised.get(eventId) ?? 0, command.capacity))
      if (command.demote !== null) lastSeated.add(eventId, command.demote)
    } else if (command._tag === "PublishEvent") waiting.add(eventId, STEP_SIZE)
    else if (command._tag === "CancelEvent") ending.add(eventId)
    else if (command._tag === "ReopenEvent") returning.add(eventId)
    else if (command._tag === "DeleteEvent") firsts.add(eventId)
  }
  for (const [eventId, capacity] of raised) waiting.add(eventId, Math.min(capacity, STEP_SIZE))
  for (const eventId of returning) waiting.add(eventId, STEP_SIZE)
  const ofStep = (events: Iterable<EventId>) =>
    Array.from(events, (eventId) => ({ eventId, limit: STEP_ROWS + (inBetween.get(eventId) ?? 0) }))
  return {
    attendees,
    registrations: [...registrations.values()],
    sameAttendees: [...sameAttendees.values()],
    waiting: waiting.list(),
    lastSeated: lastSeated.list().map(({ eventId, limit }) => ({
      eventId,
      limit: limit + (inBetween.get(eventId) ?? 0)
    })),
    ending: ofStep(ending),
    returning: ofStep(returning),
    firsts: [...firsts]
  }
}

/** The rows that are loaded for a step: one more than it changes tells whether it is the last. */
const STEP_ROWS = STEP_SIZE + 1

/** The rows of the next step of events that have one, and those that were needed besides. */
export const withSteps = (
  needed: Footprint,
  due: ReadonlyArray<Event>
): Pick<Footprint, "waiting" | "ending" | "returning"> => {
  const lists = { waiting: new Limits(), ending: new Limits(), returning: new Limits() }
  for (const list of ["waiting", "ending", "returning"] as const) {
    for (const { eventId, limit } of needed[list]) lists[list].add(eventId, limit)
  }
  for (const { id, status } of due) {
    if (status === "cancelled") lists.ending.add(id, STEP_ROWS)
    else lists.waiting.add(id, STEP_SIZE)
    if (status === "reopening") lists.returning.add(id, STEP_ROWS)
  }
  return { waiting: lists.waiting.list(), ending: lists.ending.list(), returning: lists.returning.list() }
}
