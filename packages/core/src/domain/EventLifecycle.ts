/**
 * The life of an event: created as a draft, changed, published, cancelled or completed. What is legal in which status is
 * tabulated in `docs/reference/states.md`.
 */
import * as Result from "effect/Result"
import type { Command, CreateEvent, UpdateEvent } from "./Command.ts"
import { type Decision, requireStatus, showEvent } from "./Decision.ts"
import { type Event, type EventDetails, type EventStatus, scheduleProblem, seatsTaken } from "./Event.ts"
import type { JournalEvent } from "./JournalEvent.ts"
import * as Rejection from "./Rejection.ts"
import { eventIdOf, type Request } from "./Request.ts"
import type { WorkingSet } from "./WorkingSet.ts"

/** A new event is a draft. */
export const create = (
  request: Request<CreateEvent>,
  set: WorkingSet
): Result.Result<Decision, Rejection.Rejection> => {
  const eventId = eventIdOf(request)
  if (set.events.has(eventId)) return Result.fail(new Rejection.EventAlreadyExists({ eventId }))
  const { capacity, id: _, ...given } = request.command.event
  const details: EventDetails = {
    description: "",
    location: "",
    registrationOpensAt: null,
    registrationClosesAt: null,
    waitlist: "open",
    waitlistLimit: null,
    ...given
  }
  return Result.succeed({
    events: [{ _tag: "EventCreated", details, capacity }],
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
  waitlistLimit: event.waitlistLimit
})

export const update = (event: Event, command: UpdateEvent): Result.Result<Decision, Rejection.Rejection> => {
  const refused = requireStatus(event, command, ["draft", "published"])
  if (refused) return Result.fail(refused)
  const before = detailsOf(event)
  const details = { ...before, ...command.changes }
  const problem = scheduleProblem(details)
  if (problem) {
    return Result.fail(
      new Rejection.ScheduleInvalid({ eventId: event.id, field: problem.path[0]!, rule: problem.issue })
    )
  }
  const changed = (Object.keys(details) as Array<keyof EventDetails>).some(
    (field) => details[field]?.valueOf() !== before[field]?.valueOf()
  )
  return Result.succeed(showEvent(event, changed ? [{ _tag: "EventUpdated", details }] : []))
}

/** Back to draft, while nobody has registered. */
export const unpublish = (event: Event, command: Command): Result.Result<Decision, Rejection.Rejection> => {
  if (event.status === "published" && seatsTaken(event) + event.counts.waitlisted > 0) {
    return Result.fail(
      new Rejection.EventHasRegistrations({
        eventId: event.id,
        seatsTaken: seatsTaken(event),
        waitlistLength: event.counts.waitlisted
      })
    )
  }
  return transition(event, command, ["published"], "draft", { _tag: "EventUnpublished" })
}

/** Not before the event has started. */
export const complete = (event: Event, command: Command, now: Date): Result.Result<Decision, Rejection.Rejection> => {
  if (event.status === "published" && now < event.startsAt) {
    return Result.fail(
      new Rejection.EventNotStarted({ eventId: event.id, operation: command._tag, startsAt: event.startsAt })
    )
  }
  return transition(event, command, ["published"], "completed", { _tag: "EventCompleted" })
}

/** From one of these statuses to another; nothing to do if it is there. */
export const transition = (
  event: Event,
  command: Command,
  from: ReadonlyArray<EventStatus>,
  to: EventStatus,
  happened: JournalEvent
): Result.Result<Decision, Rejection.Rejection> => {
  if (event.status === to) return Result.succeed(showEvent(event, []))
  const refused = requireStatus(event, command, from)
  return refused ? Result.fail(refused) : Result.succeed(showEvent(event, [happened]))
}
