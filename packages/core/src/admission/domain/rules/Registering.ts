/**
 * Registering: people register themselves, and staff register guests. `docs/reference/states.md` tabulates both.
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Decide, type Deciders, type Decision, requireStatus, requireUnregistered } from "../state/Decision.ts"
import { type Event, type EventStatus, registrationEnd } from "../model/Event.ts"
import { earlier } from "../../../kernel/domain/Instant.ts"
import {
  type Register,
  type RegisterCommand,
  type RegisterGuest,
  RegistrationClosed,
  RegistrationNotOpen,
  type RuleSetAside,
  WaitlistFull
} from "../model/Register.ts"
import type { Registration, RegistrationId } from "../model/Registration.ts"
import type { Rejection } from "../model/Rejection.ts"
import { CapacityFull, isSeatDue, isSeatOpen } from "../model/Seats.ts"
import type { Request } from "../state/Request.ts"
import { takeSeat } from "./Capacity.ts"

const PUBLISHED: ReadonlyArray<EventStatus> = ["published"]
const FOR_GUESTS: ReadonlyArray<EventStatus> = ["draft", "published"]

const newRegistration = (
  sequence: number,
  { command, freshId, now }: Request<RegisterCommand>,
  state: "confirmed" | "waitlisted"
): Registration => ({
  id: freshId as RegistrationId,
  eventId: command.eventId,
  attendee: command.attendee,
  notes: command.notes,
  state,
  sequence,
  registeredAt: command._tag === "Register" ? earlier(command.registeredAt, now) : now,
  changedAt: now
})

const register: Decide<Register> = (event, request, set) => {
  const { command, now } = request
  const eventId = event.id
  const refused = requireStatus(event, command, PUBLISHED)
  if (refused) return Result.fail(refused)
  const registered = requireUnregistered(event, command.attendee.id, set)
  if (registered) return Result.fail(registered)
  const opensAt = event.registrationOpensAt
  if (opensAt !== null && now.getTime() < opensAt.getTime())
    return Result.fail(new RegistrationNotOpen({ eventId, opensAt }))
  const closedAt = registrationEnd(event)
  if (now.getTime() >= closedAt.getTime()) return Result.fail(new RegistrationClosed({ eventId, closedAt }))

  if (isSeatOpen(event, now)) {
    const confirmed = newRegistration(event.version + 1, request, "confirmed")
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
  const waitlisted = newRegistration(event.version + 1, request, "waitlisted")
  return Result.succeed({
    events: [{ _tag: "AttendeeWaitlisted", registration: waitlisted }],
    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })
  })
}

// --- guests ---

/** The rules of `register` that a guest does not have to meet, and would not meet now. */
const rulesSetAside = (event: Event, now: Date): ReadonlyArray<RuleSetAside> => {
  const { endsAt, registrationClosesAt, registrationOpensAt, status } = event
  return [
    ...(status === "draft" ? (["published"] as const) : []),
    ...(registrationOpensAt !== null && now < registrationOpensAt ? (["registrationOpensAt"] as const) : []),
    ...(registrationClosesAt !== null && now >= registrationClosesAt ? (["registrationClosesAt"] as const) : []),
    ...(now >= endsAt ? (["endsAt"] as const) : [])
  ]
}

const waitlistRulesSetAside = (event: Event): ReadonlyArray<RuleSetAside> => {
  const { counts, waitlist, waitlistLimit } = event
  if (isSeatDue(event)) return []
  return [
    ...(waitlist === "closed" ? (["waitlist"] as const) : []),
    ...(waitlistLimit !== null && counts.waitlisted >= waitlistLimit ? (["waitlistLimit"] as const) : [])
  ]
}

/** The field of a journal event that names the rules, which is absent if every rule was met. */
const named = (setAside: ReadonlyArray<RuleSetAside>): { readonly setAside?: ReadonlyArray<RuleSetAside> } =>
  setAside.length === 0 ? {} : { setAside }

/** Gives a guest a seat, after the journal events that make room for it. */
const seatGuest = (
  event: Event,
  request: Request<RegisterGuest>,
  before: ReadonlyArray<AdmissionEvent>,
  setAside: ReadonlyArray<RuleSetAside>
): Result.Result<Decision, Rejection> => {
  const confirmed = newRegistration(event.version + before.length + 1, request, "confirmed")
  return Result.succeed({
    events: [...before, { _tag: "AttendeeRegistered", registration: confirmed, ...named(setAside) }],
    outcome: () => ({ registration: confirmed, waitlistPosition: null })
  })
}

/** Nobody joins the waitlist of a draft, so a guest of a draft needs a seat. */
const registerGuest: Decide<RegisterGuest> = (event, request, set) => {
  const { command, now } = request
  const refused = requireStatus(event, command, FOR_GUESTS)
  if (refused) return Result.fail(refused)
  const registered = requireUnregistered(event, command.attendee.id, set)
  if (registered) return Result.fail(registered)
  const setAside = rulesSetAside(event, now)
  if (isSeatOpen(event, now)) return seatGuest(event, request, [], setAside)
  if (command.beyond !== null) {
    const room = takeSeat(event, command.beyond)
    if (Result.isFailure(room)) return Result.fail(room.failure)
    return seatGuest(event, request, room.success, [...setAside, "capacity"])
  }
  const waitlistLength = event.counts.waitlisted
  if (event.status === "draft") {
    return Result.fail(new CapacityFull({ eventId: event.id, capacity: event.capacity, waitlistLength }))
  }
  const waitlisted = newRegistration(event.version + 1, request, "waitlisted")
  return Result.succeed({
    events: [
      {
        _tag: "AttendeeWaitlisted",
        registration: waitlisted,
        ...named([...setAside, ...waitlistRulesSetAside(event)])
      }
    ],
    outcome: () => ({ registration: waitlisted, waitlistPosition: waitlistLength + 1 })
  })
}

export const deciders: Deciders<RegisterCommand> = { Register: register, RegisterGuest: registerGuest }
