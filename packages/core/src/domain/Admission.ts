/**
 * Admission: the decider that owns every rule about seats and about the life of an event.
 *
 * Guarantees, for every event and after every decision:
 * - seats taken never exceed capacity, unless an overhang was asked for, which then only shrinks;
 * - a free seat and a waiter do not exist together: whatever frees a seat promotes in the same decision, first come
 *   first served (a raise of capacity by more than `PROMOTION_BATCH` proceeds in steps, and nobody overtakes);
 * - an attendee has at most one active registration;
 * - repeating a command that has nothing left to do gives the same outcome and no journal events.
 *
 * What is legal in which state is tabulated in `docs/reference/states.md`, and tested row by row.
 */
import * as Result from "effect/Result"
import type {
  CancelRegistration,
  ChangeCapacity,
  ConfirmRegistration,
  CreateEvent,
  MarkAttended,
  MarkNoShow,
  Register
} from "./Command.ts"
import { type Decision, requireStatus, showEvent } from "./Decision.ts"
import {
  type Event,
  type EventStatus,
  isSeatDue,
  isSeatOpen,
  promotionsDue,
  registrationEnd,
  seatsFree,
  seatsTaken
} from "./Event.ts"
import * as EventLifecycle from "./EventLifecycle.ts"
import { earlier } from "./Instant.ts"
import type { JournalEvent } from "./JournalEvent.ts"
import { move, type Registration, type RegistrationId, type RegistrationState } from "./Registration.ts"
import * as Rejection from "./Rejection.ts"
import type { Request } from "./Request.ts"
import { promotionsLeft, type WorkingSet } from "./WorkingSet.ts"

/** Decides one command. Reads the working set and leaves it as it is. */
export const decide = (request: Request, set: WorkingSet): Result.Result<Decision, Rejection.Rejection> => {
  const { command } = request
  if (command._tag === "CreateEvent") return EventLifecycle.create(request as Request<CreateEvent>, set)
  const event = set.events.get(command.eventId)
  if (event === undefined) return Result.fail(new Rejection.EventNotFound({ eventId: command.eventId }))
  switch (command._tag) {
    case "UpdateEvent":
      return EventLifecycle.update(event, command)
    case "PublishEvent":
      return EventLifecycle.transition(event, command, ["draft"], "published", { _tag: "EventPublished" })
    case "UnpublishEvent":
      return EventLifecycle.unpublish(event, command)
    case "CancelEvent":
      return EventLifecycle.transition(event, command, ["draft", "published"], "cancelled", { _tag: "EventCancelled" })
    case "CompleteEvent":
      return EventLifecycle.complete(event, command, request.now)
    case "ChangeCapacity":
      return changeCapacity(event, command, request.now, set)
    case "PromoteWaiting":
      return Result.succeed(showEvent(event, []))
    case "Register":
      return register(event, command, request, set)
    default:
      return changeRegistration(event, command, request.now, set)
  }
}

// --- seats ---

const changeCapacity = (
  event: Event,
  command: ChangeCapacity,
  now: Date,
  set: WorkingSet
): Result.Result<Decision, Rejection.Rejection> => {
  const refused = requireStatus(event, command, ["draft", "published"])
  if (refused) return Result.fail(refused)
  const { capacity, keepOverhang } = command
  const taken = seatsTaken(event)
  if (capacity < taken && capacity < event.capacity && !keepOverhang) {
    return Result.fail(new Rejection.CapacityBelowSeatsTaken({ eventId: event.id, capacity, seatsTaken: taken }))
  }
  const changed: ReadonlyArray<JournalEvent> =
    capacity === event.capacity ? [] : [{ _tag: "CapacityChanged", from: event.capacity, to: capacity }]
  return Result.succeed(
    showEvent(event, [...changed, ...promote({ ...event, capacity }, set, now, promotionsLeft(set, event.id))])
  )
}

/** Promotes as many as are due, in the order of entry, and at most `limit`. */
export const promote = (event: Event, set: WorkingSet, now: Date, limit: number): ReadonlyArray<JournalEvent> =>
  set.waiting
    .get(event.id)!
    .slice(0, Math.min(promotionsDue(event), limit))
    .map((id) => ({
      _tag: "RegistrationPromoted",
      registration: { ...set.registrations.get(id)!, state: "confirmed", changedAt: now }
    }))

const PUBLISHED: ReadonlyArray<EventStatus> = ["published"]

const register = (
  event: Event,
  command: Register,
  request: Request,
  set: WorkingSet
): Result.Result<Decision, Rejection.Rejection> => {
  const { now } = request
  const eventId = event.id
  const refused = requireStatus(event, command, PUBLISHED)
  if (refused) return Result.fail(refused)
  const activeId = set.active.get(eventId)!.get(command.attendee.id)
  if (activeId !== undefined) {
    const { id, state } = set.registrations.get(activeId)!
    return Result.fail(
      new Rejection.AlreadyRegistered({ eventId, attendeeId: command.attendee.id, registrationId: id, state })
    )
  }
  const opensAt = event.registrationOpensAt
  if (opensAt !== null && now.getTime() < opensAt.getTime())
    return Result.fail(new Rejection.RegistrationNotOpen({ eventId, opensAt }))
  const closedAt = registrationEnd(event)
  if (now.getTime() >= closedAt.getTime()) return Result.fail(new Rejection.RegistrationClosed({ eventId, closedAt }))

  const registration = (state: "confirmed" | "waitlisted"): Registration => ({
    id: request.freshId as RegistrationId,
    eventId,
    attendee: command.attendee,
    notes: command.notes,
    state,
    sequence: event.version + 1,
    registeredAt: earlier(command.registeredAt, now),
    changedAt: now
  })
  if (isSeatOpen(event)) {
    const confirmed = registration("confirmed")
    return Result.succeed({
      events: [{ _tag: "AttendeeRegistered", registration: confirmed }],
      outcome: () => ({ registration: confirmed, waitlistPosition: null })
    })
  }
  const { capacity, waitlistLimit } = event
  const waitlistLength = event.counts.waitlisted
  if (event.waitlist === "closed" && !isSeatDue(event)) {
    return Result.fail(new Rejection.CapacityFull({ eventId, capacity, waitlistLength }))
  }
  if (waitlistLimit !== null && waitlistLength >= waitlistLimit && !isSeatDue(event)) {
    return Result.fail(new Rejection.WaitlistFull({ eventId, capacity, waitlistLength, waitlistLimit }))
  }
  const waitlisted = registration("waitlisted")
  return Result.succeed({
    events: [{ _tag: "AttendeeWaitlisted", registration: waitlisted }],
    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })
  })
}

// --- one registration ---

interface Rule {
  readonly to: RegistrationState
  readonly from: ReadonlyArray<RegistrationState>
  readonly eventStatus: ReadonlyArray<EventStatus>
  readonly happened: (registration: Registration, from: RegistrationState) => JournalEvent
}

const rules: Record<(CancelRegistration | ConfirmRegistration | MarkAttended | MarkNoShow)["_tag"], Rule> = {
  CancelRegistration: {
    to: "cancelled",
    from: ["confirmed", "waitlisted"],
    eventStatus: ["published"],
    happened: (registration, from) => ({ _tag: "RegistrationCancelled", registration, from })
  },
  ConfirmRegistration: {
    to: "confirmed",
    from: ["waitlisted"],
    eventStatus: ["published"],
    happened: (registration) => ({ _tag: "RegistrationConfirmed", registration })
  },
  MarkAttended: {
    to: "attended",
    from: ["confirmed", "noShow"],
    eventStatus: ["published", "completed"],
    happened: (registration, from) => ({ _tag: "AttendeeAttended", registration, from })
  },
  MarkNoShow: {
    to: "noShow",
    from: ["confirmed", "attended"],
    eventStatus: ["published", "completed"],
    happened: (registration, from) => ({ _tag: "AttendeeMissed", registration, from })
  }
}

const changeRegistration = (
  event: Event,
  command: CancelRegistration | ConfirmRegistration | MarkAttended | MarkNoShow,
  now: Date,
  set: WorkingSet
): Result.Result<Decision, Rejection.Rejection> => {
  const eventId = event.id
  const { _tag: operation, registrationId } = command
  const rule = rules[operation]
  const before = set.registrations.get(registrationId)
  if (before === undefined || before.eventId !== eventId) {
    return Result.fail(new Rejection.RegistrationNotFound({ eventId, registrationId }))
  }
  if (before.state === rule.to) {
    return Result.succeed({ events: [], outcome: () => ({ registration: before, waitlistPosition: null }) })
  }
  const refused = requireStatus(event, command, rule.eventStatus)
  if (refused) return Result.fail(refused)
  if (!rule.from.includes(before.state)) {
    return Result.fail(
      new Rejection.RegistrationStateConflict({
        eventId,
        registrationId,
        operation,
        state: before.state,
        allowed: rule.from
      })
    )
  }
  if (operation === "ConfirmRegistration" && seatsFree(event) === 0) {
    const { capacity, counts } = event
    return Result.fail(new Rejection.CapacityFull({ eventId, capacity, waitlistLength: counts.waitlisted }))
  }
  if (operation === "MarkNoShow" && now < event.startsAt) {
    return Result.fail(new Rejection.EventNotStarted({ eventId, operation, startsAt: event.startsAt }))
  }
  const after: Registration = { ...before, state: rule.to, changedAt: now }
  const freesSeat = before.state === "confirmed" && after.state === "cancelled"
  const promoted = freesSeat
    ? promote({ ...event, counts: move(event.counts, before.state, after.state) }, set, now, 1)
    : []
  return Result.succeed({
    events: [rule.happened(after, before.state), ...promoted],
    outcome: () => ({ registration: after, waitlistPosition: null })
  })
}
