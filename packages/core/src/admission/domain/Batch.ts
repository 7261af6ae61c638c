/**
 * A batch: requests that are decided one after the other, each on the state that the one before it left.
 *
 * Deciding a batch gives the same answers and the same journal as deciding its requests one by one. A request that is
 * refused, or that only repeats an earlier one, leaves the rest of the batch as it is.
 */
import * as Result from "effect/Result"
import * as Admission from "./Admission.ts"
import type { AdmissionEntry, AdmissionEvent } from "./model/AdmissionEvent.ts"
import { promote } from "./rules/Capacity.ts"
import type { Metadata } from "../../kernel/domain/Entry.ts"
import { type Changes, changes, touch, type Touched, untouched } from "./state/Changes.ts"
import { eventIdOf, type Request } from "./state/Request.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { expiryOf, type IdempotencyRecord, recall } from "./state/Idempotency.ts"
import { remember } from "./state/IdempotencyRows.ts"
import type { Answer } from "./model/Outcome.ts"
import { countPromotions, promotionsLeft } from "./state/RegistrationRows.ts"
import { promotionsDue } from "./model/Seats.ts"
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

/** The principal of the further steps of a promotion. */
const PROMOTER: Metadata = { actor: "turnout", correlationId: null, causationId: null }

/** Decides a batch. The working set belongs to the batch and is changed in place. */
export const decide = (requests: ReadonlyArray<Request>, set: WorkingSet): Batch => {
  const touched = untouched()
  const replies: Array<Reply> = []
  for (const request of requests) {
    carryOn(set, touched, eventIdOf(request), request.now)
    replies.push(reply(set, touched, request))
  }
  return { replies, changes: changes(touched, set) }
}

/** Promotes waiters whom an earlier batch left over. This comes before every other command about the event. */
const carryOn = (set: WorkingSet, touched: Touched, eventId: EventId, now: Date): void => {
  const event = set.events.get(eventId)
  if (event === undefined) return
  for (let due = promotionsDue(event, now); due > 0 && promotionsLeft(set, eventId) > 0; due--) {
    append(set, touched, eventId, promote(event, set, now, 1), PROMOTER, now)
    countPromotions(set, eventId, 1)
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
  // A seat that a cancellation frees is filled besides.
  if (request.command._tag === "ChangeCapacity" || request.command._tag === "UpdateEvent") {
    countPromotions(set, eventId, happened.filter(({ _tag }) => _tag === "RegistrationPromoted").length)
  }
  return Result.succeed(outcome(set))
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
