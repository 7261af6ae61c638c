/**
 * The function that commander calls for a command: it runs the command with the options of the program and its own, and sets the
 * exit code. Commander reports wrong usage that the command itself finds, as it does its own.
 */
import type { Command } from "commander"
import type { GlobalOptions } from "./Database.ts"
import * as Output from "./output/Output.ts"
import { WrongUsage } from "./WrongUsage.ts"

/** Exit codes: 0 done, 1 refused or failed, 2 wrong usage. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** Makes the action of a command, whose promise says whether it has succeeded. */
export type Action = <Options, Args extends ReadonlyArray<unknown>>(
  command: (options: GlobalOptions & Options, ...args: Args) => Promise<boolean>
) => (...given: ReadonlyArray<unknown>) => Promise<void>

/** The action calls `finish` with the exit code of the command. */
export const make =
  (finish: (code: number) => void): Action =>
  <Options, Args extends ReadonlyArray<unknown>>(
    command: (options: GlobalOptions & Options, ...args: Args) => Promise<boolean>
  ) =>
  async (...given: ReadonlyArray<unknown>) => {
    const self = given.at(-1) as Command
    const options = self.optsWithGlobals<GlobalOptions & Options>()
    const args = given.slice(0, -2) as unknown as Args
    try {
      finish((await command(options, ...args)) ? EXIT.done : EXIT.failed)
    } catch (error) {
      if (error instanceof WrongUsage) self.error(`error: ${error.message}`)
      Output.failure(options, error)
      finish(EXIT.failed)
    }
  }
