/**
 * The changes of a registration: its state, and who its attendee is. `docs/reference/states.md` tabulates which command is legal in
 * which state.
 */
import * as Result from "effect/Result"
import { type AttendanceCommand, DOORS_OPEN_MILLIS, DoorsNotOpen } from "../model/Attendance.ts"
import { correct } from "../model/Attendee.ts"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Event, EventNotStarted, type EventStatus } from "../model/Event.ts"
import {
  type Cancellation,
  type CancelRegistration,
  type ConfirmRegistration,
  type CorrectRegistration,
  type Registration,
  type RegistrationCommand,
  RegistrationNotFound,
  type RegistrationState,
  RegistrationStateConflict,
  type ReinstateRegistration
} from "../model/Registration.ts"
import type { Rejection } from "../model/Rejection.ts"
import { isSeatOpen, seatsFree } from "../model/Seats.ts"
import { type Decide, type Deciders, type Decision, requireStatus, requireUnregistered } from "../state/Decision.ts"
import { takeSeat } from "./Capacity.ts"

type Change = RegistrationCommand | AttendanceCommand

const NOT_A_DRAFT: ReadonlyArray<EventStatus> = ["published", "completed"]
const ALWAYS: ReadonlyArray<EventStatus> = ["draft", "published", "completed", "cancelled", "reopening"]

/** The states of a registration and the statuses of an event in which a command is legal. */
interface Rule {
  readonly from: ReadonlyArray<RegistrationState>
  /** The states in which there is nothing left to do. */
  readonly done: ReadonlyArray<RegistrationState>
  readonly eventStatus: ReadonlyArray<EventStatus>
}

const rules: Record<Change["_tag"], Rule> = {
  CancelRegistration: { from: ["confirmed", "waitlisted"], done: ["cancelled"], eventStatus: ALWAYS },
  ConfirmRegistration: { from: ["waitlisted"], done: ["confirmed"], eventStatus: ["published"] },
  ReinstateRegistration: { from: ["cancelled"], done: ["confirmed", "waitlisted"], eventStatus: ["published"] },
  CorrectRegistration: {
    from: ["confirmed", "waitlisted", "attended", "noShow"],
    done: [],
    eventStatus: ["draft", "published", "completed"]
  },
  MarkAttended: { from: ["confirmed", "noShow"], done: ["attended"], eventStatus: NOT_A_DRAFT },
  MarkNoShow: { from: ["confirmed", "attended"], done: ["noShow"], eventStatus: NOT_A_DRAFT },
  ClearAttendance: { from: ["attended", "noShow"], done: ["confirmed"], eventStatus: NOT_A_DRAFT },
  ReleaseSeat: { from: ["noShow"], done: ["cancelled"], eventStatus: NOT_A_DRAFT }
}

const unchanged = (registration: Registration): Decision => ({
  events: [],
  outcome: () => ({ registration, changed: false })
})

const changed = (registration: Registration, events: ReadonlyArray<AdmissionEvent>): Decision => ({
  events,
  outcome: () => ({ registration, changed: true })
})

/** Makes the decider of a command from what it decides about a registration in which the command is legal. */
const about =
  <C extends Change>(
    decide: (event: Event, before: Registration, ...rest: Tail<Parameters<Decide<C>>>) => ReturnType<Decide<C>>
  ): Decide<C> =>
  (event, request, set) => {
    const { _tag: operation, registrationId } = request.command
    const eventId = event.id
    const rule = rules[operation]
    const before = set.registrations.get(registrationId)
    if (before === undefined || before.eventId !== eventId) {
      return Result.fail(new RegistrationNotFound({ eventId, registrationId }))
    }
    if (rule.done.includes(before.state)) return Result.succeed(unchanged(before))
    const refused = requireStatus(event, request.command, rule.eventStatus)
    if (refused) return Result.fail(refused)
    if (!rule.from.includes(before.state)) {
      const { state } = before
      return Result.fail(
        new RegistrationStateConflict({ eventId, registrationId, operation, state, allowed: rule.from })
      )
    }
    return decide(event, before, request, set)
  }

type Tail<A extends ReadonlyArray<unknown>> = A extends readonly [unknown, ...infer Rest] ? Rest : never

/** A registration in another state. Only a cancelled one has a cancellation. */
const inState = (before: Registration, state: RegistrationState, now: Date): Registration => {
  const { cancellation: _, ...fields } = before
  return { ...fields, state, changedAt: now }
}

/** The registration cancelled, from a state that can be, for a reason. */
export const cancelled = (before: Registration, reason: Cancellation["reason"], now: Date): Registration => ({
  ...inState(before, "cancelled", now),
  cancellation: { from: before.state as Cancellation["from"], reason }
})

/** The registration back from a cancellation, with a seat or in the waitlist. */
export const reinstated = (before: Registration, state: "confirmed" | "waitlisted", now: Date): Registration =>
  inState(before, state, now)

/** Cancels a registration. A seat that becomes free goes to the first in line, as the batch carries on. */
const cancel = (
  before: Registration,
  reason: Cancellation["reason"],
  now: Date
): Result.Result<Decision, Rejection> => {
  const after = cancelled(before, reason, now)
  return Result.succeed(changed(after, [{ _tag: "RegistrationCancelled", registration: after, from: before.state }]))
}

const confirm = about<ConfirmRegistration>((event, before, { command, now }) => {
  const after = inState(before, "confirmed", now)
  if (seatsFree(event) > 0)
    return Result.succeed(changed(after, [{ _tag: "RegistrationConfirmed", registration: after }]))
  const room = takeSeat(event, command.beyond)
  if (Result.isFailure(room)) return Result.fail(room.failure)
  const how = command.beyond === null ? {} : { beyond: command.beyond }
  return Result.succeed(
    changed(after, [...room.success, { _tag: "RegistrationConfirmed", registration: after, ...how }])
  )
})

/** A reinstated registration has a seat if one is free for it: one that no waiter is due, or, once the event is over, any. */
const reinstate = about<ReinstateRegistration>((event, before, { now }, set) => {
  const other = requireUnregistered(event, before.attendee.id, set)
  if (other) return Result.fail(other)
  const after = reinstated(before, isSeatOpen(event, now) ? "confirmed" : "waitlisted", now)
  return Result.succeed(changed(after, [{ _tag: "RegistrationReinstated", registration: after }]))
})

const correctRegistration = about<CorrectRegistration>((event, before, { command }, set) => {
  const { attendee: given = {}, notes = before.notes } = command.changes
  const attendee = correct(before.attendee, given)
  const isSame =
    attendee.id === before.attendee.id &&
    attendee.name === before.attendee.name &&
    attendee.email === before.attendee.email &&
    notes === before.notes
  if (isSame) return Result.succeed(unchanged(before))
  const other = attendee.id === before.attendee.id ? undefined : requireUnregistered(event, attendee.id, set)
  if (other) return Result.fail(other)
  const after: Registration = { ...before, attendee, notes }
  return Result.succeed(
    changed(after, [
      {
        _tag: "RegistrationCorrected",
        registration: after,
        before: { attendee: before.attendee, notes: before.notes }
      }
    ])
  )
})

export const deciders: Deciders<Change> = {
  CancelRegistration: about<CancelRegistration>((_, before, { now }) => cancel(before, "requested", now)),
  ConfirmRegistration: confirm,
  ReinstateRegistration: reinstate,
  CorrectRegistration: correctRegistration,
  MarkAttended: about((event, before, { command, now }) => {
    const doorsOpenAt = new Date(event.startsAt.getTime() - DOORS_OPEN_MILLIS)
    if (now < doorsOpenAt && !command.early) return Result.fail(new DoorsNotOpen({ eventId: event.id, doorsOpenAt }))
    const after = inState(before, "attended", now)
    return Result.succeed(changed(after, [{ _tag: "AttendeeAttended", registration: after, from: before.state }]))
  }),
  MarkNoShow: about((event, before, { command, now }) => {
    const { id: eventId, startsAt } = event
    if (now < startsAt) return Result.fail(new EventNotStarted({ eventId, operation: command._tag, startsAt }))
    const after = inState(before, "noShow", now)
    return Result.succeed(changed(after, [{ _tag: "AttendeeMissed", registration: after, from: before.state }]))
  }),
  ClearAttendance: about((_, before, { now }) => {
    const after = inState(before, "confirmed", now)
    return Result.succeed(changed(after, [{ _tag: "AttendanceCleared", registration: after, from: before.state }]))
  }),
  ReleaseSeat: about((_, before, { now }) => cancel(before, "seatReleased", now))
}
