/**
 * The store of events and registrations in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * Guarantees what every store guarantees, within one process: one `transact` runs at a time. Nothing survives the process.
 */
import { type Changes, isEmpty } from "@turnout/core/admission/domain/state/Changes"
import { promotionsDue } from "@turnout/core/admission/domain/model/Seats"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { type Footprint, withDuePromotions } from "@turnout/core/admission/domain/state/Footprint"
import { encodePayload, schemaVersionOf } from "@turnout/core/journal/domain/JournalEvent"
import { isActive } from "@turnout/core/admission/domain/model/Registration"
import { type Loaded, make as makeWorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore, MAX_PROMOTING_EVENTS } from "@turnout/core/admission/ports/AdmissionStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import * as MemoryLog from "../journal/MemoryLog.ts"
import * as MemoryReads from "./MemoryReads.ts"
import { initial, type MemoryState, take } from "./MemoryState.ts"
import { WaitingList } from "./WaitingList.ts"

const present = <A>(values: Iterable<A | undefined>): Array<A> => {
  const found: Array<A> = []
  for (const value of values) if (value !== undefined) found.push(value)
  return found
}

const load = (state: MemoryState, footprint: Footprint): Loaded => ({
  events: present(footprint.events.map((id) => state.events.get(id))),
  registrations: present([
    ...footprint.attendees.map(({ attendeeId, eventId }) => {
      const id = state.active.get(eventId)?.get(attendeeId)
      return id === undefined ? undefined : state.registrations.get(id)
    }),
    ...footprint.registrations.map(({ registrationId }) => state.registrations.get(registrationId))
  ]),
  waiting: footprint.waiting.flatMap(({ eventId, limit }) => take(state.waiting.get(eventId)?.after(0) ?? [], limit)),
  idempotency: present(footprint.idempotency.map(({ id }) => state.idempotency.get(id)))
})

const write = (state: MemoryState, changes: Changes, journal: ReadonlyArray<StoredJournalEntry>): void => {
  for (const { created, event } of changes.events) {
    state.events.set(event.id, event)
    if (created) {
      state.byEvent.set(event.id, new Map())
      state.waiting.set(event.id, new WaitingList())
      state.active.set(event.id, new Map())
      state.journal.set(event.id, [])
    }
  }
  for (const { registration } of changes.registrations) {
    const { eventId, id } = registration
    state.registrations.set(id, registration)
    state.byEvent.get(eventId)?.set(id, registration)
    if (registration.state === "waitlisted") state.waiting.get(eventId)?.add(registration)
    else state.waiting.get(eventId)?.delete(registration)
    const active = state.active.get(eventId)
    const attendeeId = registration.attendee.id
    if (isActive(registration)) active?.set(attendeeId, id)
    else if (active?.get(attendeeId) === id) active.delete(attendeeId)
  }
  for (const entry of journal) state.journal.get(entry.eventId)?.push(entry)
  for (const { record } of changes.idempotency) state.idempotency.set(record.scope.id, record)
}

const make = Effect.gen(function* () {
  const random = yield* SecureRandom.SecureRandom
  const state = initial()
  const log = yield* MemoryLog.Log
  // Between the decision and the write, the fiber may have to yield.
  const oneAtATime = Semaphore.makeUnsafe(1).withPermit

  const store = AdmissionStore.of({
    transact: (_, close) =>
      Effect.gen(function* () {
        const { decide, footprint } = close()
        const events = present(footprint.events.map((id) => state.events.get(id)))
        const batch = decide(makeWorkingSet(load(state, withDuePromotions(footprint, events))))
        if (isEmpty(batch.changes)) return batch.replies
        const journal: Array<StoredJournalEntry> = []
        for (const { event, eventId, metadata, occurredAt, version } of batch.changes.journal) {
          const id = yield* random.uuidV7()
          const payload = encodePayload(event)
          const stored = {
            type: event._tag,
            schemaVersion: schemaVersionOf(event._tag),
            payload,
            metadata,
            occurredAt
          }
          journal.push({ id, eventId, version, ...stored })
        }
        write(state, batch.changes, journal)
        log.append(journal)
        return batch.replies
      }).pipe(oneAtATime, Effect.uninterruptible),
    isInTransaction: Effect.succeed(false),
    eventsWithPromotionsDue: Effect.sync(() =>
      take(
        [...state.events.values()].filter((event) => promotionsDue(event) > 0).map(({ id }) => id),
        MAX_PROMOTING_EVENTS
      )
    ),
    ready: Effect.void
  })
  return Context.make(AdmissionStore, store).pipe(Context.add(AdmissionReads, MemoryReads.make(state)))
})

/** The store on a log, and its reads. */
export const layer: Layer.Layer<AdmissionStore | AdmissionReads, never, MemoryLog.Log | SecureRandom.SecureRandom> =
  Layer.effectContext(make)
