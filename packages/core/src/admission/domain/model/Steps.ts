/**
 * What is too much for one commit and proceeds in steps: the promotions after a large raise of capacity, the end of the
 * registrations of a cancelled event, and their return when the event is reopened.
 *
 * Every command about such an event carries it on before anything else, so nobody overtakes.
 */
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { type Counts, promotionsDue, promotionsPossible } from "./Seats.ts"

/** The most registrations of one event that a batch changes in a step; further batches change the others. */
export const STEP_SIZE = 1_000

/** Carries on what proceeds in steps, as every other command about the event does, and nothing else. */
export interface CarryOn {
  readonly _tag: "CarryOn"
  readonly eventId: EventId
}

/** What steps depend on besides the time. */
interface Stepping {
  readonly status: string
  readonly capacity: number
  readonly counts: Counts
}

const isEnding = ({ counts, status }: Stepping): boolean =>
  status === "cancelled" && counts.confirmed + counts.waitlisted > 0

const isOutsideTime = (event: Stepping): boolean => event.status === "reopening" || isEnding(event)

/** Whether there is a step to make. */
export const isStepDue = (event: Stepping & { readonly endsAt: Date }, now: Date): boolean =>
  promotionsDue(event, now) > 0 || isOutsideTime(event)

/** Whether there is a step to make unless the event is over: what a store loads rows for, which knows no time. */
export const isStepPossible = (event: Stepping): boolean => promotionsPossible(event) > 0 || isOutsideTime(event)
