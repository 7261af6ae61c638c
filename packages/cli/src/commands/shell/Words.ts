/**
 * The words that a shell completes, made from the commands of the program: so no script knows a command or an option that there is
 * not, and none is missing.
 */
import type { Argument, Command, Option } from "commander"
import { allOf, kindOf } from "../../usage/Kinds.ts"

export interface Word {
  readonly word: string
  /** The first words of what help says about it. */
  readonly description: string
}

/** The values of an option or an argument: one of some words, the name of a file or of a folder, or something that no shell knows. */
export type Values =
  | { readonly _tag: "Words"; readonly words: ReadonlyArray<string> }
  | { readonly _tag: "Files" }
  | { readonly _tag: "Folders" }
  | { readonly _tag: "Unknown" }

export interface OptionWords extends Word {
  /** The values that follow the option; `undefined` if none does. */
  readonly values: Values | undefined
  /** Whether several values follow it. */
  readonly isVariadic: boolean
}

export interface CommandWords {
  /** The words that name the command, with blanks in between; empty for the program. */
  readonly path: string
  readonly commands: ReadonlyArray<Word>
  /** The options of the command, and those of every command. */
  readonly options: ReadonlyArray<OptionWords>
  /** The values of the first argument. */
  readonly argument: Values
}

const HELP: OptionWords = {
  word: "--help",
  description: "show what can be done",
  values: undefined,
  isVariadic: false
}

const valuesNamed = (name: string, choices: ReadonlyArray<string> | undefined): Values => {
  if (choices !== undefined) return { _tag: "Words", words: choices }
  if (/\bfile\b/.test(name)) return { _tag: "Files" }
  return /\bfolder\b/.test(name) ? { _tag: "Folders" } : { _tag: "Unknown" }
}

const toOption = (option: Option): OptionWords => {
  const { isOptional, value } = kindOf(option)
  // A word that may stand alone need not be followed by one.
  const hasValue = value._tag !== "Switch" && !isOptional
  return {
    word: option.long ?? "",
    description: option.description,
    values: hasValue ? valuesNamed(option.flags, option.argChoices) : undefined,
    isVariadic: option.variadic
  }
}

const valuesOf = (argument: Argument | undefined): Values =>
  argument === undefined ? { _tag: "Unknown" } : valuesNamed(argument.name(), argument.argChoices)

/** The words of the program and of each of its commands. */
export const of = (program: Command): ReadonlyArray<CommandWords> => {
  const everywhere = [...program.options.filter(({ long }) => long !== "--version").map(toOption), HELP]
  return allOf(program).map(({ command, path }) => ({
    path: path.join(" "),
    commands: command.commands.map((one) => ({ word: one.name(), description: one.description() })),
    options:
      path.length === 0 ? [...program.options.map(toOption), HELP] : [...command.options.map(toOption), ...everywhere],
    argument: valuesOf(command.registeredArguments[0])
  }))
}
