/**
 * Callers, each of which waits for its answer before it asks again.
 */
import * as Effect from "effect/Effect"
import { percentile } from "./Contest.ts"

export interface Speed {
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly errors: number
  /** CPU time of this process for each answer, in microseconds. */
  readonly cpuMicros: number
}

/** The least number of callers in a warm-up, which has the code compiled as in a server that has run for a while. */
const WARM_UP_CALLERS = 64

/** Collects latencies from now on, for a number of seconds, or until it is read. */
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

  /** Records that `count` answers have just arrived to calls that began at `beganAt`. */
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

/** Runs callers, each of which asks again and again for as long as the stopwatch runs. */
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

/** Warms up, runs `onWarm`, lets the callers ask, and gives the speed of their answers. */
export const measure = <E, R>(
  once: Effect.Effect<unknown, E, R>,
  { callers, seconds, warmUpSeconds }: Load,
  onWarm: Effect.Effect<void> = Effect.void
): Effect.Effect<Speed, never, R> =>
  ask(once, Math.max(callers, WARM_UP_CALLERS), warmUpSeconds).pipe(
    Effect.andThen(onWarm),
    Effect.andThen(ask(once, callers, seconds))
  )
