/**
 * One process of a server, as the primary has it: started by Node's `cluster`, which shares the port, with the arguments that the
 * primary was started with.
 */
import * as Effect from "effect/Effect"
import cluster from "node:cluster"
import type { ServeOptions } from "../ServeOptions.ts"
import * as Handover from "./Handover.ts"
import * as Report from "./Report.ts"

/** The end of a process. */
export interface Ended {
  /** `undefined` if the system refused to start a process. */
  readonly pid: number | undefined
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not begin to serve, as far as that is known. */
  readonly failure?: Error
}

interface Child {
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
}

export interface Listeners {
  /** Called when the process serves, with its address and that of its metrics. */
  readonly onServing: (pid: number, address: string, metrics: string | null) => void
  /** Called with the end of a process that was stopped. */
  readonly onStopped: (ended: Ended) => void
}

/** Says how children are started from now on: as this process was, from the sources or from what was built of them. */
export const prepare = (): void => {
  // Node's other policy lets each process accept by itself, and gives a few of them most connections. A proxy keeps its connections for
  // long, so they have to be shared evenly when they are made; and only the primary listens, so the port is free once it has ended.
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: process.argv[1]!, args: process.argv.slice(2), execArgv: process.execArgv })
}

/** Ends all children at once. */
export const killAll = (): void => {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGKILL")
}

const start = (options: ServeOptions, onServing: Listeners["onServing"]): Child => {
  const worker = cluster.fork(Handover.toEnvironment(options))
  const { pid } = worker.process
  let failure: Error | undefined
  worker.on("message", (report: Report.Report) => {
    if (report._tag === "Serving") onServing(pid!, report.address, report.metrics)
    else failure = Report.toError(report.failure)
  })
  const ended = new Promise<Ended>((resolve) => {
    const end = (code: number | null, signal: string | null) =>
      resolve({ pid, code, signal, ...(failure === undefined ? {} : { failure }) })
    worker.once("exit", (code: number | null, signal: string | null) => {
      // Its last report may still be in the channel.
      if (worker.isConnected()) worker.once("disconnect", () => end(code, signal))
      else end(code, signal)
    })
    // A connection could not be handed to a process that is about to end, which its end tells better; or there is no process.
    worker.on("error", (error) => {
      if (pid === undefined) resolve({ pid, code: null, signal: null, failure: error })
    })
  })
  return { ended, kill: (signal) => worker.process.kill(signal) }
}

const stop = (child: Child, stopMillis: number): Effect.Effect<Ended> =>
  Effect.promise(async () => {
    child.kill("SIGTERM")
    const patience = setTimeout(() => child.kill("SIGKILL"), stopMillis)
    const ended = await child.ended
    clearTimeout(patience)
    return ended
  })

/**
 * Runs a process until it ends by itself. Interruption stops it, and waits for its end: first cleanly, and after `stopMillis` by
 * SIGKILL.
 */
export const run = (options: ServeOptions, listeners: Listeners, stopMillis: number): Effect.Effect<Ended> =>
  Effect.acquireUseRelease(
    Effect.try({ try: () => start(options, listeners.onServing), catch: (cause) => cause as Error }),
    ({ ended }) => Effect.promise(() => ended),
    (child, exit) => (exit._tag === "Success" ? Effect.void : Effect.map(stop(child, stopMillis), listeners.onStopped))
  ).pipe(Effect.catch((failure) => Effect.succeed({ pid: undefined, code: null, signal: null, failure })))
