/**
 * Rules for every option, variable and argument of the commands.
 *
 * A value must not be empty, blank or invisible: that is wrong usage, since a variable that was meant to be set would otherwise
 * count as not set. An error about a secret does not repeat the secret.
 */
import { isSeen } from "@turnout/core/kernel/domain/Text"
import { markedAs } from "./usage/Kinds.ts"
import { type Argument, type Command, InvalidArgumentError, type Option } from "commander"

const EMPTY = "must not be empty; leave it out if nothing is meant."

/** Options whose values may contain a password. */
export const SECRETS: ReadonlySet<string> = new Set(["--database", "--data", "--admin-token", "--smtp"])

/** Parses a value. If an option has several values, `previous` is the result of parsing those before this one. */
type Parse = (text: string, previous: unknown) => unknown

/** Parses as commander does where there is no parser: several values are collected, and take the place of the default. */
const collect =
  ({ defaultValue, variadic }: Option | Argument): Parse =>
  (text, previous) =>
    variadic ? [...(Array.isArray(previous) && previous !== defaultValue ? previous : []), text] : text

const withoutEmpty = (of: Option | Argument): Parse => {
  const parse: Parse = of.parseArg ?? collect(of)
  return (text, previous) => {
    if (!isSeen(text)) throw new InvalidArgumentError(EMPTY)
    return parse(text, previous)
  }
}

const nameOf = ({ envVar, flags }: Option): string => (envVar === undefined ? flags : `${flags} (or ${envVar})`)

/** Parses as `parse` does, with an error that does not repeat the invalid value, as that of commander does. */
const withoutRepeating =
  (command: Command, option: Option, parse: Parse): Parse =>
  (text, previous) => {
    try {
      return parse(text, previous)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      return command.error(`error: option '${nameOf(option)}' is invalid. ${error.message}`)
    }
  }

/** Parses without the value of the configuration file, which a flag or a variable takes the place of. */
const withoutFile =
  (command: Command, option: Option, parse: Parse): Parse =>
  (text, previous) =>
    parse(text, command.getOptionValueSource(option.attributeName()) === "config" ? undefined : previous)

/** The parsers of options by the rules, for values that come from elsewhere than the command line. */
const parsers = new WeakMap<Option, Parse>()

/** Parses the value of an option by the rules. Throws an `InvalidArgumentError`, which does not repeat the value. */
export const parse = (option: Option, text: string, previous: unknown): unknown =>
  (parsers.get(option) ?? withoutEmpty(option))(text, previous)
/** Parses as `parse` does, with an error that names the argument as the usage of the command does. */
const withItsName =
  (command: Command, argument: Argument, parse: Parse): Parse =>
  (text, previous) => {
    try {
      return parse(text, previous)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      const rule = error.message.replace(/\.$/, "")
      return command.error(`error: <${argument.name()}> ${rule}${isSeen(text) ? `; got ${JSON.stringify(text)}` : ""}`)
    }
  }

/** Applies the rules to the commands. */
export const check = (commands: ReadonlyArray<Command>): void => {
  for (const command of commands) {
    for (const argument of command.registeredArguments)
      argument.argParser(withItsName(command, argument, withoutEmpty(argument)) as never)
    for (const option of command.options) {
      if (!option.required && !option.optional) continue
      const own = withoutEmpty(option)
      parsers.set(option, own)
      const parse = withoutFile(command, option, own)
      const isSecret = SECRETS.has(option.long ?? "")
      option.argParser(markedAs(isSecret ? withoutRepeating(command, option, parse) : parse, option) as never)
    }
  }
}
