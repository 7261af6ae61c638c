/**
 * Tells by how much the clock of this process differs from that of its store: in a gauge, and in the log if it is a second or more.
 * Decisions go by the store's clock and are right all the same; times that the process shows by itself, such as those in its log,
 * are not.
 *
 * The log has a line when the difference begins, one when it has become another by a second or more, at most once a minute, and
 * one when it is over.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout_store_clock_offset_seconds` | gauge | time by which the store's clock is ahead; below 0 if it is behind |
 */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { StoreClock } from "../../ports/StoreClock.ts"
import { monotonicMillis } from "./MonotonicTime.ts"
import * as Seconds from "./Seconds.ts"

/** The smallest difference that is logged, and the smallest change of one. */
const LOGGED_MILLIS = 1_000
/** The difference below which it is over. */
const OVER_MILLIS = 500
/** The shortest time between two lines about differences. */
const QUIET_MILLIS = 60_000

export const offset = Metric.gauge("turnout_store_clock_offset_seconds", {
  description: "Time by which the store's clock is ahead of that of the process"
})

export interface ClockOffset {
  /** Looks at both clocks, and tells what there is to tell. */
  readonly look: Effect.Effect<void>
}

const describe = (aheadMillis: number): string => {
  const seconds = (Math.abs(aheadMillis) / 1_000).toFixed(1)
  return (
    `the clock of this process is ${seconds} seconds ${aheadMillis > 0 ? "behind" : "ahead of"} that of the store: ` +
    "decisions go by the store's; set the clocks of both machines by a time service"
  )
}

/** Tells the difference to the metric registry of this context, and to the log. */
export const make = (store: StoreClock, clock: Clock.Clock, context: Context.Context<never>): ClockOffset => {
  /** The difference that was logged last, as long as there is one. */
  let logged: number | undefined
  let quietUntil = -Infinity

  return {
    look: Effect.suspend(() => {
      const ahead = store.aheadMillis()
      if (ahead === undefined) return Effect.void
      offset.updateUnsafe(Seconds.ofMillis(ahead), context)
      if (logged !== undefined && Math.abs(ahead) < OVER_MILLIS) {
        logged = undefined
        return Effect.logWarning("the clock of this process agrees with that of the store again")
      }
      const isOther = Math.abs(ahead - (logged ?? 0)) >= LOGGED_MILLIS && Math.abs(ahead) >= LOGGED_MILLIS
      const now = monotonicMillis(clock)
      if (!isOther || now < quietUntil) return Effect.void
      logged = ahead
      quietUntil = now + QUIET_MILLIS
      return Effect.logWarning(describe(ahead))
    })
  }
}
