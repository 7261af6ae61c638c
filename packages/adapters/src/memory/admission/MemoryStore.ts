/**
 * The store of events and registrations in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * Guarantees what every store guarantees, within one process: one `transact` runs at a time. Nothing survives the process.
 */
import { isEmpty } from "@turnout/core/admission/domain/state/Changes"
import { isStepDue } from "@turnout/core/admission/domain/model/Steps"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { withDueSteps } from "@turnout/core/admission/domain/state/Footprint"
import { encodePayload, schemaVersionOf } from "@turnout/core/journal/domain/JournalEvent"
import { make as makeWorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { AdmissionStore, MAX_EVENTS_WITH_STEPS } from "@turnout/core/admission/ports/AdmissionStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import * as MemoryAttendeeLinks from "../access/MemoryAttendeeLinks.ts"
import * as MemoryOrganizations from "../access/MemoryOrganizations.ts"
import * as MapSweep from "../MapSweep.ts"
import * as MemoryClock from "../MemoryClock.ts"
import * as MemoryLog from "../journal/MemoryLog.ts"
import { initial, load, reads, write } from "./MemoryState.ts"

const make = Effect.gen(function* () {
  const random = yield* SecureRandom.SecureRandom
  const state = initial(yield* MemoryOrganizations.Known, yield* MemoryAttendeeLinks.Links)
  const log = yield* MemoryLog.Log
  const sweep = MapSweep.make(state.idempotency)
  const { now } = yield* MemoryClock.MemoryClock
  // Between the decision and the write, the fiber may have to yield.
  const oneAtATime = Semaphore.makeUnsafe(1).withPermit

  const store = AdmissionStore.of({
    transact: (_, close) =>
      Effect.gen(function* () {
        const { decide, footprint } = close()
        const events = footprint.events.flatMap((id) => state.events.get(id) ?? [])
        const batch = decide(makeWorkingSet(load(state, withDueSteps(footprint, events))), now())
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
    // The store is a part of the process, and so is its clock.
    clock: { now, aheadMillis: () => 0 },
    isInTransaction: Effect.succeed(false),
    eventsWithStepsDue: Effect.sync(() =>
      [...state.events.values()]
        .filter((event) => isStepDue(event, now()))
        .slice(0, MAX_EVENTS_WITH_STEPS)
        .map(({ id }) => id)
    ),
    // A transaction that is about to renew a record does not miss it, so it need not be over.
    forgetExpired: (marginMillis) =>
      Effect.suspend(() => {
        const until = now().getTime() - marginMillis
        return Effect.succeed(sweep(({ expiresAt }) => expiresAt.getTime() <= until))
      }),
    ready: Effect.void
  })
  return Context.make(AdmissionStore, store).pipe(Context.add(AdmissionReads, reads(state)))
})

/** The store on a log, a clock, the organizations that are known and the links that there are, and its reads. */
export const layer: Layer.Layer<
  AdmissionStore | AdmissionReads,
  never,
  | MemoryLog.Log
  | MemoryClock.MemoryClock
  | MemoryOrganizations.Known
  | MemoryAttendeeLinks.Links
  | SecureRandom.SecureRandom
> = Layer.effectContext(make)
