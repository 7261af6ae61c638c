/**
 * Monotonic time, for durations, deadlines, leases and pauses: it neither jumps nor goes back when somebody sets the clock.
 *
 * Effect's `currentTimeMillis` and, in spite of its name, `currentTimeNanos` are wall time: for moments that are stored or
 * shown, and for nothing else. Monotonic time has an arbitrary origin, so it is good only for differences within a process, and
 * it may stand still while the machine sleeps: see `ClockWatch`.
 */
import type * as Clock from "effect/Clock"

/** Monotonic time in whole milliseconds. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
