/**
 * Progress bars, on stderr: on a terminal only, and not with `--json`.
 */
import { SingleBar } from "cli-progress"
import { duration } from "./Words.ts"
import * as Streams from "./Streams.ts"

export interface Progress {
  readonly start: (total: number, done?: number) => void
  readonly update: (done: number) => void
  readonly stop: () => void
}

/**
 * The time that is left, in words. The bar gives a number once it can tell, and a text, such as "INF", until then. It measures
 * with the wall clock: after the clock was set back, the number is below 0 for a while.
 */
const timeLeft = (seconds: number | string): string =>
  typeof seconds === "number" && seconds >= 0 ? duration(seconds * 1_000) : "?"

/** `format` has `{bar}`, `{value}`, `{total}`, `{percentage}` and `{eta_formatted}`. */
export const make = ({ json }: { readonly json?: boolean }, format: string): Progress => {
  const options = { format, formatTime: timeLeft, clearOnComplete: true }
  const bar = Streams.isTerminal("stderr") && json !== true ? new SingleBar(options) : undefined
  return {
    start: (total, done = 0) => bar?.start(total, done),
    update: (done) => bar?.update(done),
    stop: () => bar?.stop()
  }
}
