/**
 * The life of an event: created as a draft, changed, published, cancelled or completed. `docs/reference/states.md` tabulates
 * which command is legal in which status. A command may make steps due, such as promotions once an end is moved into the future; a
 * batch carries them out (see `Steps`).
 */
import * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import type { Command } from "../model/Command.ts"
import {
  type Decide,
  type Deciders,
  type Decision,
  requireStatus,
  requireVersion,
  showEvent
} from "../state/Decision.ts"
import {
  type CancelEvent,
  type CompleteEvent,
  type CreateEvent,
  type Event,
  EventAlreadyExists,
  type EventDetails,
  EventHasRegistrations,
  EventNotStarted,
  EventOver,
  type EventStatus,
  type PublishEvent,
  type ReopenEvent,
  ScheduleInvalid,
  scheduleProblem,
  toStored,
  type UnpublishEvent,
  type UpdateEvent
} from "../model/Event.ts"
import { EventWasDeleted } from "../model/event/EventDeletion.ts"
import type { Expecting } from "../model/event/EventVersion.ts"
import type { Rejection } from "../model/Rejection.ts"
import { namedInJournal, OrganizationNotFound } from "../../../kernel/domain/OrganizationId.ts"
import { eventIdOf, type Request } from "../state/Request.ts"
import { seatsTaken } from "../model/Seats.ts"
import type { WorkingSet } from "../state/WorkingSet.ts"

/** A new event is a draft. */
export const create = (request: Request<CreateEvent>, set: WorkingSet): Result.Result<Decision, Rejection> => {
  const eventId = eventIdOf(request)
  if (set.events.has(eventId)) return Result.fail(new EventAlreadyExists({ eventId }))
  if (set.deleted.has(eventId)) return Result.fail(new EventWasDeleted({ eventId }))
  const { capacity, id: _, organizationId, ...given } = request.command.event
  if (organizationId !== undefined && !set.organizations.has(organizationId))
    return Result.fail(new OrganizationNotFound({ organization: organizationId }))
  const details: EventDetails = {
    description: "",
    location: "",
    registrationOpensAt: null,
    registrationClosesAt: null,
    waitlist: "open",
    waitlistLimit: null,
    registration: "open",
    cancellationClosesAt: null,
    ...given
  }
  return Result.succeed({
    events: [{ _tag: "EventCreated", details: toStored(details), capacity, ...namedInJournal(organizationId) }],
    outcome: (after) => ({ event: after.events.get(eventId)! })
  })
}

const detailsOf = (event: Event): EventDetails => ({
  title: event.title,
  description: event.description,
  location: event.location,
  organizer: event.organizer,
  startsAt: event.startsAt,
  endsAt: event.endsAt,
  timeZone: event.timeZone,
  registrationOpensAt: event.registrationOpensAt,
  registrationClosesAt: event.registrationClosesAt,
  waitlist: event.waitlist,
  waitlistLimit: event.waitlistLimit,
  registration: event.registration,
  cancellationClosesAt: event.cancellationClosesAt
})

const update: Decide<UpdateEvent> = (event, { command }) => {
  const refused = requireStatus(event, command, ["draft", "published"])
  if (refused) return Result.fail(refused)
  const before = detailsOf(event)
  const details = { ...before, ...command.changes }
  const changed = (Object.keys(details) as Array<keyof EventDetails>).some(
    (field) => details[field]?.valueOf() !== before[field]?.valueOf()
  )
  if (!changed) return Result.succeed(showEvent(event, []))
  const conflict = requireVersion(event, command)
  if (conflict) return Result.fail(conflict)
  const problem = scheduleProblem(details)
  if (problem) {
    return Result.fail(new ScheduleInvalid({ eventId: event.id, field: problem.path[0]!, rule: problem.issue }))
  }
  return Result.succeed(showEvent(event, [{ _tag: "EventUpdated", details: toStored(details) }]))
}

/** Takes an event from one of these statuses to another; does nothing if it is there already. */
const transition = (
  event: Event,
  command: Command & Expecting,
  from: ReadonlyArray<EventStatus>,
  to: EventStatus,
  happened: AdmissionEvent
): Result.Result<Decision, Rejection> => {
  if (event.status === to) return Result.succeed(showEvent(event, []))
  const refused = requireStatus(event, command, from) ?? requireVersion(event, command)
  return refused ? Result.fail(refused) : Result.succeed(showEvent(event, [happened]))
}

/** Takes an event back to draft. Only possible while it has no active registration. */
const unpublish: Decide<UnpublishEvent> = (event, { command }) => {
  if (event.status === "published" && seatsTaken(event) + event.counts.waitlisted > 0) {
    return Result.fail(
      new EventHasRegistrations({
        eventId: event.id,
        seatsTaken: seatsTaken(event),
        waitlistLength: event.counts.waitlisted
      })
    )
  }
  return transition(event, command, ["published"], "draft", { _tag: "EventUnpublished" })
}

/** Completes an event. Only possible once it has started. */
const complete: Decide<CompleteEvent> = (event, { command, now }) => {
  if (event.status === "published" && now < event.startsAt) {
    return Result.fail(new EventNotStarted({ eventId: event.id, operation: command._tag, startsAt: event.startsAt }))
  }
  return transition(event, command, ["published"], "completed", { _tag: "EventCompleted" })
}

/**
 * Reopens an event. The registrations that its cancellation ended come back in steps, and then it is what it was. An event that was
 * completed has its registrations still.
 */
const reopen: Decide<ReopenEvent> = (event, { command, now }) => {
  if (event.status !== "cancelled" && event.status !== "completed") return Result.succeed(showEvent(event, []))
  if (now >= event.endsAt) {
    return Result.fail(new EventOver({ eventId: event.id, operation: command._tag, endedAt: event.endsAt }))
  }
  const conflict = requireVersion(event, command)
  if (conflict) return Result.fail(conflict)
  return Result.succeed(
    showEvent(event, [
      event.status === "cancelled" ? { _tag: "EventReopening" } : { _tag: "EventReopened", status: "published" }
    ])
  )
}

export const deciders: Deciders<
  UpdateEvent | PublishEvent | UnpublishEvent | CancelEvent | CompleteEvent | ReopenEvent
> = {
  UpdateEvent: update,
  PublishEvent: (event, { command }) => transition(event, command, ["draft"], "published", { _tag: "EventPublished" }),
  UnpublishEvent: unpublish,
  CancelEvent: (event, { command }) =>
    transition(event, command, ["draft", "published", "reopening"], "cancelled", { _tag: "EventCancelled" }),
  CompleteEvent: complete,
  ReopenEvent: reopen
}
