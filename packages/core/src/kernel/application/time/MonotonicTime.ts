/**
 * Monotonic time, for durations, deadlines, leases and pauses: it neither jumps nor goes back when somebody sets the clock.
 *
 * Effect's `currentTimeMillis` and, in spite of its name, `currentTimeNanos` are wall time: for moments that are stored or
 * shown, and for nothing else. Monotonic time has an arbitrary origin, so it is good only for differences within a process, and
 * it may stand still while the machine sleeps: see `ClockWatch`.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Monotonic time in whole milliseconds. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

/**
 * A clock that returns monotonic time where the other one returns wall time, for parts that take durations from wall time, as effect's
 * circuit breakers do.
 */
export const steady = (clock: Clock.Clock): Clock.Clock => {
  const now = (): number => monotonicMillis(clock)
  return Object.assign(Object.create(clock) as Clock.Clock, {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now)
  })
}
