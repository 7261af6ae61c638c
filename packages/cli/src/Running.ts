/**
 * Commands that run until a signal stops them.
 *
 * SIGINT, SIGTERM and the end of npm (see `Launcher`) interrupt the work, which gets `stopMillis` to give back its leases and connections,
 * and then the telemetry a moment to be sent (`Telemetry`). After that, or at a second signal, the process ends at once.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Launcher from "./Launcher.ts"
import * as Logs from "./output/Logs.ts"
import * as Output from "./output/Output.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"

const EXIT = { SIGINT: 130, SIGTERM: 143 } as const
/** The exit code if the work did not end in the time that it had. */
const UNFINISHED = 1

let isLeft = false
/** Whether the process ends soon after its command, whatever is still open: after a signal, and if the command says so. */
export const leavesTheRest = (): boolean => isLeft

/** Lets the process end soon after its command, whatever is still open. */
export const leaveTheRest = (): void => void (isLeft = true)

type Signal = keyof typeof EXIT

/** Calls `stop` for each request to stop, the second of which ends the process at once. Returns how to take no more of them. */
export type StopRequests = (stop: (signal: Signal) => void) => () => void

/** The requests of a process that nobody else looks after. */
export const bySignal: StopRequests = (stop) => {
  let isAsked = false
  const ask = (signal: Signal) => {
    isAsked = true
    stop(signal)
  }
  process.on("SIGINT", ask).on("SIGTERM", ask)
  const stopLooking = Launcher.whenGone(() => {
    if (!isAsked) ask("SIGTERM")
  })
  return () => {
    process.off("SIGINT", ask).off("SIGTERM", ask)
    stopLooking()
  }
}

/**
 * Runs the work until it ends, fails or is stopped. Rejects with the error of the work, also if the work fails while a signal
 * stops it.
 */
export const untilStopped = async <E>(
  format: Output.Format,
  work: Effect.Effect<unknown, E>,
  stopMillis: number,
  stopRequests: StopRequests = bySignal
): Promise<boolean> => {
  const fiber = Logs.runFork(format, Telemetry.around(work))
  const patienceMillis = stopMillis + Telemetry.stopMillis()
  let isStopping = false
  let patience: NodeJS.Timeout | undefined
  const stop = (signal: Signal) => {
    if (isStopping) process.exit(EXIT[signal])
    isStopping = true
    leaveTheRest()
    fiber.interruptUnsafe()
    patience = setTimeout(() => {
      Output.notice(`stopped with work unfinished after ${patienceMillis} ms`)
      process.exit(UNFINISHED)
    }, patienceMillis)
  }
  const stopListening = stopRequests(stop)
  const exit = await Logs.runPromise(format, Fiber.await(fiber))
  stopListening()
  clearTimeout(patience)
  // An interruption is what the signal has asked for, and nothing else is.
  const isStopped = isStopping && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
  if (!isStopped) await Logs.runPromise(format, exit)
  return true
}
