/**
 * Callers who each wait for the answer before they ask again.
 */
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
export const WARM_UP_CALLERS = 64

/** Collects what took how long, from now on. */
export class Stopwatch {
  readonly #latencies: Array<number> = []
  readonly #from = performance.now()
  readonly #until: number
  readonly #cpu = process.cpuUsage()
  errors = 0

  constructor(seconds: number) {
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
      perSecond: (sorted.length / (this.#until - this.#from)) * 1_000,
      p50Millis: percentile(sorted, 0.5),
      p99Millis: percentile(sorted, 0.99),
      errors: this.errors,
      cpuMicros: (user + system) / sorted.length
    }
  }
}
