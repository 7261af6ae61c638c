/**
 * A batch: requests decided one after the other, each seeing what the one before it left.
 *
 * Deciding a batch gives the same answers and the same journal as deciding its requests one by one. A request that is
 * refused, or that only repeats an earlier one, leaves the rest of the batch as it is.
 */
import * as Result from "effect/Result"
import * as Admission from "./Admission.ts"
import { eventIdOf, type Request } from "./Request.ts"
import { type Event, type EventId, promotionsDue } from "./Event.ts"
import { type IdempotencyRecord, recall, scopeKey } from "./Idempotency.ts"
import type { JournalEntry, JournalEvent, Metadata } from "./JournalEvent.ts"
import type { Answer } from "./Outcome.ts"
import type { Registration, RegistrationId } from "./Registration.ts"
import { evolve, promotionsLeft, type WorkingSet } from "./WorkingSet.ts"

/** The answer to one request; `replayed` when it was given before, under the same idempotency key. */
export interface Reply {
  readonly answer: Answer
  readonly replayed: boolean
}

/** What a batch changes: all of it is written, or none. */
export interface Changes {
  /** In the order of decision; per event without gaps. */
  readonly journal: ReadonlyArray<JournalEntry>
  /** Every event that changed, as it is now; an event that is not `created` may still have new `details`. */
  readonly events: ReadonlyArray<{ readonly event: Event; readonly created: boolean; readonly details: boolean }>
  /** Every registration that changed, as it is now. */
  readonly registrations: ReadonlyArray<{ readonly registration: Registration; readonly created: boolean }>
  /** New records, and those that take the place of an expired one. */
  readonly idempotency: ReadonlyArray<IdempotencyRecord>
}

export interface Batch {
  /** One reply to each request, in order. */
  readonly replies: ReadonlyArray<Reply>
  readonly changes: Changes
}

/** Who causes the further steps of a promotion. */
const PROMOTER: Metadata = { actor: "turnout", correlationId: null, causationId: null }

/** Decides a batch. The working set belongs to the batch and is changed in place. */
export const decide = (requests: ReadonlyArray<Request>, set: WorkingSet): Batch => {
  const journal: Array<JournalEntry> = []
  const idempotency = new Map<string, IdempotencyRecord>()

  const append = (eventId: EventId, events: ReadonlyArray<JournalEvent>, metadata: Metadata, occurredAt: Date) => {
    for (const event of events) {
      const version = (set.events.get(eventId)?.version ?? 0) + 1
      const entry: JournalEntry = { eventId, version, event, metadata, occurredAt }
      evolve(set, entry)
      journal.push(entry)
    }
  }

  /** Promotions that an earlier batch left over come before anything else that is asked of the event. */
  const carryOn = (eventId: EventId, now: Date) => {
    const event = set.events.get(eventId)
    if (event === undefined || promotionsDue(event) === 0) return
    const promoted = Admission.promote(event, set, now, promotionsLeft(set, eventId))
    set.promoted.set(eventId, (set.promoted.get(eventId) ?? 0) + promoted.length)
    append(eventId, promoted, PROMOTER, now)
  }

  const replies = requests.map((request): Reply => {
    const eventId = eventIdOf(request)
    carryOn(eventId, request.now)
    const remembered =
      request.idempotency === null
        ? undefined
        : recall(set.idempotency.get(scopeKey(request.idempotency)), request.idempotency, request.now)
    if (remembered !== undefined) {
      return Result.isSuccess(remembered)
        ? { answer: remembered.success.answer, replayed: remembered.success.requestId !== request.freshId }
        : { answer: Result.fail(remembered.failure), replayed: false }
    }
    const answer = Result.map(Admission.decide(request, set), ({ events, outcome }) => {
      append(eventId, events, request.metadata, request.now)
      if (request.command._tag === "ChangeCapacity") {
        const promoted = events.filter(({ _tag }) => _tag === "RegistrationPromoted").length
        set.promoted.set(eventId, (set.promoted.get(eventId) ?? 0) + promoted)
      }
      return outcome(set)
    })
    if (request.idempotency !== null) {
      const record: IdempotencyRecord = {
        ...request.idempotency,
        requestId: request.freshId,
        answer,
        createdAt: request.now
      }
      set.idempotency.set(scopeKey(record), record)
      idempotency.set(scopeKey(record), record)
    }
    return { answer, replayed: false }
  })
  return { replies, changes: { journal, ...changed(journal, set), idempotency: [...idempotency.values()] } }
}

/** The rows that a journal changed, each once, as they are at the end. */
const changed = (journal: ReadonlyArray<JournalEntry>, set: WorkingSet): Pick<Changes, "events" | "registrations"> => {
  const events = new Map<EventId, { created: boolean; details: boolean }>()
  const registrations = new Map<RegistrationId, { created: boolean }>()
  for (const { event, eventId } of journal) {
    let row = events.get(eventId)
    if (row === undefined) events.set(eventId, (row = { created: false, details: false }))
    if (event._tag === "EventCreated") row.created = true
    if (event._tag === "EventUpdated") row.details = true
    if ("registration" in event) {
      const created = event._tag === "AttendeeRegistered" || event._tag === "AttendeeWaitlisted"
      const { id } = event.registration
      if (created || !registrations.has(id)) registrations.set(id, { created })
    }
  }
  return {
    events: Array.from(events, ([id, row]) => ({ event: set.events.get(id)!, ...row })),
    registrations: Array.from(registrations, ([id, row]) => ({ registration: set.registrations.get(id)!, ...row }))
  }
}

/** Whether a batch leaves everything as it was, so that nothing needs to be written. */
export const isEmpty = (changes: Changes): boolean => changes.journal.length === 0 && changes.idempotency.length === 0
