/**
 * The scopes of what is read about events and registrations: what changes together, and so has one stamp.
 *
 * - An event with its registrations: `Event.counts`, places in line, and counts of registrations.
 * - The registrations of an attendee, for whichever events.
 * - Which events there are, and what lists choose them and order them by. The counts of an event are none of that.
 */
import * as Result from "effect/Result"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { Batch } from "../../domain/Batch.ts"
import type { AttendeeId } from "../../domain/model/Attendee.ts"
import type { Answer } from "../../domain/model/Outcome.ts"

export const EVENTS = "events"

export const ofEvent = (id: EventId): string => `event ${id}`

export const ofAttendee = (id: AttendeeId): string => `attendee ${id}`

/**
 * What an answer speaks of. An earlier one may have been committed and never told, so an answer that repeats it, or is refused since it is
 * there, stands for its change.
 */
const ofAnswer = (answer: Answer, replayed: boolean): ReadonlyArray<string> => {
  if (Result.isFailure(answer)) {
    const { failure } = answer
    if (failure._tag === "AlreadyRegistered") return [ofAttendee(failure.attendeeId)]
    return failure._tag === "EventAlreadyExists" ? [EVENTS] : []
  }
  if (!replayed) return []
  const { success } = answer
  return "registration" in success ? [ofAttendee(success.registration.attendee.id)] : [EVENTS]
}

/** The scopes of everything that a batch about these events has changed, or speaks of. */
export const ofBatch = (events: ReadonlyArray<EventId>, { changes, replies }: Batch): ReadonlyArray<string> => {
  const scopes = new Set(events.map(ofEvent))
  if (changes.deletedEvents.length > 0 || changes.events.some(({ created, revised }) => created || revised))
    scopes.add(EVENTS)
  for (const { registration } of changes.registrations) scopes.add(ofAttendee(registration.attendee.id))
  for (const { answer, replayed } of replies) for (const scope of ofAnswer(answer, replayed)) scopes.add(scope)
  return [...scopes]
}
