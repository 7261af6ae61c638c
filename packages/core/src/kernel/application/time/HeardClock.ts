/**
 * The clock of a store that tells its time with its answers.
 *
 * An answer with a time bounds the difference between the store's clock and the monotonic time of this process: the store looked
 * at its clock after it was asked, and before it was heard. Each answer narrows the bounds of those before. If it contradicts
 * them, a clock was set or the machine has slept, and only the latest answer counts. Between answers the process goes on by its
 * monotonic time, and the bounds widen by a thousandth of it, which is more than clocks differ by that nobody sets.
 */
import type * as Clock from "effect/Clock"
import type { StoreClock } from "../../ports/StoreClock.ts"
import { monotonicMillis } from "./MonotonicTime.ts"

/** By how much the bounds widen for each millisecond. */
const DRIFT = 0.001
/** Monotonic time is in whole milliseconds. */
const ROUNDING_MILLIS = 1
/** The largest error with which the time is certain enough to decide by. */
const CERTAIN_MILLIS = 250

export interface HeardClock extends StoreClock {
  /** Monotonic time in milliseconds: what `askedAt` is by. */
  readonly steady: () => number
  /** Notes that a store that was asked at this moment has looked at its clock since, and has answered with this time. */
  readonly hear: (askedAt: number, storeMillis: number) => void
  /** Forgets what was heard: it has turned out to be wrong. */
  readonly forget: () => void
  /** Whether the time is known well enough to decide by. If not, the store has to be asked. */
  readonly isCertain: () => boolean
}

/** The bounds of the store's time less monotonic time, as they were at a moment. */
interface Bounds {
  readonly lowest: number
  readonly highest: number
  readonly at: number
}

const widened = ({ at, highest, lowest }: Bounds, now: number): Bounds => {
  const millis = Math.max(0, now - at) * DRIFT
  return { lowest: lowest - millis, highest: highest + millis, at: now }
}

const middle = ({ highest, lowest }: Bounds): number => (lowest + highest) / 2

export const make = (clock: Clock.Clock): HeardClock => {
  const steady = (): number => monotonicMillis(clock)
  let known: Bounds | undefined

  const nowMillis = (): number =>
    known === undefined ? clock.currentTimeMillisUnsafe() : Math.round(steady() + middle(known))

  return {
    steady,
    now: () => new Date(nowMillis()),
    aheadMillis: () => (known === undefined ? undefined : nowMillis() - clock.currentTimeMillisUnsafe()),
    hear: (askedAt, storeMillis) => {
      const at = steady()
      const heard = { lowest: storeMillis - at - ROUNDING_MILLIS, highest: storeMillis - askedAt + ROUNDING_MILLIS, at }
      const before = known === undefined ? heard : widened(known, at)
      const lowest = Math.max(heard.lowest, before.lowest)
      const highest = Math.min(heard.highest, before.highest)
      known = lowest > highest ? heard : { lowest, highest, at }
    },
    forget: () => {
      known = undefined
    },
    isCertain: () => {
      if (known === undefined) return false
      const { highest, lowest } = widened(known, steady())
      return (highest - lowest) / 2 <= CERTAIN_MILLIS
    }
  }
}
