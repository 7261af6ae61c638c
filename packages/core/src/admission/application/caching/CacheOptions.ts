/**
 * The kinds of what is read from caches, and how old each may be.
 *
 * A change is told to all caches before it is answered, so these ages are for what was never told: a process that died between its commit
 * and its telling, and answered nobody.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Coherence } from "../../../caching/application/Coherence.ts"
import type { AdmissionReads } from "../../ports/AdmissionReads.ts"
import type { AdmissionStore } from "../../ports/AdmissionStore.ts"

/** The longest that something is kept, in milliseconds. What is 0 is not kept at all. */
export interface CacheAges {
  /** An event. */
  readonly event: number
  /** Which events are on a page of a list. */
  readonly list: number
  /** A page of the registrations of an attendee. */
  readonly attendee: number
  /** A place in line. */
  readonly place: number
  /** How many events, or registrations of an event. */
  readonly count: number
}

/** The ages of those who do not say otherwise: 5, 2, 10, 1 and 2 minutes. */
export const DEFAULT_AGES: CacheAges = {
  event: 5 * 60_000,
  list: 2 * 60_000,
  attendee: 10 * 60_000,
  place: 60_000,
  count: 2 * 60_000
}

/** The most values of a kind that a process keeps; of pages a tenth. */
export const DEFAULT_ENTRIES = 10_000

export interface CacheOptions {
  /** The ages that are others than the default. */
  readonly ages?: Partial<CacheAges>
  /** The most values of each kind in the memory of the process; of pages a tenth. Default 10,000. */
  readonly entries?: number
}

/** Puts caches before reads. A function, so that a program without caches is bundled without them. */
export type Caches = (
  reads: AdmissionReads["Service"],
  store: Pick<AdmissionStore["Service"], "isInTransaction">,
  coherence: Coherence
) => Effect.Effect<AdmissionReads["Service"], never, Scope.Scope>
