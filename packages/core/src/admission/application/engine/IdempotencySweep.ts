/**
 * Deleting idempotency records that have expired.
 *
 * A record that has expired answers no request, and its key is decided anew. It is kept for a margin beyond that: a decision goes
 * by a time from shortly before, and finds the records that were valid at that time, even if it takes long.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Sweeping from "../../../kernel/application/Sweeping.ts"
import { AdmissionStore } from "../../ports/AdmissionStore.ts"

export interface SweepOptions {
  /** The longest pause between two sweeps for expired idempotency records, from a second to a day. Default: a minute. */
  readonly sweepMillis?: number
}

/** The shortest margin: longer than the time of a decision is from the store's clock. */
const SHORTEST_MARGIN_MILLIS = 60_000

/** The longest `commandTimeoutMillis` that is allowed: an hour. */
export const LONGEST_COMMAND_TIMEOUT_MILLIS = 60 * 60 * 1_000

/** For how long expired records are kept, if commands wait for at most `commandTimeoutMillis`. */
export const marginMillis = (commandTimeoutMillis: number): number =>
  Math.max(SHORTEST_MARGIN_MILLIS, 2 * commandTimeoutMillis)

/** Counts the records that this process has deleted. */
export const deleted = Metric.counter("turnout_idempotency_swept_total", {
  description: "Expired idempotency records that were deleted",
  incremental: true
})

/** The sweep of a store whose commands wait for at most `commandTimeoutMillis`. */
export const make = (store: AdmissionStore["Service"], commandTimeoutMillis: number): Sweeping.Sweep => ({
  what: "expired idempotency records",
  step: store.forgetExpired(marginMillis(commandTimeoutMillis)),
  deleted
})

/**
 * Sweeps for as long as the layer is there: for processes that take no commands. They do not know for how long the commands of
 * others may wait, so they keep expired records for the longest margin, two hours.
 */
export const layer = ({ sweepMillis = Sweeping.DEFAULT_SWEEP_MILLIS }: SweepOptions = {}): Layer.Layer<
  never,
  never,
  AdmissionStore
> =>
  Layer.effectDiscard(
    AdmissionStore.use((store) =>
      Effect.forkScoped(Sweeping.run(make(store, LONGEST_COMMAND_TIMEOUT_MILLIS), sweepMillis))
    )
  )
