/**
 * The kinds of options: which values an option takes. The configuration file, its schema, the completion of shells and the manual are
 * made from them.
 */
import type { Command, Option } from "commander"
import type { InputIssue } from "@turnout/core/kernel/application/InvalidInput"

/** What the parser of an option says about the values that it takes. */
export interface Marks {
  /** The value is a whole number. */
  readonly bounds?: { readonly minimum: number; readonly maximum: number }
  /** The option may be given several times, and has all of the values. */
  readonly isRepeatable?: boolean
  /** The value is a document: JSON on the command line, and itself in the configuration file. */
  readonly document?: Document
}

/** What an option with a document takes. */
export interface Document {
  /** The JSON Schema of the document. */
  readonly schema: Readonly<Record<string, unknown>>
  /** The rules that a document breaks; none if it can be taken. */
  readonly issuesOf: (document: unknown) => ReadonlyArray<InputIssue>
}

export type Value =
  | { readonly _tag: "Switch" }
  | { readonly _tag: "Number"; readonly minimum: number; readonly maximum: number }
  | { readonly _tag: "Choice"; readonly choices: ReadonlyArray<string> }
  | ({ readonly _tag: "Document" } & Document)
  | { readonly _tag: "Text" }

export interface Kind {
  readonly value: Value
  /** Whether the option has a list of such values. */
  readonly isList: boolean
  /** Whether the option may stand without a value. */
  readonly isOptional: boolean
}

/** The marks of the parser of an option. */
const marksOf = ({ parseArg }: Option): Marks => (parseArg ?? {}) as Marks

const valueOf = (option: Option): Value => {
  if (!option.required && !option.optional) return { _tag: "Switch" }
  const { bounds, document } = marksOf(option)
  if (bounds !== undefined) return { _tag: "Number", ...bounds }
  if (document !== undefined) return { _tag: "Document", ...document }
  return option.argChoices === undefined ? { _tag: "Text" } : { _tag: "Choice", choices: option.argChoices }
}

export const kindOf = (option: Option): Kind => ({
  value: valueOf(option),
  isList: option.variadic || marksOf(option).isRepeatable === true,
  isOptional: option.optional
})

/** A parser that says about values what another one says, which it calls. */
export const markedAs = <Parser extends object>(parser: Parser, option: Option): Parser => {
  const { bounds, document, isRepeatable } = marksOf(option)
  return Object.assign(parser, {
    ...(document === undefined ? {} : { document }),
    ...(bounds === undefined ? {} : { bounds }),
    ...(isRepeatable === undefined ? {} : { isRepeatable })
  })
}

/** A command, and the words that name it; none for the program itself. */
export interface Named {
  readonly path: ReadonlyArray<string>
  readonly command: Command
}

/** The program and all of its commands, each before its own. */
export const allOf = (command: Command, path: ReadonlyArray<string> = []): ReadonlyArray<Named> => [
  { path, command },
  ...command.commands.flatMap((one) => allOf(one, [...path, one.name()]))
]

/** Whether a command does something itself, and not only by its commands: then it has no commands, or options of its own. */
export const isLeaf = ({ command, path }: Named): boolean =>
  path.length > 0 && (command.commands.length === 0 || command.options.length > 0)
