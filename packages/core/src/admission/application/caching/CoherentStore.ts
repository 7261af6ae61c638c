/**
 * The store that tells the caches of all processes what it has changed, before it answers (C2).
 *
 * A batch whose outcome is unknown is told as well: it may be committed. In a transaction of the host nothing is committed yet: there, the
 * transaction itself says in the database that no cache is to be believed, so all know it within a second after the host has committed.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Coherence } from "../../../caching/application/Coherence.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import type { Batch } from "../../domain/Batch.ts"
import type { AdmissionStore, ClosedBatch } from "../../ports/AdmissionStore.ts"
import * as Scopes from "./Scopes.ts"

const mayBeCommitted = (cause: Cause.Cause<StoreError>): boolean =>
  cause.reasons.some((reason) => !Cause.isFailReason(reason) || reason.error.reason._tag === "OutcomeUnknown")

/** The store, with its changes told. */
export const make = (store: AdmissionStore["Service"], coherence: Coherence): AdmissionStore["Service"] => ({
  ...store,
  transact: (events, close) =>
    Effect.gen(function* () {
      if (yield* store.isInTransaction) {
        const replies = yield* store.transact(events, close)
        yield* coherence.withdrawWithin
        return replies
      }
      // A batch may be decided more than once: what was decided last is committed.
      let last: Batch | undefined
      const closed = (): ClosedBatch => {
        const { decide, footprint } = close()
        return { footprint, decide: (set, now) => (last = decide(set, now)) }
      }
      const exit = yield* Effect.exit(store.transact(events, closed))
      if (last === undefined) return yield* exit
      const decided = last
      const tell = coherence.changed(() => Scopes.ofBatch(events, decided))
      if (Exit.isSuccess(exit)) yield* tell
      else if (mayBeCommitted(exit.cause)) yield* Effect.ignore(tell)
      return yield* exit
    }).pipe(Effect.uninterruptible)
})
