/**
 * A clock whose wall time can be set, as somebody sets the clock of a machine: monotonic time, and whatever sleeps, goes on as
 * if nothing had happened.
 */
import { Clock, Effect } from "effect"

export interface SettableClock {
  readonly clock: Clock.Clock
  /** Sets wall time so much forward, or back if it is below 0. */
  readonly set: (millis: number) => void
}

/** On top of the clock in the context, which may be that of a test. */
export const make: Effect.Effect<SettableClock> = Effect.map(Clock.Clock, (under) => {
  let ahead = 0
  const millis = () => under.currentTimeMillisUnsafe() + ahead
  const nanos = () => under.currentTimeNanosUnsafe() + BigInt(ahead) * 1_000_000n
  // Whatever else the clock underneath can do, such as being adjusted by a test, this one can do as well.
  const clock = Object.assign(Object.create(under) as Clock.Clock, {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos)
  })
  return { clock, set: (millis) => void (ahead += millis) }
})
