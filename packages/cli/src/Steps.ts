/**
 * Commands of many commits. Such a command prints what it has done, however it ends.
 *
 * Each step is a commit, or a few that belong together, and no signal ends the command in the middle of one: SIGINT, SIGTERM and
 * SIGHUP end it after the step that is under way. If that step takes too long, or a second signal arrives, the command ends at
 * once.
 */
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CliError } from "./CliError.ts"
import * as Logs from "./output/Logs.ts"
import * as Output from "./output/Output.ts"
import { type SoFar, Stopped } from "./Stopped.ts"

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** The time that the step under way may take after a signal. */
const PATIENCE_MILLIS = 15_000

const stoppedBy = (signal: string, soFar: SoFar | undefined) =>
  soFar === undefined
    ? new CliError(`Stopped by ${signal}; nothing has changed.`)
    : new Stopped(soFar, new CliError(`Stopped by ${signal}.`))

/**
 * Runs the work to its end, and gives its result. If the work fails, or a signal ends it, after it has changed something, the
 * promise rejects with `Stopped`; otherwise with the error itself. `soFar` gives `undefined` as long as nothing has changed.
 */
export const run = async <A, E>(
  format: Output.Format,
  work: Effect.Effect<A, E>,
  soFar: () => SoFar | undefined
): Promise<A> => {
  const fiber = Logs.runFork(format, Logs.ofCommand(work))
  let stopping: keyof typeof SIGNALS | undefined
  let patience: NodeJS.Timeout | undefined
  const giveUp = (signal: keyof typeof SIGNALS, code: number) => {
    Output.failure(format, stoppedBy(signal, soFar()))
    process.exit(code)
  }
  const stop = (signal: keyof typeof SIGNALS) => {
    if (stopping !== undefined) return giveUp(signal, SIGNALS[signal])
    stopping = signal
    patience = setTimeout(() => giveUp(signal, 1), PATIENCE_MILLIS)
    fiber.interruptUnsafe()
  }
  const signals = Object.keys(SIGNALS) as ReadonlyArray<keyof typeof SIGNALS>
  for (const signal of signals) process.on(signal, stop)
  try {
    const exit = await Logs.runPromise(format, Fiber.await(fiber))
    if (Exit.isSuccess(exit)) return exit.value
    if (stopping !== undefined && Cause.hasInterruptsOnly(exit.cause)) throw stoppedBy(stopping, soFar())
    const error = Cause.squash(exit.cause)
    const done = soFar()
    throw done === undefined ? error : new Stopped(done, error)
  } finally {
    clearTimeout(patience)
    for (const signal of signals) process.off(signal, stop)
  }
}

/** Tells whether a step may have done its work although it failed. */
export const isUnknown = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) || (error instanceof StoreError && error.reason._tag === "OutcomeUnknown")
}

/** The same step for each of several ids. */
export interface Each {
  /** Carries out the steps in the order of the ids, until one fails. */
  readonly carryOut: <A, E, R>(step: (id: string) => Effect.Effect<A, E, R>) => Effect.Effect<ReadonlyArray<A>, E, R>
  /** The ids that no step has changed. */
  readonly notDone: () => ReadonlyArray<string>
  /** The ids whose step may or may not have been committed. */
  readonly unknown: () => ReadonlyArray<string>
}

export const each = (ids: ReadonlyArray<string>): Each => {
  let begun = 0
  let underWay: string | undefined
  return {
    carryOut: (step) =>
      Effect.forEach(ids, (id, index) =>
        Effect.suspend(() => {
          begun = index + 1
          underWay = id
          return step(id)
        }).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              if (Exit.isFailure(exit) && isUnknown(exit.cause)) return
              underWay = undefined
              if (Exit.isFailure(exit)) begun = index
            })
          ),
          Effect.uninterruptible
        )
      ),
    notDone: () => ids.slice(begun),
    unknown: () => (underWay === undefined ? [] : [underWay])
  }
}

/** The fields `notDone` and `unknown` of the document; a field without ids is left out. */
export const left = ({ notDone, unknown }: Each): Readonly<Record<string, ReadonlyArray<string>>> => ({
  ...(notDone().length === 0 ? {} : { notDone: notDone() }),
  ...(unknown().length === 0 ? {} : { unknown: unknown() })
})

const SHOWN = 20

const listed = (ids: ReadonlyArray<string>): string =>
  ids.length > SHOWN ? `${ids.slice(0, SHOWN).join(", ")} and ${ids.length - SHOWN} more` : ids.join(", ")

/** The ids of `notDone` and `unknown` in words. */
export const leftInWords = ({ notDone, unknown }: Each): string =>
  [
    ...(unknown().length === 0 ? [] : [`It is not known whether it was done: ${listed(unknown())}.`]),
    ...(notDone().length === 0 ? [] : [`Not done: ${listed(notDone())}.`])
  ].join(" ")
