/**
 * A request: a command, and everything that deciding it needs from outside (the time, a fresh id, the principal, the
 * idempotency key), so that deciding stays pure.
 *
 * A request that waits has no time yet: the store tells the time when it decides the batch.
 */
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { Metadata } from "../../../kernel/domain/Entry.ts"
import type { Caller } from "./Caller.ts"
import type { Command } from "../model/Command.ts"
import type { IdempotencyRequest } from "./Idempotency.ts"

/** A request that waits to be decided. */
export interface PendingRequest<C extends Command = Command> {
  readonly command: C
  /** A fresh UUID, used if the command creates an event or a registration. */
  readonly freshId: string
  readonly idempotency: IdempotencyRequest | null
  readonly metadata: Metadata
  /** Whom the command is decided for; absent for somebody who may do everything. */
  readonly caller?: Caller
}

export interface Request<C extends Command = Command> extends PendingRequest<C> {
  /** The time that the decision is based on. */
  readonly now: Date
}

/** The requests of a batch that is decided at this time. */
export const decidedAt = (requests: ReadonlyArray<PendingRequest>, now: Date): ReadonlyArray<Request> =>
  requests.map((request) => ({ ...request, now }))

/** The event that a request is about. */
export const eventIdOf = ({ command, freshId }: PendingRequest): EventId =>
  command._tag === "CreateEvent" ? (command.event.id ?? (freshId as EventId)) : command.eventId

/** The events that requests are about, each once, in ascending order. */
export const eventsOf = (requests: Iterable<PendingRequest>): ReadonlyArray<EventId> => {
  const events = new Set<EventId>()
  for (const request of requests) events.add(eventIdOf(request))
  // Stryker disable next-line ConditionalExpression: most batches are about one event, which needs no sorting
  return events.size < 2 ? [...events] : [...events].toSorted()
}
