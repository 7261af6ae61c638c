/**
 * What deciding a command gives, and what all deciders share.
 */
import type { Command } from "./Command.ts"
import type { Event, EventStatus } from "./Event.ts"
import type { JournalEvent } from "./JournalEvent.ts"
import type { Outcome } from "./Outcome.ts"
import { EventStatusConflict } from "./Rejection.ts"
import type { WorkingSet } from "./WorkingSet.ts"

/**
 * What a command does: the journal events to append, and how to read the outcome from the working set once they are in
 * effect.
 */
export interface Decision {
  readonly events: ReadonlyArray<JournalEvent>
  readonly outcome: (after: WorkingSet) => Outcome
}

/** These journal events, and then the event as it is. */
export const showEvent = (event: Event, events: ReadonlyArray<JournalEvent>): Decision => ({
  events,
  // A copy, since the working set goes on changing its own.
  outcome: (after) => {
    const now = after.events.get(event.id)!
    return { event: { ...now, counts: { ...now.counts } } }
  }
})

/** The refusal of a command that the status of the event does not allow. */
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
