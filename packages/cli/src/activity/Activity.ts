/**
 * What a command that runs until it is stopped tells of its work: a line a minute, and one at its end.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { duration } from "../output/Words.ts"

/** How often the log tells what has been done. */
const INTERVAL_MILLIS = 60_000

/** What has been done, in words, and as the fields of a line of the log. */
export interface Told {
  readonly words: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Activity<State> {
  readonly read: Effect.Effect<State>
  /** What has been done between two states; in all of the time, `isTotal`. */
  readonly tell: (before: State, now: State, isTotal: boolean) => Told
}

const log = (when: string, { fields, words }: Told): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo(`${when}: ${words}`), fields)

/** Tells of the activity around some work, until it is stopped, and then of all of it. Work that fails to begin has done nothing. */
export const around = <A, E, R, State>(
  { read, tell }: Activity<State>,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const beganAt = yield* Clock.currentTimeMillis
    const first = yield* read
    let last = first
    const minutely = Effect.gen(function* () {
      const now = yield* read
      yield* log("in the last minute", tell(last, now, false))
      last = now
    })
    const inTotal = Effect.gen(function* () {
      const millis = (yield* Clock.currentTimeMillis) - beganAt
      yield* log(`stopped after ${duration(millis)}`, tell(first, yield* read, true))
    })
    const minutes = Effect.forever(Effect.andThen(Effect.sleep(INTERVAL_MILLIS), minutely))
    return yield* Effect.onInterrupt(Effect.raceFirst(work, minutes), () => inTotal)
  })
