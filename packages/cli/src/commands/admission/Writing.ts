/**
 * Writes of the command line: use cases of the service, each carried out once under an idempotency key.
 *
 * The key is that of `--idempotency-key`, or a new one. A command that is run again with the same key, by the same principal, changes
 * nothing more, and says so. If the store is lost while a write is being committed, nobody knows whether it was done; the command
 * then tells its key, under which it can be run again.
 */
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { Commands } from "@turnout/core/admission/application/Commands"
import type { GivenWriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import { whoOf } from "../../options/access/Actor.ts"
import type * as Line from "../../output/Line.ts"
import { word } from "../../usage/Shell.ts"
import * as Steps from "../../Steps.ts"
import type { SoFar } from "../../Stopped.ts"
import { keyOf, type WriteOptions } from "./WriteOptions.ts"

/** What a write gave, and whether that is the answer to an earlier one with the same key, so that nothing has changed. */
export interface Written<A> {
  readonly answer: A
  readonly repeated: boolean
}

/** A use case with its input. */
export type Use<A> = (
  turnout: Turnout.UseCases,
  options: GivenWriteOptions
) => Effect.Effect<A, unknown, OrganizationStore>

/** Carries out one write under a key, and tells whether its answer is repeated. */
export const write = Effect.fnUntraced(function* <A>(
  options: WriteOptions,
  idempotencyKey: string,
  use: Use<A>
): Effect.fn.Return<Written<A>, unknown, Turnout.Turnout | AdmissionReads | OrganizationStore> {
  const { execute, executeAll } = yield* Turnout.Turnout
  const reads = yield* AdmissionReads
  let repeated = false
  const noted = ((command, given) =>
    Effect.tap(execute(command, given), ({ replayed }) =>
      Effect.sync(() => void (repeated = replayed))
    )) as Commands["execute"]
  const commands: Commands = {
    execute: noted,
    executeAll,
    run: (command, given) =>
      // The use cases have no others than these, which are the options below.
      Effect.flatMap(noted(command, given ?? {}), ({ answer }) => Effect.fromResult(answer))
  }
  const answer = yield* use(Turnout.useCases(commands, reads), { actor: whoOf(options), idempotencyKey })
  return { answer, repeated }
})

/** The lines that say that nothing has changed, after those that say what is there. */
export const repeatedInWords = (repeated: boolean): ReadonlyArray<Line.Line> =>
  repeated ? ["Nothing has changed: this was done before, under the same idempotency key."] : []

/** What is left to do if nobody knows whether a write was done. */
const unknownUnder = (idempotencyKey: string): SoFar => ({
  document: { idempotencyKey },
  lines: [],
  next: `It is not known whether it was done. The same command with --idempotency-key ${word(idempotencyKey)} does it once in any case.`
})

/**
 * Runs a command of one write to its end. `then` goes on from what the write gave; if it is stopped or fails, the command prints what
 * `soFar` makes of that.
 */
export const run = async <A>(
  options: Database.GlobalOptions & WriteOptions,
  use: Use<A>,
  soFar: (written: Written<A>) => SoFar,
  then: (answer: A) => Effect.Effect<A, unknown, Turnout.Turnout> = Effect.succeed
): Promise<Written<A>> => {
  const idempotencyKey = keyOf(options)
  let written: Written<A> | undefined
  let isUnknown = false
  const writing = write(options, idempotencyKey, use).pipe(
    Effect.tap((done) => Effect.sync(() => void (written = done))),
    Effect.onError((cause) => Effect.sync(() => void (isUnknown = Steps.isUnknown(cause)))),
    Effect.uninterruptible
  )
  const work = Effect.flatMap(writing, ({ answer, repeated }) =>
    Effect.map(then(answer), (last) => ({ answer: last, repeated }))
  ).pipe(Effect.provide(Database.turnoutAndStores(options)))
  return Steps.run(options, work, () => {
    if (written !== undefined) return soFar(written)
    return isUnknown ? unknownUnder(idempotencyKey) : undefined
  })
}
