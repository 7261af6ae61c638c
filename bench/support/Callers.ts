/**
 * Callers who each wait for the answer before they ask again.
 */
import * as Effect from "effect/Effect"
import { percentile } from "./Contest.ts"

export interface Speed {
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly errors: number
  /** Microseconds that this process computed for each. */
  readonly cpuMicros: number
}

/** So many warm up, however few are measured: code that a server has run for a while is compiled. */
const WARM_UP_CALLERS = 64

/** Collects what took how long, from now on, for so many seconds, or until it is read. */
export class Stopwatch {
  readonly #latencies: Array<number> = []
  readonly #from = performance.now()
  readonly #until: number
  readonly #cpu = process.cpuUsage()
  errors = 0

  constructor(seconds = Infinity) {
    this.#until = this.#from + seconds * 1_000
  }

  get isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** Something that began then has just ended. */
  add(beganAt: number, count = 1): void {
    const now = performance.now()
    if (now > this.#until) return
    for (let index = 0; index < count; index++) this.#latencies.push(now - beganAt)
  }

  get speed(): Speed {
    const { system, user } = process.cpuUsage(this.#cpu)
    const sorted = Float64Array.from(this.#latencies).toSorted()
    return {
      perSecond: (sorted.length / (Math.min(this.#until, performance.now()) - this.#from)) * 1_000,
      p50Millis: percentile(sorted, 0.5),
      p99Millis: percentile(sorted, 0.99),
      errors: this.errors,
      cpuMicros: (user + system) / sorted.length
    }
  }
}

/** Callers who ask one after the other, each for as long as the stopwatch runs. */
const ask = <E, R>(once: Effect.Effect<unknown, E, R>, callers: number, seconds: number) =>
  Effect.gen(function* () {
    const watch = new Stopwatch(seconds)
    const caller = Effect.gen(function* () {
      while (!watch.isOver) {
        const beganAt = performance.now()
        const exit = yield* Effect.exit(once)
        if (exit._tag === "Failure") watch.errors += 1
        else watch.add(beganAt)
      }
    })
    yield* Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
    return watch.speed
  })

export interface Load {
  readonly callers: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** Warms up, lets the callers ask, and tells how fast they were answered; `onWarm` is run in between. */
export const measure = <E, R>(
  once: Effect.Effect<unknown, E, R>,
  { callers, seconds, warmUpSeconds }: Load,
  onWarm: Effect.Effect<void> = Effect.void
): Effect.Effect<Speed, never, R> =>
  ask(once, Math.max(callers, WARM_UP_CALLERS), warmUpSeconds).pipe(
    Effect.andThen(onWarm),
    Effect.andThen(ask(once, callers, seconds))
  )
