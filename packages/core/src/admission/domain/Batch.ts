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
import { eventIdOf, type Request } from "./state/Request.ts"
import type { Event } from "./model/Event.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { type IdempotencyRecord, recall } from "./state/Idempotency.ts"
import type { Answer } from "./model/Outcome.ts"
import type { Registration, RegistrationId, RegistrationState } from "./model/Registration.ts"
import { promotionsDue } from "./model/Seats.ts"
import { evolve, promotionsLeft, type WorkingSet } from "./state/WorkingSet.ts"

/** The answer to one request; `replayed` if it was given before, under the same idempotency key. */
export interface Reply {
  readonly answer: Answer
  readonly replayed: boolean
}

export interface ChangedRegistration {
  readonly registration: Registration
  readonly before: RegistrationState | null
}

/** The changes of a batch: all of them are written, or none. */
export interface Changes {
  /** In the order of decision; the versions of each event have no gaps. */
  readonly journal: ReadonlyArray<AdmissionEntry>
  /** Every event that changed, as it is now; an event that is not `created` may still have new `details`. */
  readonly events: ReadonlyArray<{ readonly event: Event; readonly created: boolean; readonly details: boolean }>
  /** Every registration that changed, as it is now, and the state that it was in; `null` if it is new. */
  readonly registrations: ReadonlyArray<ChangedRegistration>
  /** New records, and those that take the place of an expired one. */
  readonly idempotency: ReadonlyArray<{ readonly record: IdempotencyRecord; readonly renews: boolean }>
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
  const journal: Array<AdmissionEntry> = []
  const events = new Map<EventId, ChangedEvent>()
  const created: Array<RegistrationId> = []
  const changed = new Map<RegistrationId, RegistrationState>()
  const remembered: Array<{ record: IdempotencyRecord; readonly renews: boolean }> = []
  const replies: Array<Reply> = []

  const append = (eventId: EventId, happened: ReadonlyArray<AdmissionEvent>, metadata: Metadata, occurredAt: Date) => {
    for (const event of happened) {
      const last = set.events.get(eventId)?.version ?? 0
      let row = events.get(eventId)
      if (row === undefined) events.set(eventId, (row = { versionBefore: last, details: false }))
      if (event._tag === "EventUpdated") row.details = true
      if ("registration" in event) {
        const { id, sequence } = event.registration
        // The sequence of a registration is the version that created it. Above the version before the batch, this batch did.
        if (sequence === last + 1) created.push(id)
        else if (sequence <= row.versionBefore && !changed.has(id)) changed.set(id, set.registrations.get(id)!.state)
      }
      const entry: AdmissionEntry = { eventId, version: last + 1, event, metadata, occurredAt }
      evolve(set, entry)
      journal.push(entry)
    }
  }

  /** Promotes waiters whom an earlier batch left over. This comes before every other command about the event. */
  const carryOn = (eventId: EventId, now: Date) => {
    const event = set.events.get(eventId)
    if (event === undefined) return
    for (let due = promotionsDue(event); due > 0 && promotionsLeft(set, eventId) > 0; due--) {
      append(eventId, promote(event, set, now, 1), PROMOTER, now)
      set.promoted.set(eventId, (set.promoted.get(eventId) ?? 0) + 1)
    }
  }

  const decideOne = (request: Request): Answer => {
    const result = Admission.decide(request, set)
    if (Result.isFailure(result)) return result as Result.Result<never, typeof result.failure>
    const eventId = eventIdOf(request)
    const { events: happened, outcome } = result.success
    append(eventId, happened, request.metadata, request.now)
    if (request.command._tag === "ChangeCapacity") {
      const promoted = happened.filter(({ _tag }) => _tag === "RegistrationPromoted").length
      set.promoted.set(eventId, (set.promoted.get(eventId) ?? 0) + promoted)
    }
    return Result.succeed(outcome(set))
  }

  for (const request of requests) {
    carryOn(eventIdOf(request), request.now)
    const { freshId, idempotency, now } = request
    if (idempotency === null) {
      replies.push({ answer: decideOne(request), replayed: false })
      continue
    }
    const known = set.idempotency.get(idempotency.scope.id)
    const found = recall(known, idempotency, now)
    if (found !== undefined) {
      replies.push(
        Result.isSuccess(found)
          ? { answer: found.success.answer, replayed: found.success.requestId !== freshId }
          : { answer: Result.fail(found.failure), replayed: false }
      )
      continue
    }
    const answer = decideOne(request)
    const { expiresAt, fingerprint, scope } = idempotency
    const record: IdempotencyRecord = { scope, fingerprint, expiresAt, requestId: freshId, answer, createdAt: now }
    set.idempotency.set(scope.id, record)
    if (known === undefined) remembered.push({ record, renews: false })
    else {
      // If this batch wrote the expired record itself, the store has no record to renew.
      const own = remembered.find((other) => other.record === known)
      if (own === undefined) remembered.push({ record, renews: true })
      else own.record = record
    }
    replies.push({ answer, replayed: false })
  }

  return {
    replies,
    changes: {
      journal,
      events: Array.from(events, ([id, { details, versionBefore }]) => ({
        event: set.events.get(id)!,
        created: versionBefore === 0,
        details
      })),
      registrations: [
        ...created.map((id) => ({ registration: set.registrations.get(id)!, before: null })),
        ...Array.from(changed, ([id, before]) => ({ registration: set.registrations.get(id)!, before }))
      ],
      idempotency: remembered
    }
  }
}

/** What a batch notes of an event that it changes. */
interface ChangedEvent {
  /** The version before the batch; 0 if the batch created the event. */
  readonly versionBefore: number
  details: boolean
}

/** Whether a batch leaves everything as it was, so that nothing needs to be written. */
export const isEmpty = (changes: Changes): boolean => changes.journal.length === 0 && changes.idempotency.length === 0
