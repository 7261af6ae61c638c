/**
 * Commands that are decoded already, carried out with options that are not: the part that the use cases of all nouns share.
 */
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { Command } from "../domain/model/Command.ts"
import type { OutcomeOf } from "../domain/model/Outcome.ts"
import type { RejectionOf } from "../domain/model/Rejection.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Engine } from "./engine/Engine.ts"
import { decoder, InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { Overloaded } from "../../kernel/application/Overloaded.ts"
import * as PlainInput from "./PlainInput.ts"
import type { Caller } from "../domain/state/Caller.ts"
import { type GivenWriteOptions, WriteOptions } from "../domain/state/WriteOptions.ts"

/** The most commands that `executeAll` commits together. */
export const MAX_COMMANDS = 1_000

/** The answer to a command, and whether it was given before under the same idempotency key. */
export interface Reply<C extends Command> {
  readonly answer: Result.Result<OutcomeOf<C>, RejectionOf<C["_tag"]>>
  readonly replayed: boolean
}

export type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

/**
 * The answer of a write, or its failure. Every write can meet `InvalidInput` for input that breaks a rule, `IdempotencyKeyReused` for a
 * key that had another payload, `StoreError` for a store that is away or whose answer is unknown, and `Overloaded` if too many wait. The
 * others are rejections by the rules of the domain. No failure has changed anything, but a `StoreError` for `OutcomeUnknown` may have.
 */
export type Write<C extends Command, A> = Effect.Effect<
  A,
  RejectionOf<C["_tag"]> | InvalidInput | StoreError | Overloaded
>
/** The answer of a read, or its failure. Every read can meet `InvalidInput` and `StoreError`. */
export type Read<A, E = never> = Effect.Effect<A, E | InvalidInput | StoreError>

export interface Commands {
  /**
   * Carries out any command that is decoded already. Returns rejections as values, and says whether the answer repeats an
   * earlier one. The use cases validate their input and call this. With a caller, it is decided for somebody who may not do everything.
   */
  readonly execute: <C extends Command>(
    command: C,
    options?: WriteOptions,
    caller?: Caller
  ) => Effect.Effect<Reply<C>, InvalidInput | StoreError | Overloaded>

  /**
   * Carries out commands of several kinds and about several events. They are decided in this order and committed together: all
   * of their changes, or none. A command that is refused changes nothing and does not hinder the others. At most `MAX_COMMANDS`
   * at once.
   */
  readonly executeAll: (
    commands: ReadonlyArray<{ readonly command: Command; readonly options?: WriteOptions }>
  ) => Effect.Effect<ReadonlyArray<Reply<Command>>, InvalidInput | StoreError>

  /** Like `execute`, but fails with the rejection. */
  readonly run: <C extends Command>(command: C, options: GivenWriteOptions | undefined) => Write<C, OutcomeOf<C>>
}

const decodeWriteOptions = decoder(WriteOptions)

const decodeOptions = (options: unknown = {}): Effect.Effect<WriteOptions, InvalidInput> => {
  const plain = PlainInput.options(options)
  return plain === undefined ? decodeWriteOptions(options) : Effect.succeed(plain)
}

export const make = (engine: Engine): Commands => {
  const execute = ((command, options, caller) =>
    Effect.flatMap(decodeOptions(options), (decoded) =>
      engine.execute(command, decoded, caller)
    )) as Commands["execute"]

  const executeAll: Commands["executeAll"] = Effect.fnUntraced(function* (commands) {
    if (commands.length > MAX_COMMANDS) {
      return yield* new InvalidInput({ issues: [{ field: "", rule: `must be at most ${MAX_COMMANDS} commands` }] })
    }
    const decoded = yield* Effect.forEach(commands, ({ command, options }) =>
      Effect.map(decodeOptions(options), (valid) => ({ command, options: valid }))
    )
    return (yield* engine.executeAll(decoded)) as ReadonlyArray<Reply<Command>>
  })

  return {
    execute,
    executeAll,
    run: (command, options) => Effect.flatMap(execute(command, options), ({ answer }) => Effect.fromResult(answer))
  }
}
