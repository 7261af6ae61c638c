/**
 * The footprint of a batch: the rows that it needs to be decided as it would be on the whole state.
 */
import type { Event } from "../model/Event.ts"
import { isStepPossible } from "../model/Steps.ts"
import * as EventRows from "./EventRows.ts"
import * as IdempotencyRows from "./IdempotencyRows.ts"
import * as RegistrationFootprint from "./RegistrationFootprint.ts"
import type { PendingRequest } from "./Request.ts"

/** The rows that a batch needs. Every list is free of duplicates. */
export interface Footprint
  extends
    // By noun.
    EventRows.Footprint,
    RegistrationFootprint.Footprint,
    IdempotencyRows.Footprint {}

export const footprint = (requests: ReadonlyArray<PendingRequest>): Footprint => ({
  ...EventRows.footprint(requests),
  ...RegistrationFootprint.footprint(requests),
  idempotency: IdempotencyRows.footprint(requests)
})

/** The footprint of no requests, for literals that name some rows only. */
export const nothing: Footprint = footprint([])

/**
 * The footprint once the events are locked and known: the rows of the next step of those that have one are added to it. So every
 * command about such an event carries it on.
 */
export const withDueSteps = (needed: Footprint, events: Iterable<Event>): Footprint => {
  const due = Array.from(events).filter(isStepPossible)
  return due.length === 0 ? needed : { ...needed, ...RegistrationFootprint.withSteps(needed, due) }
}
