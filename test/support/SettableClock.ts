/**
 * A clock whose wall time can be set like that of a machine. Monotonic time and sleeping fibers are not affected.
 */
import { Clock, Effect } from "effect"

export interface SettableClock {
  readonly clock: Clock.Clock
  /** Sets wall time forward by this number of milliseconds, or back if the number is below 0. */
  readonly set: (millis: number) => void
}

/** Makes a clock on top of the one in the context, which may be a `TestClock`. */
export const make: Effect.Effect<SettableClock> = Effect.map(Clock.Clock, (under) => {
  let ahead = 0
  const millis = () => under.currentTimeMillisUnsafe() + ahead
  const nanos = () => under.currentTimeNanosUnsafe() + BigInt(ahead) * 1_000_000n
  // The new clock inherits the other functions of the clock underneath, such as those that adjust a `TestClock`.
  const clock = Object.assign(Object.create(under) as Clock.Clock, {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos)
  })
  return { clock, set: (millis) => void (ahead += millis) }
})
