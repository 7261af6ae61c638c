/**
 * Progress bars, on stderr: on a terminal only, and not with `--json`.
 */
import { SingleBar } from "cli-progress"

export interface Progress {
  readonly start: (total: number, done?: number) => void
  readonly update: (done: number) => void
  readonly stop: () => void
}

/** `format` has `{bar}`, `{value}`, `{total}`, `{percentage}` and `{eta_formatted}`. */
export const make = ({ json }: { readonly json?: boolean }, format: string): Progress => {
  const bar = process.stderr.isTTY && json !== true ? new SingleBar({ format, clearOnComplete: true }) : undefined
  return {
    start: (total, done = 0) => bar?.start(total, done),
    update: (done) => bar?.update(done),
    stop: () => bar?.stop()
  }
}
