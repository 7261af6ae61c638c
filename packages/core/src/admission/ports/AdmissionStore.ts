/**
 * The store of events and registrations, for writing: one consistency boundary, one commit. Reading is another port,
 * `AdmissionReads`.
 *
 * `transact` is the only way to change anything, apart from deleting what has expired. It
 * 1. locks the events, in id order, until the transaction ends;
 * 2. closes the batch, and loads its footprint, and the rows that `withDueSteps` adds to it, as they are once the
 *    locks are held;
 * 3. lets the pure decision make its changes, at the present moment by the store's clock;
 * 4. writes state, counters, journal and idempotency records, all or nothing.
 * It succeeds only after the commit. It is not interrupted: a caller who goes away leaves a transaction that ends by
 * itself, bounded by the time-outs of the store. The decision may be run more than once, on different working sets; only
 * the run whose changes were committed is answered.
 *
 * A store may use another order if commits and answers are the same. For example, it may decide on a guess of what it would
 * load, and commit that only if the guess was right (see `Guess` in the domain).
 *
 * The store's clock decides. A process decides by what it knows of it, and a store writes nothing that was decided more than
 * `MOST_OFF_MILLIS` before or after the moment at which it is written: it has the batch decided again.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Batch, Reply } from "../domain/Batch.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { Footprint } from "../domain/state/Footprint.ts"
import type { WorkingSet } from "../domain/state/WorkingSet.ts"
import type { StoreClock } from "../../kernel/ports/StoreClock.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Swept } from "../../kernel/ports/Swept.ts"

/** A batch that takes no more requests: the rows that it needs, and how it is decided. */
export interface ClosedBatch {
  readonly footprint: Footprint
  /** Decides it on these rows, at this time, which is by the store's clock. */
  readonly decide: (set: WorkingSet, now: Date) => Batch
}

/** By how many milliseconds the time of a decision may differ from the store's clock when the decision is written. */
export const MOST_OFF_MILLIS = 1_000

/** The most events with due steps that are returned at once. */
export const MAX_EVENTS_WITH_STEPS = 100

export class AdmissionStore extends Context.Service<
  AdmissionStore,
  {
    /**
     * Carries out a batch about these events, which are given once each and in ascending order. `close` is called at most once,
     * at the latest when the locks are held: requests that arrive while other transactions hold them can join the batch.
     */
    readonly transact: (
      events: ReadonlyArray<EventId>,
      close: () => ClosedBatch
    ) => Effect.Effect<ReadonlyArray<Reply>, StoreError>
    /** The clock that decides, as this process knows it. */
    readonly clock: StoreClock
    /** Whether the caller has a transaction open that `transact` would become part of. */
    readonly isInTransaction: Effect.Effect<boolean>
    /**
     * Returns up to `MAX_EVENTS_WITH_STEPS` events that have a step to make (see `isStepDue` of `Steps`), in any order.
     */
    readonly eventsWithStepsDue: Effect.Effect<ReadonlyArray<EventId>, StoreError>
    /**
     * A step of the sweep that deletes idempotency records which expired at least `marginMillis` ago, by the store's clock. It
     * leaves out records that a transaction is writing.
     */
    readonly forgetExpired: (marginMillis: number) => Effect.Effect<Swept, StoreError>
    /** Succeeds if the store can be reached, is migrated, and takes writes. */
    readonly ready: Effect.Effect<void, StoreError>
  }
>()("@turnout/AdmissionStore") {}
