/**
 * Watches the wall clock for jumps, by comparing it with monotonic time, and tells of them.
 *
 * A jump is a change of a second or more between two looks; what a time service corrects little by little is none. Each
 * watch gives the jumps since its own last look. The log has one line for a jump, however many watches of a process see it,
 * and at most one line a minute, which is then about all jumps since the last one.
 *
 * A machine that slept looks like a clock that was set forward, since monotonic time may stand still meanwhile.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "./MonotonicTime.ts"

/** The least that counts as a jump. */
const JUMP_MILLIS = 1_000
/** The least between two lines. */
const QUIET_MILLIS = 60_000

export interface ClockWatch {
  /** By how many milliseconds the wall clock has jumped since the last look: above 0 if forward, 0 if it has not. */
  readonly look: Effect.Effect<number>
}

/** What is known of a clock, and was told about it. */
interface Known {
  /** By how much wall time was ahead of monotonic time when anybody looked last. */
  aheadMillis: number
  /** Jumps that no line is about: how many, and by how much in all. */
  untold: number
  untoldMillis: number
  /** By monotonic time. */
  quietUntil: number
}

/** By the clock, of which a process has one. */
const clocks = new WeakMap<Clock.Clock, Known>()

const aheadMillis = (clock: Clock.Clock): number => clock.currentTimeMillisUnsafe() - monotonicMillis(clock)

const isJump = (millis: number): boolean => Math.abs(millis) >= JUMP_MILLIS

const describe = ({ untold, untoldMillis }: Known): string => {
  const seconds = (Math.abs(untoldMillis) / 1_000).toFixed(1)
  const times = untold === 1 ? "" : `${untold} times, in all `
  return (
    `the wall clock was set ${times}${untoldMillis < 0 ? "back" : "forward"} by ${seconds} seconds: ` +
    "times that are stored and shown follow it; leases, pauses and time-outs do not"
  )
}

export const make = (clock: Clock.Clock): ClockWatch => {
  let last = aheadMillis(clock)
  const known = clocks.get(clock) ?? { aheadMillis: last, untold: 0, untoldMillis: 0, quietUntil: -Infinity }
  clocks.set(clock, known)

  /** Tells of what no other watch of this process has told. */
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
