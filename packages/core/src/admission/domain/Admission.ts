/**
 * Admission: the decider of everything about seats and about the life of an event. It is a table of commands; the rules are in
 * the files of `rules`.
 *
 * Guarantees, for every event and after every decision:
 * - seats taken never exceed capacity, unless an overhang was asked for, which then only shrinks until more is asked for (an event
 *   that is reopened has again the one that it was cancelled with);
 * - a free seat and a waiter do not exist together in an event that is published and not over: a decision that frees a seat also
 *   promotes, first come first served (more than `STEP_SIZE` promotions proceed in steps, and nobody overtakes);
 * - an attendee has at most one active registration;
 * - repeating a command that has nothing left to do gives the same outcome and no journal events.
 *
 * `docs/reference/states.md` tabulates which command is legal in which state; the tests check it row by row.
 */
import * as Result from "effect/Result"
import * as Capacity from "./rules/Capacity.ts"
import * as Changing from "./rules/Changing.ts"
import * as Deleting from "./rules/Deleting.ts"
import type { Command } from "./model/Command.ts"
import type { Deciders, Decide, Decision } from "./state/Decision.ts"
import { type CreateEvent, type Event, EventNotFound } from "./model/Event.ts"
import * as EventLifecycle from "./rules/EventLifecycle.ts"
import * as Registering from "./rules/Registering.ts"
import type { Refused } from "../../kernel/domain/access/Refusals.ts"
import type { Rejection } from "./model/Rejection.ts"
import type { Request } from "./state/Request.ts"
import type { WorkingSet } from "./state/WorkingSet.ts"

const deciders: Deciders<Exclude<Command, CreateEvent>> = {
  ...EventLifecycle.deciders,
  ...Deleting.deciders,
  ...Capacity.deciders,
  ...Registering.deciders,
  ...Changing.deciders
}

/** Decides one command. Reads the working set and leaves it as it is. */
export const decide = (request: Request, set: WorkingSet): Result.Result<Decision, Rejection | Refused> => {
  const { command } = request
  if (command._tag === "CreateEvent") return EventLifecycle.create(request as Request<CreateEvent>, set)
  const event = set.events.get(command.eventId)
  if (event === undefined) return Result.fail(new EventNotFound({ eventId: command.eventId }))
  const refused = refusal(request, event, set)
  if (refused !== undefined) return Result.fail(refused)
  return (deciders[command._tag] as Decide<Command>)(event, request, set)
}

/** The refusal of a command whose caller may not do it. */
const refusal = ({ caller, command, now }: Request, event: Event, set: WorkingSet): Rejection | Refused | undefined => {
  if (caller === undefined) return undefined
  const named = "registrationId" in command ? set.registrations.get(command.registrationId) : undefined
  return caller.refusalOf(command, { event, registration: named?.eventId === event.id ? named : undefined, now })
}
