/**
 * Checks of `turnout doctor`: a check looks at one subject, and gives its findings.
 *
 * A check writes nothing, and has a deadline. A neighbour that is away, hangs or refuses is a finding of the check that has met it, and
 * the others go on.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Advice from "../../output/Advice.ts"
import * as FailureDocument from "../../output/FailureDocument.ts"

/** How bad a finding is: nothing to do, worth knowing, something is wrong, something does not work. */
export const LEVELS = ["ok", "notice", "warning", "failure"] as const
export type Level = (typeof LEVELS)[number]

export interface Finding {
  readonly level: Level
  /** What was found, in a sentence. */
  readonly says: string
  /** The facts behind the sentence. */
  readonly facts: Readonly<Record<string, unknown>>
  /** What to do next: commands to type, and sentences. */
  readonly advice: ReadonlyArray<string>
}

/** A finding, and the check that it is from. */
export interface Found extends Finding {
  readonly name: string
}

export interface Check<R = never> {
  readonly name: string
  readonly look: Effect.Effect<ReadonlyArray<Finding>, unknown, R>
}

const finding =
  (level: Level) =>
  (says: string, facts: Finding["facts"] = {}, ...advice: ReadonlyArray<string>): Finding => ({
    level,
    says,
    facts,
    advice
  })

export const ok = finding("ok")
export const notice = finding("notice")
export const warning = finding("warning")
export const failure = finding("failure")

/** The worst of some levels; `ok` if there are none. */
export const worst = (levels: ReadonlyArray<Level>): Level => LEVELS.findLast((level) => levels.includes(level)) ?? "ok"

/** How long a check may take. */
export const DEADLINE_MILLIS = 5_000

/**
 * Waits for some work for a time. After that, the work is interrupted, and `undefined` is the result, however long the work takes to
 * end: a server that hangs may never answer to the end of its connection.
 */
export const within = Effect.fnUntraced(function* <A, E, R>(
  work: Effect.Effect<A, E, R>,
  millis: number
): Effect.fn.Return<Exit.Exit<A, E> | undefined, never, R> {
  const fiber = yield* Effect.forkDetach(work, { startImmediately: true })
  const exit = yield* Effect.timeoutOption(Fiber.await(fiber), millis)
  if (Option.isSome(exit)) return exit.value
  fiber.interruptUnsafe()
  return undefined
})

/** The finding about an error. */
export const ofError = (error: unknown): Finding => {
  const { _tag, message } = FailureDocument.of(error, (words) => words)
  const advice = Advice.of(error)
  return failure(String(message), { error: _tag }, ...(advice === undefined ? [] : [advice]))
}

/** The finding about a neighbour that does not answer. */
export const ofSilence = (millis: number): Finding =>
  failure(`there was no answer within ${millis / 1_000} seconds`, { error: "NoAnswer" }, "turnout doctor")

/** Runs a check to its end, or to its deadline. */
export const run = <R>({ look, name }: Check<R>): Effect.Effect<ReadonlyArray<Found>, never, R> =>
  Effect.map(within(look, DEADLINE_MILLIS), (exit) => {
    const findings =
      exit === undefined
        ? [ofSilence(DEADLINE_MILLIS)]
        : Exit.isSuccess(exit)
          ? exit.value
          : [ofError(Cause.squash(exit.cause))]
    return findings.map((one) => ({ name, ...one }))
  })

/** Whether a check has found that something does not work. */
export const hasFailed = (found: ReadonlyArray<Found>): boolean => found.some(({ level }) => level === "failure")
