/**
 * A process that runs commands of `turnout` as it is told to, one after the other: starting a process for each would take
 * longer than all that they do.
 */
import { setTimeout as sleep } from "node:timers/promises"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { run } from "../../packages/cli/src/Program.ts"

export interface Ended {
  /** `null` if it did not end in time. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Those that run until they are stopped are, after a while, which the argument of the process says. */
const STOP_MILLIS = Number(process.argv[2] ?? 600)
const PATIENCE_MILLIS = 40_000

class Exit {
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
}

const printed = { stdout: "", stderr: "" }
for (const name of ["stdout", "stderr"] as const)
  process[name].write = (chunk: string | Uint8Array) => {
    printed[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()
    return true
  }
const log = (...parts: ReadonlyArray<unknown>) => void (printed.stderr += `${parts.join(" ")}\n`)
console.log = (...parts: ReadonlyArray<unknown>) => void (printed.stdout += `${parts.join(" ")}\n`)
console.error = log
console.warn = log

let exited: ((exit: Exit) => void) | undefined
process.exit = ((code = 0) => exited?.(new Exit(Number(code)))) as typeof process.exit

const runInTime = async (args: ReadonlyArray<string>): Promise<Ended> => {
  printed.stdout = printed.stderr = ""
  const stop = setTimeout(() => process.emit("SIGTERM", "SIGTERM"), STOP_MILLIS)
  const leaving = new Promise<Exit>((resolve) => (exited = resolve))
  const patience = new AbortController()
  try {
    const ended = await Promise.race([
      run(args).catch((error: unknown) => {
        log(error instanceof Error ? error.stack : String(error))
        return 1
      }),
      leaving,
      sleep(PATIENCE_MILLIS, null, { signal: patience.signal }).catch(() => null)
    ])
    return { code: ended instanceof Exit ? ended.code : ended, ...printed }
  } finally {
    clearTimeout(stop)
    patience.abort()
  }
}

// A signal that nobody waits for is none.
process.on("SIGTERM", () => {})
process.on("uncaughtException", (error) => log(error.stack))
process.on("unhandledRejection", (error) => log(error instanceof Error ? error.stack : String(error)))
process.on("message", (args: ReadonlyArray<string>) => {
  void runInTime(args).then((ended) => process.send!(ended))
})
process.send!("ready")
