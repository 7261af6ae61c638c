/**
 * Registering, and the changes of a registration. `docs/reference/states.md` tabulates which command is legal in which state.
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { promote } from "./Capacity.ts"
import { type Decide, type Deciders, requireStatus } from "../state/Decision.ts"
import { EventNotStarted, type EventStatus, registrationEnd } from "../model/Event.ts"
import { earlier } from "../../../kernel/domain/Instant.ts"
import type { Register } from "../model/Register.ts"
import {
  AlreadyRegistered,
  type CancelRegistration,
  CapacityFull,
  type ConfirmRegistration,
  type MarkAttended,
  type MarkNoShow,
  type Registration,
  RegistrationClosed,
  type RegistrationId,
  RegistrationNotFound,
  RegistrationNotOpen,
  type RegistrationState,
  RegistrationStateConflict,
  WaitlistFull
} from "../model/Registration.ts"
import { isSeatDue, isSeatOpen, move, seatsFree } from "../model/Seats.ts"

const PUBLISHED: ReadonlyArray<EventStatus> = ["published"]

const register: Decide<Register> = (event, request, set) => {
  const { command, now } = request
  const eventId = event.id
  const refused = requireStatus(event, command, PUBLISHED)
  if (refused) return Result.fail(refused)
  const activeId = set.active.get(eventId)!.get(command.attendee.id)
  if (activeId !== undefined) {
    const { id, state } = set.registrations.get(activeId)!
    return Result.fail(new AlreadyRegistered({ eventId, attendeeId: command.attendee.id, registrationId: id, state }))
  }
  const opensAt = event.registrationOpensAt
  if (opensAt !== null && now.getTime() < opensAt.getTime())
    return Result.fail(new RegistrationNotOpen({ eventId, opensAt }))
  const closedAt = registrationEnd(event)
  if (now.getTime() >= closedAt.getTime()) return Result.fail(new RegistrationClosed({ eventId, closedAt }))

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
    return Result.fail(new CapacityFull({ eventId, capacity, waitlistLength }))
  }
  if (waitlistLimit !== null && waitlistLength >= waitlistLimit && !isSeatDue(event)) {
    return Result.fail(new WaitlistFull({ eventId, capacity, waitlistLength, waitlistLimit }))
  }
  const waitlisted = registration("waitlisted")
  return Result.succeed({
    events: [{ _tag: "AttendeeWaitlisted", registration: waitlisted }],
    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })
  })
}

// --- one registration ---

/** The commands that change the state of one registration. */
type Change = CancelRegistration | ConfirmRegistration | MarkAttended | MarkNoShow

/** The state that such a command leads to, and the states and statuses in which it is legal. */
interface Rule {
  readonly to: RegistrationState
  readonly from: ReadonlyArray<RegistrationState>
  readonly eventStatus: ReadonlyArray<EventStatus>
  readonly happened: (registration: Registration, from: RegistrationState) => AdmissionEvent
}

const rules: Record<Change["_tag"], Rule> = {
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

const changeRegistration: Decide<Change> = (event, { command, now }, set) => {
  const eventId = event.id
  const { _tag: operation, registrationId } = command
  const rule = rules[operation]
  const before = set.registrations.get(registrationId)
  if (before === undefined || before.eventId !== eventId) {
    return Result.fail(new RegistrationNotFound({ eventId, registrationId }))
  }
  if (before.state === rule.to) {
    return Result.succeed({ events: [], outcome: () => ({ registration: before, waitlistPosition: null }) })
  }
  const refused = requireStatus(event, command, rule.eventStatus)
  if (refused) return Result.fail(refused)
  if (!rule.from.includes(before.state)) {
    return Result.fail(
      new RegistrationStateConflict({
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
    return Result.fail(new CapacityFull({ eventId, capacity, waitlistLength: counts.waitlisted }))
  }
  if (operation === "MarkNoShow" && now < event.startsAt) {
    return Result.fail(new EventNotStarted({ eventId, operation, startsAt: event.startsAt }))
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

export const deciders: Deciders<Register | Change> = {
  Register: register,
  CancelRegistration: changeRegistration,
  ConfirmRegistration: changeRegistration,
  MarkAttended: changeRegistration,
  MarkNoShow: changeRegistration
}
