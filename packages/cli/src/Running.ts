/**
 * Commands that run until a signal stops them.
 *
 * SIGINT, SIGTERM and the end of npm (see `Launcher`) interrupt the work, which gets `stopMillis` to give back its leases and connections. After that, or at a
 * second signal, the process ends at once.
 */
import type * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Launcher from "./Launcher.ts"
import * as Logs from "./output/Logs.ts"
import * as Output from "./output/Output.ts"

const EXIT = { SIGINT: 130, SIGTERM: 143 } as const

let hasStopped = false
/** Whether a signal has stopped a command of this process. */
export const wasStopped = (): boolean => hasStopped

/** Runs the work until it ends, fails or is stopped. */
export const untilStopped = async <E>(
  format: Output.Format,
  work: Effect.Effect<unknown, E>,
  stopMillis: number
): Promise<boolean> => {
  const fiber = Logs.runFork(format, work)
  let isStopping = false
  let patience: NodeJS.Timeout | undefined
  const stop = (signal: keyof typeof EXIT) => {
    if (isStopping) process.exit(EXIT[signal])
    isStopping = true
    hasStopped = true
    fiber.interruptUnsafe()
    patience = setTimeout(() => {
      Output.notice(`stopped with work unfinished after ${stopMillis} ms`)
      process.exit(0)
    }, stopMillis)
  }
  process.on("SIGINT", stop).on("SIGTERM", stop)
  const stopLooking = Launcher.whenGone(() => {
    if (!isStopping) stop("SIGTERM")
  })
  const exit = await Logs.runPromise(format, Fiber.await(fiber))
  process.off("SIGINT", stop).off("SIGTERM", stop)
  stopLooking()
  clearTimeout(patience)
  if (!isStopping) await Logs.runPromise(format, exit)
  return true
}
