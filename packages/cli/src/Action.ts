/**
 * The function that commander calls for a command: it runs the command with the options of the program and its own, and sets the
 * exit code. Commander reports wrong usage that the command itself finds, as it does its own. Input that the library refuses because
 * it breaks a rule is wrong usage of the options and arguments that it was made of.
 */
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { type Command, CommanderError } from "commander"
import type { GlobalOptions } from "./Database.ts"
import * as Fields from "./usage/Fields.ts"
import * as Output from "./output/Output.ts"
import { WrongUsage } from "./WrongUsage.ts"

/** Exit codes: 0 done, 1 refused or failed, 2 wrong usage. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** Makes the action of a command, whose promise says whether it has succeeded. */
export type Action = <Options, Args extends ReadonlyArray<unknown>>(
  command: (options: GlobalOptions & Options, ...args: Args) => Promise<boolean>
) => (...given: ReadonlyArray<unknown>) => Promise<void>

const rootOf = (command: Command): Command => (command.parent === null ? command : rootOf(command.parent))

/** What commander has no field for: the arguments as they were typed. */
const typedBy = (command: Command): ReadonlyArray<string> =>
  (rootOf(command) as Command & { readonly rawArgs?: ReadonlyArray<string> }).rawArgs ?? []

/** Wrong usage that a command was ended by; `undefined` for every other error. */
const wrongUsageOf = (command: Command, error: unknown): WrongUsage | undefined => {
  if (error instanceof WrongUsage) return error
  if (!(error instanceof InvalidInput)) return undefined
  const issues = error.issues.map((issue) => Fields.toOption(command, issue))
  return new WrongUsage(issues.map(Fields.inWords).join("; "), issues)
}

/** Lets commander print wrong usage; the error that it throws has the rules that are broken. */
const report = (command: Command, { issues, message }: WrongUsage): never => {
  try {
    return command.error(`error: ${message}`)
  } catch (error) {
    throw error instanceof CommanderError && issues.length > 0 ? Object.assign(error, { issues }) : error
  }
}

/** The action calls `finish` with the exit code of the command. */
export const make =
  (finish: (code: number) => void): Action =>
  <Options, Args extends ReadonlyArray<unknown>>(
    command: (options: GlobalOptions & Options, ...args: Args) => Promise<boolean>
  ) =>
  async (...given: ReadonlyArray<unknown>) => {
    const self = given.at(-1) as Command
    const program = { typed: typedBy(self), programVersion: rootOf(self).version() ?? "" }
    const options = { ...self.optsWithGlobals<GlobalOptions & Options>(), ...program }
    const args = given.slice(0, -2) as unknown as Args
    try {
      finish((await command(options, ...args)) ? EXIT.done : EXIT.failed)
    } catch (error) {
      const wrong = wrongUsageOf(self, error)
      if (wrong !== undefined) report(self, wrong)
      Output.failure(options, error, (message) => Fields.messageOf(self, error, message))
      finish(EXIT.failed)
    }
  }
