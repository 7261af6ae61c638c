/**
 * The footprint of a batch: the rows that it needs to be decided as it would be on the whole state.
 */
import type { Event } from "../model/Event.ts"
import { promotionsPossible } from "../model/Seats.ts"
import * as EventRows from "./EventRows.ts"
import * as IdempotencyRows from "./IdempotencyRows.ts"
import * as RegistrationRows from "./RegistrationRows.ts"
import type { Request } from "./Request.ts"

/** The rows that a batch needs. Every list is free of duplicates. */
export interface Footprint
  extends
    // By noun.
    EventRows.Footprint,
    RegistrationRows.Footprint,
    IdempotencyRows.Footprint {}

export const footprint = (requests: ReadonlyArray<Request>): Footprint => ({
  ...RegistrationRows.footprint(requests),
  events: EventRows.footprint(requests),
  idempotency: IdempotencyRows.footprint(requests)
})

/** The footprint of no requests, for literals that name some rows only. */
export const nothing: Footprint = footprint([])

/**
 * The footprint once the events are locked and known: if waiters may be promoted into free seats, the next waiters are added to it.
 * So every command about such an event carries its promotions on.
 */
export const withDuePromotions = (needed: Footprint, events: Iterable<Event>): Footprint => {
  const due = Array.from(events).filter((event) => promotionsPossible(event) > 0)
  if (due.length === 0) return needed
  const waiting = new Map(needed.waiting.map(({ eventId, limit }) => [eventId, limit]))
  for (const { id } of due) waiting.set(id, (waiting.get(id) ?? 0) + RegistrationRows.PROMOTION_BATCH)
  return { ...needed, waiting: Array.from(waiting, ([eventId, limit]) => ({ eventId, limit })) }
}
