/**
 * The store of events and registrations: one consistency boundary, one commit.
 *
 * `transact` is the only way to change anything. It
 * 1. locks the events, in id order, until the transaction ends;
 * 2. closes the batch, and loads its footprint, and the waiters that `withDuePromotions` adds to it, as they are once the
 *    locks are held;
 * 3. lets the pure decision make its changes;
 * 4. writes state, counters, journal and idempotency records, all or nothing.
 * It succeeds only after the commit. It is not interrupted: a caller who goes away leaves a transaction that ends by
 * itself, bounded by the time-outs of the store. The decision may be run more than once, on different working sets; only
 * the run whose changes were committed is answered.
 *
 * A store may do it in another order, as long as nobody can tell by what is committed and answered: decide on a guess of
 * what it would load, say, and commit that only if the guess was right (see `Guess` in the domain).
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AttendeeId } from "../domain/Attendee.ts"
import type { Batch, Reply } from "../domain/Batch.ts"
import type { Event, EventId, EventStatus } from "../domain/Event.ts"
import type { StoredJournalEntry } from "../domain/JournalEvent.ts"
import type { Registration, RegistrationId, RegistrationState } from "../domain/Registration.ts"
import type { Footprint, WorkingSet } from "../domain/WorkingSet.ts"
import type { StoreError } from "./StoreError.ts"

/** A part of a list in its order: what comes after the key `after`, at most `limit` items. */
export interface PageRequest<Key> {
  readonly limit: number
  readonly after: Key | null
}

/** Which events to list; `null` does not restrict. `from` and `until` bound `startsAt`: from ≤ startsAt < until. */
export interface EventFilter {
  readonly status: EventStatus | null
  readonly organizer: string | null
  readonly from: Date | null
  readonly until: Date | null
}

/** Place of an event in the list of events, which is in the order of (startsAt, id). */
export interface EventKey {
  readonly startsAt: Date
  readonly id: EventId
}

export interface WaitlistEntry {
  /** 1 is next. */
  readonly position: number
  readonly registration: Registration
}

export interface WaitlistPlace {
  /** 1 is next. */
  readonly position: number
  readonly length: number
}

/** A batch to which nothing is added any more: what it needs, and how it is decided. */
export interface ClosedBatch {
  readonly footprint: Footprint
  readonly decide: (set: WorkingSet) => Batch
}

/** How many events with due promotions are given at once. */
export const MAX_PROMOTING_EVENTS = 100

export class RegistrationStore extends Context.Service<
  RegistrationStore,
  {
    /**
     * Carries out a batch that is about these events, given once each and in ascending order. `close` is called at most
     * once, at the latest when the locks are held: what is asked for while others hold them can go along.
     */
    readonly transact: (
      events: ReadonlyArray<EventId>,
      close: () => ClosedBatch
    ) => Effect.Effect<ReadonlyArray<Reply>, StoreError>
    /** Whether the caller has a transaction open that `transact` would become a part of. */
    readonly isInTransaction: Effect.Effect<boolean>

    readonly event: (id: EventId) => Effect.Effect<Event | undefined, StoreError>
    readonly events: (
      filter: EventFilter,
      page: PageRequest<EventKey>
    ) => Effect.Effect<ReadonlyArray<Event>, StoreError>
    readonly registration: (eventId: EventId, id: RegistrationId) => Effect.Effect<Registration | undefined, StoreError>
    /** Registrations of an event in the order of `sequence`, which is also the key. */
    readonly registrations: (
      eventId: EventId,
      state: RegistrationState | null,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
    /** Registrations of an attendee in the order of their ids, so oldest first. */
    readonly attendeeRegistrations: (
      attendeeId: AttendeeId,
      page: PageRequest<RegistrationId>
    ) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
    /** Who waits, in order, with their places; the key is the `sequence`. */
    readonly waitlist: (
      eventId: EventId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<WaitlistEntry>, StoreError>
    /** The place of a waiter now; `undefined` if the registration does not wait. */
    readonly waitlistPlace: (
      eventId: EventId,
      id: RegistrationId
    ) => Effect.Effect<WaitlistPlace | undefined, StoreError>
    /** The journal of an event in order; the key is the version. */
    readonly journal: (
      eventId: EventId,
      page: PageRequest<number>
    ) => Effect.Effect<ReadonlyArray<StoredJournalEntry>, StoreError>
    /** Some of the events of which promotions are due (see `Event.promotionsDue`), at most `MAX_PROMOTING_EVENTS`, in any
     * order. */
    readonly eventsWithPromotionsDue: Effect.Effect<ReadonlyArray<EventId>, StoreError>
    /** Succeeds if the store can be reached and is migrated. */
    readonly ready: Effect.Effect<void, StoreError>
  }
>()("@turnout/core/ports/RegistrationStore") {}
