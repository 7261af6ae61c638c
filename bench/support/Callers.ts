/**
 * Callers who each wait for the answer before they ask again.
 */
import { percentile } from "./Contest.ts"

export interface Speed {
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly errors: number
}

/** Collects what took how long, between a warm-up and the end. */
export class Stopwatch {
  readonly #latencies: Array<number> = []
  readonly #from: number
  readonly until: number
  errors = 0

  constructor(warmUpSeconds: number, seconds: number) {
    this.#from = performance.now() + warmUpSeconds * 1_000
    this.until = this.#from + seconds * 1_000
  }

  get isOver(): boolean {
    return performance.now() >= this.until
  }

  /** Something that began then has just ended. */
  add(beganAt: number, count = 1): void {
    const now = performance.now()
    if (now < this.#from || now > this.until) return
    for (let index = 0; index < count; index++) this.#latencies.push(now - beganAt)
  }

  get speed(): Speed {
    const sorted = Float64Array.from(this.#latencies).toSorted()
    return {
      perSecond: (sorted.length / (this.until - this.#from)) * 1_000,
      p50Millis: percentile(sorted, 0.5),
      p99Millis: percentile(sorted, 0.99),
      errors: this.errors
    }
  }
}
