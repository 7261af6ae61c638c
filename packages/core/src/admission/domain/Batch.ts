/**
 * A batch: requests that are decided one after the other, each on the state that the one before it left.
 *
 * Deciding a batch gives the same answers and the same journal as deciding its requests one by one. A request that is
 * refused, or that only repeats an earlier one, leaves the rest of the batch as it is.
 *
 * No request is decided before the last entry of its stream: a request whose time is earlier, since a clock was set back or two
 * processes know it a little differently, is decided at the time of that entry. So times within a stream never go back.
 */
import * as Result from "effect/Result"
import * as Admission from "./Admission.ts"
import type { AdmissionEntry, AdmissionEvent } from "./model/AdmissionEvent.ts"
import type { Metadata } from "../../kernel/domain/Entry.ts"
import { type Changes, changes, touch, type Touched, untouched } from "./state/Changes.ts"
import { eventIdOf, type Request } from "./state/Request.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { expiryOf, type IdempotencyRecord, recall } from "./state/Idempotency.ts"
import { remember } from "./state/IdempotencyRows.ts"
import type { Answer } from "./model/Outcome.ts"
import type { RegistrationId } from "./model/Registration.ts"
import { isStepDue } from "./model/Steps.ts"
import * as Steps from "./rules/Steps.ts"
import { countSteps, stepsLeft } from "./state/RegistrationRows.ts"
import { evolve, type WorkingSet } from "./state/WorkingSet.ts"

/** The answer to one request; `replayed` if it was given before, under the same idempotency key. */
export interface Reply {
  readonly answer: Answer
  readonly replayed: boolean
}

export interface Batch {
  /** One reply to each request, in order. */
  readonly replies: ReadonlyArray<Reply>
  readonly changes: Changes
}

/** The principal of further steps. */
const STEPPER: Metadata = { actor: "turnout", correlationId: null, causationId: null }

/** Decides a batch. The working set belongs to the batch and is changed in place. */
export const decide = (requests: ReadonlyArray<Request>, set: WorkingSet): Batch => {
  const touched = untouched()
  const replies: Array<Reply> = []
  for (const asked of requests) {
    const request = inOrder(set, asked)
    carryOn(set, touched, eventIdOf(request), STEPPER, request.now)
    replies.push(reply(set, touched, request))
  }
  return { replies, changes: changes(touched, set) }
}

/** The request with a time that is not before the last entry of its stream. */
const inOrder = (set: WorkingSet, request: Request): Request => {
  const last = set.events.get(eventIdOf(request))?.updatedAt
  return last === undefined || request.now.getTime() >= last.getTime() ? request : { ...request, now: last }
}

/**
 * Carries on what proceeds in steps, as far as this batch may. This comes before every command about the event, for what an earlier
 * batch has left over, and after it, for what the command has made due.
 */
const carryOn = (set: WorkingSet, touched: Touched, eventId: EventId, metadata: Metadata, now: Date): void => {
  const event = set.events.get(eventId)
  if (event === undefined) return
  // The working set changes the event in place.
  while (isStepDue(event, now) && stepsLeft(set, eventId) > 0) {
    const happened = Steps.next(event, set, now)
    if (happened === undefined) return
    append(set, touched, eventId, [happened], metadata, now)
    countSteps(set, eventId, 1)
  }
}

/** Replies to a request as its idempotency key remembers, or else decides it. */
const reply = (set: WorkingSet, touched: Touched, request: Request): Reply => {
  const { freshId, idempotency, now } = request
  if (idempotency === null) return { answer: answer(set, touched, request), replayed: false }
  const known = set.idempotency.get(idempotency.scope.id)
  const found = recall(known, idempotency, now)
  if (found !== undefined) {
    return Result.isSuccess(found)
      ? { answer: found.success.answer, replayed: found.success.requestId !== freshId }
      : { answer: Result.fail(found.failure), replayed: false }
  }
  const given = answer(set, touched, request)
  const expiresAt = expiryOf(idempotency, given, now)
  if (expiresAt !== undefined) {
    const { fingerprint, scope } = idempotency
    const record: IdempotencyRecord = {
      scope,
      fingerprint,
      expiresAt,
      requestId: freshId,
      answer: given,
      createdAt: now
    }
    remember(touched.idempotency, set, record, known)
  }
  return { answer: given, replayed: false }
}

/** Decides a request, and applies what happens. */
const answer = (set: WorkingSet, touched: Touched, request: Request): Answer => {
  const result = Admission.decide(request, set)
  if (Result.isFailure(result)) return result as Result.Result<never, typeof result.failure>
  const eventId = eventIdOf(request)
  const { events: happened, outcome } = result.success
  append(set, touched, eventId, happened, request.metadata, request.now)
  link(touched, request, eventId)
  carryOn(set, touched, eventId, request.metadata, request.now)
  return Result.succeed(outcome(set))
}

/** Gives the registration that a request has made the link of its caller. */
const link = ({ registrations: { links } }: Touched, { caller, command, freshId }: Request, eventId: EventId): void => {
  const digest = caller?.linkDigest
  if (digest === undefined || (command._tag !== "Register" && command._tag !== "RegisterGuest")) return
  links.push({ eventId, registrationId: freshId as RegistrationId, digest })
}

const append = (
  set: WorkingSet,
  touched: Touched,
  eventId: EventId,
  happened: ReadonlyArray<AdmissionEvent>,
  metadata: Metadata,
  occurredAt: Date
): void => {
  for (const event of happened) {
    const last = set.events.get(eventId)?.version ?? 0
    const entry: AdmissionEntry = { eventId, version: last + 1, event, metadata, occurredAt }
    touch(touched, set, entry)
    evolve(set, entry)
  }
}
