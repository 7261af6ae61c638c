/**
 * Commands that run until a signal stops them.
 *
 * SIGINT and SIGTERM interrupt the work, which gets `stopMillis` to give back its leases and connections. After that, or at a
 * second signal, the process ends at once.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type * as Output from "./output/Output.ts"

const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

/** Runs the work until it ends, fails or is stopped. Its logs go to stderr, one a line, with `--json` as a JSON document. */
export const untilStopped = async <E>(
  { json }: Output.Format,
  work: Effect.Effect<unknown, E>,
  stopMillis: number
): Promise<boolean> => {
  const logging = Logger.layer([Logger.withConsoleError(json ? Logger.formatJson : Logger.formatLogFmt)])
  const fiber = Effect.runFork(Effect.provide(work, logging))
  let isStopping = false
  let patience: NodeJS.Timeout | undefined
  const stop = (signal: keyof typeof EXIT) => {
    if (isStopping) process.exit(EXIT[signal])
    isStopping = true
    fiber.interruptUnsafe()
    patience = setTimeout(() => {
      process.stderr.write(`stopped with work unfinished after ${stopMillis} ms\n`)
      process.exit(0)
    }, stopMillis)
  }
  process.on("SIGINT", stop).on("SIGTERM", stop)
  const exit = await Effect.runPromise(Fiber.await(fiber))
  process.off("SIGINT", stop).off("SIGTERM", stop)
  clearTimeout(patience)
  if (!isStopping) await Effect.runPromise(exit)
  return true
}
