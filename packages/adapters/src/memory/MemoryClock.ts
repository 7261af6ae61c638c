/**
 * The clocks of a store in memory: one for moments, which are shown, and one for leases and pauses, which must end in time even
 * if the wall clock is set.
 */
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Clocks {
  /** The present moment, by the wall clock. */
  readonly now: () => Date
  /** Milliseconds that neither jump nor go back. They equal wall time as long as nobody sets the clock. */
  readonly steady: () => number
  /** The moment at this steady time, by the wall clock as it is set now. */
  readonly toMoment: (steadyMillis: number) => Date
}

/** The difference between both clocks that is possible without anybody having set one. */
const TOLERANCE_MILLIS = 1_000

export const make = (clock: Clock.Clock): Clocks => {
  const start = clock.currentTimeMillisUnsafe() - monotonicMillis(clock)
  const steady = (): number => start + monotonicMillis(clock)
  return {
    now: () => new Date(clock.currentTimeMillisUnsafe()),
    steady,
    toMoment: (steadyMillis) => {
      const ahead = clock.currentTimeMillisUnsafe() - steady()
      return new Date(Math.abs(ahead) < TOLERANCE_MILLIS ? steadyMillis : steadyMillis + ahead)
    }
  }
}

/** The clocks that the parts of a store share. */
export class MemoryClock extends Context.Service<MemoryClock, Clocks>()("@turnout/MemoryClock") {}

export const layer: Layer.Layer<MemoryClock> = Layer.effect(MemoryClock, Effect.map(Clock.Clock, make))
