/**
 * Sweeping: a process deletes rows of its store that are of no use any more, in bounded steps.
 *
 * Every process that serves, relays or consumes sweeps for as long as it runs, and needs to know of no other: a step leaves out
 * the rows that another transaction holds. A sweep ends when it has looked at all rows, or when `EMPTY_STEPS` of its steps have
 * deleted nothing, and the next sweep goes on there. Between two steps, the process rests for longer than the step took, so
 * that sweeping takes at most a fifth of the time of one connection. A sweep that cannot reach its store is given up, and the
 * log says why; the next one tries again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import type { StoreError } from "../ports/StoreError.ts"
import type { Swept } from "../ports/Swept.ts"
import { monotonicMillis } from "./time/MonotonicTime.ts"
import * as Rest from "./time/Rest.ts"
import * as StoreOutage from "./StoreOutage.ts"

/** The longest pause between two sweeps, unless configured: a minute. */
export const DEFAULT_SWEEP_MILLIS = 60_000

/** The bounds of that pause: a second, and a day. */
export const MIN_SWEEP_MILLIS = 1_000
export const MAX_SWEEP_MILLIS = 24 * 60 * 60 * 1_000

/** The number of steps without a deletion after which a sweep ends. */
const EMPTY_STEPS = 64
/** By how much the rest after a step is longer than the step. */
const REST_FACTOR = 4

export interface Sweep {
  /** The rows that are deleted, in words for the log. */
  readonly what: string
  readonly step: Effect.Effect<Swept, StoreError>
  /** Counts the rows that were deleted. */
  readonly deleted: Metric.Counter<number>
}

const countedStep = ({ deleted, step }: Sweep): Effect.Effect<Swept, StoreError> =>
  Effect.tap(step, (swept) => (swept.deleted === 0 ? Effect.void : Metric.update(deleted, swept.deleted)))

/** Sweeps once, and returns the number of rows that were deleted. */
const once = Effect.fnUntraced(function* (sweep: Sweep): Effect.fn.Return<number, StoreError> {
  const clock = yield* Clock.Clock
  let total = 0
  for (let empty = 0; empty < EMPTY_STEPS;) {
    const begunAt = monotonicMillis(clock)
    const { deleted, isThrough } = yield* countedStep(sweep)
    total += deleted
    if (isThrough) break
    if (deleted === 0) empty += 1
    yield* Rest.millis(Math.ceil(REST_FACTOR * (monotonicMillis(clock) - begunAt)))
  }
  return total
})

/** Sweeps through all rows without a rest. Gives `deleted` the number of rows that each step has deleted. */
export const throughout = (sweep: Sweep, deleted: (rows: number) => void): Effect.Effect<unknown, StoreError> =>
  Effect.repeat(
    Effect.uninterruptible(Effect.tap(countedStep(sweep), (swept) => Effect.sync(() => deleted(swept.deleted)))),
    {
      until: ({ isThrough }) => isThrough
    }
  )

/**
 * Sweeps until it is interrupted, with pauses of up to `everyMillis`, the first of which comes before the first sweep: a
 * process that ends soon sweeps nothing.
 */
export const run = (sweep: Sweep, everyMillis: number): Effect.Effect<never> =>
  Random.nextBetween(everyMillis / 2, everyMillis).pipe(
    Effect.flatMap((millis) => Rest.millis(Math.ceil(millis))),
    Effect.andThen(once(sweep)),
    Effect.flatMap((total) =>
      total === 0 ? Effect.void : Effect.logDebug(`${total} ${sweep.what} were of no use any more, and are deleted`)
    ),
    Effect.catch((error) => StoreOutage.log(`${sweep.what} are left for the next sweep`, error)),
    Effect.forever
  )
