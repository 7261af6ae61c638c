/**
 * Watches the wall clock for jumps, by comparing it with monotonic time, and logs them.
 *
 * A jump is a change of a second or more between two looks; the small corrections of a time service are none. Each watch
 * returns the jumps since its own last look. The log has one line for a jump, even if several watches of the process see it,
 * and at most one line a minute, which then covers all jumps since the last line.
 *
 * A machine that slept looks like a clock that was set forward, since monotonic time may stand still during the sleep.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "./MonotonicTime.ts"

/** The smallest change that counts as a jump. */
const JUMP_MILLIS = 1_000
/** The shortest time between two lines in the log. */
const QUIET_MILLIS = 60_000

export interface ClockWatch {
  /** By how many milliseconds the wall clock has jumped since the last look: above 0 if forward, 0 if it has not. */
  readonly look: Effect.Effect<number>
}

/** What the watches of a clock share: what they have seen of it, and what they have logged. */
interface Known {
  /** By how much wall time was ahead of monotonic time at the last look of any watch. */
  aheadMillis: number
  /** The jumps that have not been logged: how many, and by how much in all. */
  untold: number
  untoldMillis: number
  /** The moment, by monotonic time, before which no line is logged. */
  quietUntil: number
}

/** By the clock; a process has one. */
const clocks = new WeakMap<Clock.Clock, Known>()

const aheadMillis = (clock: Clock.Clock): number => clock.currentTimeMillisUnsafe() - monotonicMillis(clock)

const isJump = (millis: number): boolean => Math.abs(millis) >= JUMP_MILLIS

const describe = ({ untold, untoldMillis }: Known): string => {
  const seconds = (Math.abs(untoldMillis) / 1_000).toFixed(1)
  const times = untold === 1 ? "" : `${untold} times, in all `
  return (
    `the wall clock was set ${times}${untoldMillis < 0 ? "back" : "forward"} by ${seconds} seconds: ` +
    "times that this process shows follow it; leases, pauses and time-outs do not, and decisions go by the clock of the store"
  )
}

export const make = (clock: Clock.Clock): ClockWatch => {
  let last = aheadMillis(clock)
  const known = clocks.get(clock) ?? { aheadMillis: last, untold: 0, untoldMillis: 0, quietUntil: -Infinity }
  clocks.set(clock, known)

  /** Logs the jumps that no watch of this process has logged yet, at most once a minute. */
  const tell = (ahead: number): Effect.Effect<void> => {
    const millis = ahead - known.aheadMillis
    known.aheadMillis = ahead
    if (isJump(millis)) {
      known.untold += 1
      known.untoldMillis += millis
    }
    const now = monotonicMillis(clock)
    if (known.untold === 0 || now < known.quietUntil) return Effect.void
    const message = describe(known)
    Object.assign(known, { untold: 0, untoldMillis: 0, quietUntil: now + QUIET_MILLIS })
    return Effect.logWarning(message)
  }

  return {
    look: Effect.suspend(() => {
      const ahead = aheadMillis(clock)
      const millis = ahead - last
      last = ahead
      return Effect.as(tell(ahead), isJump(millis) ? millis : 0)
    })
  }
}
