/**
 * The registration store in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * Guarantees what every store guarantees, within one process: one `transact` runs at a time. Nothing
 * survives the process. Everything is held in maps, so reads cost what the page costs; a list of all events, or of one
 * attendee's registrations, is sorted when asked for.
 */
import type { AttendeeId } from "@turnout/core/domain/Attendee"
import * as Batch from "@turnout/core/domain/Batch"
import { type Event, type EventId, promotionsDue } from "@turnout/core/domain/Event"
import type { IdempotencyRecord } from "@turnout/core/domain/Idempotency"
import { encodePayload, schemaVersionOf, type StoredJournalEntry } from "@turnout/core/domain/JournalEvent"
import { isActive, type Registration, type RegistrationId } from "@turnout/core/domain/Registration"
import { type Footprint, type Loaded, make as makeWorkingSet, withDuePromotions } from "@turnout/core/domain/WorkingSet"
import { MAX_PROMOTING_EVENTS, RegistrationStore } from "@turnout/core/ports/RegistrationStore"
import type { Outbox } from "@turnout/core/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import type { ProjectionStore } from "@turnout/core/ports/ProjectionStore"
import type { Replays } from "@turnout/core/ports/Replays"
import type { WebhookStore } from "@turnout/core/ports/WebhookStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import * as MemoryLog from "./MemoryLog.ts"
import * as MemoryOutbox from "./MemoryOutbox.ts"
import * as MemoryOutboxOperations from "./MemoryOutboxOperations.ts"
import * as MemoryProjections from "./MemoryProjections.ts"
import * as MemoryReplays from "./MemoryReplays.ts"
import * as MemorySinks from "./MemorySinks.ts"
import * as MemoryWebhooks from "./MemoryWebhooks.ts"
import { WaitingList } from "./WaitingList.ts"

interface State {
  readonly events: Map<EventId, Event>
  readonly registrations: Map<RegistrationId, Registration>
  /** The registrations of an event in the order of entry, which is the order of insertion. */
  readonly byEvent: Map<EventId, Map<RegistrationId, Registration>>
  /** Those of them that wait. */
  readonly waiting: Map<EventId, WaitingList>
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  readonly idempotency: Map<string, IdempotencyRecord>
  readonly journal: Map<EventId, Array<StoredJournalEntry>>
}

const initial = (): State => ({
  events: new Map(),
  registrations: new Map(),
  byEvent: new Map(),
  waiting: new Map(),
  active: new Map(),
  idempotency: new Map(),
  journal: new Map()
})

const present = <A>(values: Iterable<A | undefined>): Array<A> => {
  const found: Array<A> = []
  for (const value of values) if (value !== undefined) found.push(value)
  return found
}

const take = <A>(values: Iterable<A>, limit: number): Array<A> => {
  const taken: Array<A> = []
  for (const value of values) {
    if (taken.length === limit) break
    taken.push(value)
  }
  return taken
}

const load = (state: State, footprint: Footprint): Loaded => ({
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

const write = (state: State, changes: Batch.Changes, journal: ReadonlyArray<StoredJournalEntry>): void => {
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
  const compare = <A>(a: A, b: A): number => (a < b ? -1 : a > b ? 1 : 0)

  return RegistrationStore.of({
    transact: (_, close) =>
      Effect.gen(function* () {
        const { decide, footprint } = close()
        const events = present(footprint.events.map((id) => state.events.get(id)))
        const batch = decide(makeWorkingSet(load(state, withDuePromotions(footprint, events))))
        if (Batch.isEmpty(batch.changes)) return batch.replies
        const journal: Array<StoredJournalEntry> = []
        for (const { event, eventId, metadata, occurredAt, version } of batch.changes.journal) {
          const id = yield* random.uuidV7()
          const payload = encodePayload(event)
          const stored = { type: event._tag, schemaVersion: schemaVersionOf(event._tag), payload, metadata, occurredAt }
          journal.push({ id, eventId, version, ...stored })
        }
        write(state, batch.changes, journal)
        log.append(journal)
        return batch.replies
      }).pipe(oneAtATime, Effect.uninterruptible),
    isInTransaction: Effect.succeed(false),
    event: (id) => Effect.sync(() => state.events.get(id)),
    events: (filter, page) =>
      Effect.sync(() => {
        const { after } = page
        const matching = [...state.events.values()].filter(
          (event) =>
            (filter.status === null || event.status === filter.status) &&
            (filter.organizer === null || event.organizer === filter.organizer) &&
            (filter.from === null || event.startsAt >= filter.from) &&
            (filter.until === null || event.startsAt < filter.until) &&
            (after === null ||
              event.startsAt > after.startsAt ||
              (event.startsAt.getTime() === after.startsAt.getTime() && event.id > after.id))
        )
        const sorted = matching.toSorted(
          (a, b) => compare(a.startsAt.getTime(), b.startsAt.getTime()) || compare(a.id, b.id)
        )
        return sorted.slice(0, page.limit)
      }),
    registration: (eventId, id) => Effect.sync(() => state.byEvent.get(eventId)?.get(id)),
    registrations: (eventId, wanted, page) =>
      Effect.sync(() => {
        const all =
          wanted === "waitlisted"
            ? (state.waiting.get(eventId)?.after(page.after ?? 0) ?? [])
            : (state.byEvent.get(eventId)?.values() ?? [])
        const found: Array<Registration> = []
        for (const registration of all) {
          if (found.length === page.limit) break
          if (page.after !== null && registration.sequence <= page.after) continue
          if (wanted === null || registration.state === wanted) found.push(registration)
        }
        return found
      }),
    attendeeRegistrations: (attendeeId, page) =>
      Effect.sync(() =>
        [...state.registrations.values()]
          .filter(({ attendee, id }) => attendee.id === attendeeId && (page.after === null || id > page.after))
          .toSorted((a, b) => compare(a.id, b.id))
          .slice(0, page.limit)
      ),
    waitlist: (eventId, page) =>
      Effect.sync(() => {
        const waiting = state.waiting.get(eventId)
        if (waiting === undefined) return []
        const after = page.after ?? 0
        const before = waiting.countUpTo(after)
        return take(waiting.after(after), page.limit).map((registration, index) => ({
          position: before + index + 1,
          registration
        }))
      }),
    waitlistPlace: (eventId, id) =>
      Effect.sync(() => {
        const waiting = state.waiting.get(eventId)
        const registration = state.registrations.get(id)
        if (registration?.eventId !== eventId || registration.state !== "waitlisted") return undefined
        return { position: waiting!.countUpTo(registration.sequence), length: waiting!.length }
      }),
    journal: (eventId, page) =>
      Effect.sync(() => {
        const entries = state.journal.get(eventId) ?? []
        const start = page.after ?? 0
        return entries.slice(start, start + page.limit)
      }),
    eventsWithPromotionsDue: Effect.sync(() =>
      take(
        [...state.events.values()].filter((event) => promotionsDue(event) > 0).map(({ id }) => id),
        MAX_PROMOTING_EVENTS
      )
    ),
    ready: Effect.void
  })
})

/** Everything that is kept in memory. */
type Stores = RegistrationStore | Outbox | OutboxOperations | Replays | WebhookStore | ProjectionStore

/** As `layer`, with the chance of whoever provides it. */
export const layerWithoutRandom: Layer.Layer<Stores, never, SecureRandom.SecureRandom> = Layer.effect(
  RegistrationStore,
  make
).pipe(
  Layer.merge(MemoryOutbox.layer),
  Layer.merge(MemoryOutboxOperations.layer),
  Layer.merge(MemoryReplays.layer),
  Layer.merge(MemoryWebhooks.layer),
  Layer.merge(MemoryProjections.layer),
  Layer.provide([MemoryLog.layer, MemorySinks.layer])
)

/** A store, and the outbox of its journal; others for each build of the layer. */
export const layer: Layer.Layer<Stores> = Layer.provide(layerWithoutRandom, SecureRandom.layerWebCrypto)
