/**
 * The recorder of the audit trail: takes what staff were refused, which personal data they have read, and where their requests came from.
 *
 * Requests leave this with the recorder and go on. It is written in batches, once a second, and when the recorder ends. While the store is
 * away, the recorder keeps what it is left, up to `MAX_KEPT`; what comes on top is dropped, and the log and the audit trail tell how much
 * that was. A batch whose outcome is not known is written again, so its entries may be there twice.
 *
 * Decisions that are carried out are not noted here: each store writes their entries in the same transaction.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Semaphore from "effect/Semaphore"
import { monotonicMillis } from "../../../kernel/application/time/MonotonicTime.ts"
import * as StoreOutage from "../../../kernel/application/StoreOutage.ts"
import * as Sweeping from "../../../kernel/application/Sweeping.ts"
import { storable } from "../../../kernel/domain/Text.ts"
import type { About, AuditOutcome } from "../../domain/audit/AuditEntry.ts"
import { agreedOf, AuditStore, type Noted, type Origin } from "../../ports/AuditStore.ts"
import * as AuditSweep from "./AuditSweep.ts"
import { CurrentRequest, type Request } from "./CurrentRequest.ts"

/** The most entries, and the most origins, that wait to be written. */
export const MAX_KEPT = 10_000
/** The most entries, and the most origins, of a batch. */
const MAX_BATCH = 500
const FLUSH_MILLIS = 1_000
/** The most characters that are kept of a text that a client has chosen. */
const MAX_TEXT_LENGTH = 500

/** Counts the entries and origins that were dropped. */
export const dropped = Metric.counter("turnout_audit_dropped_total", {
  description: "Entries and origins of the audit trail that were dropped, since the store was away for too long",
  incremental: true
})

/** What a principal was refused, or has read. */
export interface ToNote extends About {
  readonly who: string
  readonly action: string
  readonly outcome: AuditOutcome
  readonly details?: Readonly<Record<string, unknown>>
}

export interface Trail {
  /** Notes an entry, and the origin of the request. */
  readonly note: (entry: ToNote) => Effect.Effect<void>
  /** Notes where the request of a principal came from. */
  readonly noteOrigin: (who: string) => Effect.Effect<void>
}

/** The trail of the request that is being worked on; without one, nothing is noted. The edge gives the recorder to a request. */
export const AuditTrail = Context.Reference<Trail>("@turnout/AuditTrail", {
  defaultValue: () => ({ note: () => Effect.void, noteOrigin: () => Effect.void })
})

/** The recorder of a process. */
export class AuditRecorder extends Context.Service<AuditRecorder, Trail>()("@turnout/AuditRecorder") {}

/** An entry, and the monotonic time at which it was noted. */
type Kept = Omit<Noted, "ageMillis"> & { readonly notedMillis: number }

const part = (text: string | null): string | null => (text === null ? null : storable(text, MAX_TEXT_LENGTH))

/** What waits to be written. */
class Waiting {
  readonly entries: Array<Kept> = []
  readonly origins = new Map<string, Origin>()
  dropped = 0

  addEntry(entry: Kept): void {
    if (this.entries.length >= MAX_KEPT) this.dropped += 1
    else this.entries.push(entry)
  }

  addOrigin(who: string, { address, credential, id, userAgent }: Request): void {
    if (id === null) return
    const key = JSON.stringify([id, who])
    const origin = {
      requestId: id,
      who,
      credential: part(credential),
      address: part(address),
      userAgent: part(userAgent)
    }
    const known = this.origins.get(key)
    if (known !== undefined) this.origins.set(key, { ...known, ...agreedOf(known, origin) })
    else if (this.origins.size >= MAX_KEPT) this.dropped += 1
    else this.origins.set(key, origin)
  }
}

/** The entry that tells that entries are missing. */
const tellDropped = (count: number): Noted => ({
  ageMillis: 0,
  who: "system",
  action: "audit.dropped",
  resource: null,
  organizationId: null,
  outcome: "done",
  requestId: null,
  credential: null,
  details: { entries: count }
})

const make = Effect.gen(function* () {
  const store = yield* AuditStore
  const clock = yield* Clock.Clock
  const waiting = new Waiting()
  const alone = yield* Semaphore.make(1)

  /** Writes one batch, and forgets it once it is written. Returns whether there is more. */
  const flushOne = Effect.gen(function* () {
    const entries = waiting.entries.slice(0, MAX_BATCH)
    const origins = [...waiting.origins].slice(0, MAX_BATCH)
    const lost = waiting.dropped
    if (entries.length === 0 && origins.length === 0 && lost === 0) return false
    const now = monotonicMillis(clock)
    const noted = entries.map(({ notedMillis, ...entry }): Noted => ({ ...entry, ageMillis: now - notedMillis }))
    yield* store.write(
      lost === 0 ? noted : [...noted, tellDropped(lost)],
      origins.map(([, origin]) => origin)
    )
    waiting.entries.splice(0, entries.length)
    // One that has changed meanwhile is written again.
    for (const [key, origin] of origins) if (waiting.origins.get(key) === origin) waiting.origins.delete(key)
    if (lost > 0) {
      waiting.dropped -= lost
      yield* Metric.update(dropped, lost)
      yield* Effect.logWarning(`${lost} entries of the audit trail were dropped, since the store was away for too long`)
    }
    return true
  })
  const flush = Effect.repeat(Effect.uninterruptible(flushOne), { while: (isMore) => isMore }).pipe(
    Effect.catch((error) => StoreOutage.log("the audit trail waits to be written", error)),
    alone.withPermits(1)
  )

  yield* Effect.addFinalizer(() => flush)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(FLUSH_MILLIS), flush)))
  yield* Effect.forkScoped(Sweeping.run(AuditSweep.make(store), Sweeping.DEFAULT_SWEEP_MILLIS))

  return AuditRecorder.of({
    note: ({ action, details = {}, organizationId = null, outcome, resource = null, who }) =>
      Effect.map(CurrentRequest, (request) => {
        const { credential, id: requestId } = request
        const notedMillis = monotonicMillis(clock)
        const about = { resource: part(resource), organizationId, requestId, credential: part(credential) }
        waiting.addEntry({ who, action, outcome, details, notedMillis, ...about })
        waiting.addOrigin(who, request)
      }),
    noteOrigin: (who) => Effect.map(CurrentRequest, (request) => waiting.addOrigin(who, request))
  })
})

/** The recorder, for as long as the layer is there. */
export const layer: Layer.Layer<AuditRecorder, never, AuditStore> = Layer.effect(AuditRecorder, make)
