/**
 * Rests of work in the background. Nobody waits for such work, so the timer of a rest keeps no process alive: a program that has
 * done what it was for ends, also if it has closed nothing.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The clock that is there unless a host or a test gives another one, which has timers of its own. */
const own = Context.get(Context.empty(), Clock.Clock)

/** Rests for some milliseconds, of which a timer allows 24 days. */
export const millis = (duration: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    if (clock !== own) return clock.sleep(Duration.millis(duration))
    return Effect.callback<void>((resume) => {
      const timer = setTimeout(() => resume(Effect.void), duration)
      // Timers of browsers are numbers.
      if (typeof timer === "object") timer.unref()
      return Effect.sync(() => clearTimeout(timer))
    })
  })
