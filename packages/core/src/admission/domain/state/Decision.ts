/**
 * The decision on a command, and what all deciders share.
 */
import type * as Result from "effect/Result"
import type { AdmissionEvent } from "../model/AdmissionEvent.ts"
import type { AttendeeId } from "../model/Attendee.ts"
import type { Command } from "../model/Command.ts"
import { type Event, type EventStatus, EventStatusConflict } from "../model/Event.ts"
import { type Expecting, isSeen, VersionConflict } from "../model/event/EventVersion.ts"
import type { Outcome } from "../model/Outcome.ts"
import { AlreadyRegistered } from "../model/Registration.ts"
import type { Rejection } from "../model/Rejection.ts"
import type { Request } from "./Request.ts"
import type { WorkingSet } from "./WorkingSet.ts"

/** What a command does: the journal events to append, and how to read the outcome from the working set after them. */
export interface Decision {
  readonly events: ReadonlyArray<AdmissionEvent>
  readonly outcome: (after: WorkingSet) => Outcome
}

/** Decides a command about an event that exists. Reads the working set and leaves it as it is. */
export type Decide<C extends Command> = (
  event: Event,
  request: Request<C>,
  set: WorkingSet
) => Result.Result<Decision, Rejection>

/** A decider for each of some commands, by the names of the commands. */
export type Deciders<C extends Command> = {
  readonly [Tag in C["_tag"]]: Decide<Extract<C, { readonly _tag: Tag }>>
}

/** A decision whose outcome is the event after these journal events. */
export const showEvent = (event: Event, events: ReadonlyArray<AdmissionEvent>): Decision => ({
  events,
  // A copy, since the working set goes on changing its own event.
  outcome: (after) => {
    const now = after.events.get(event.id)!
    return { event: { ...now, counts: { ...now.counts } } }
  }
})

/** The rejection of a command that the status of the event does not allow. */
export const requireStatus = (
  event: Event,
  command: Command,
  allowed: ReadonlyArray<EventStatus>
): EventStatusConflict | undefined =>
  allowed.includes(event.status)
    ? undefined
    : new EventStatusConflict({
        eventId: event.id,
        operation: command._tag,
        eventStatus: event.status,
        allowed
      })

/** The rejection of a command that would give an attendee a second active registration of the event. */
export const requireUnregistered = (
  event: Event,
  attendeeId: AttendeeId,
  set: WorkingSet
): AlreadyRegistered | undefined => {
  const activeId = set.active.get(event.id)!.get(attendeeId)
  if (activeId === undefined) return undefined
  const { id: registrationId, state } = set.registrations.get(activeId)!
  return new AlreadyRegistered({ eventId: event.id, attendeeId, registrationId, state })
}

/**
 * The rejection of a command whose caller has not seen the event itself as it is. A decider asks for it before it changes
 * anything, and not if there is nothing left to do: what is done already undoes nobody's change.
 */
export const requireVersion = (event: Event, { expectedVersions }: Expecting): VersionConflict | undefined =>
  expectedVersions === undefined || isSeen(event, expectedVersions)
    ? undefined
    : new VersionConflict({
        eventId: event.id,
        expectedVersions,
        version: event.version,
        revision: event.revision
      })
