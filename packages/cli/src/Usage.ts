/**
 * What holds for every option, variable and argument of the commands.
 *
 * One that is given must say something: empty, or only blanks, is wrong usage, since a variable that was meant to be set would
 * otherwise count as not being there. What is wrong with a secret is told without repeating it.
 */
import { type Argument, type Command, InvalidArgumentError, type Option } from "commander"

const EMPTY = "must not be empty; leave it out if nothing is meant."

/** Options whose values may have a password in them. */
const SECRETS: ReadonlySet<string> = new Set(["--database", "--data", "--admin-token"])

/** Parses a value; of several, each is given what came of those before it. */
type Parse = (text: string, previous: unknown) => unknown

/** What commander does where there is no parser: it collects several values, which take the place of the default. */
const collect =
  ({ defaultValue, variadic }: Option | Argument): Parse =>
  (text, previous) =>
    variadic ? [...(Array.isArray(previous) && previous !== defaultValue ? previous : []), text] : text

const withoutEmpty = (of: Option | Argument): Parse => {
  const parse: Parse = of.parseArg ?? collect(of)
  return (text, previous) => {
    if (text.trim() === "") throw new InvalidArgumentError(EMPTY)
    return parse(text, previous)
  }
}

const nameOf = ({ envVar, flags }: Option): string => (envVar === undefined ? flags : `${flags} (or ${envVar})`)

/** Commander repeats a value that is invalid. */
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

/** Makes the rules hold for the commands. */
export const check = (commands: ReadonlyArray<Command>): void => {
  for (const command of commands) {
    for (const argument of command.registeredArguments) argument.argParser(withoutEmpty(argument) as never)
    for (const option of command.options) {
      if (!option.required && !option.optional) continue
      const parse = withoutEmpty(option)
      const isSecret = SECRETS.has(option.long ?? "")
      option.argParser((isSecret ? withoutRepeating(command, option, parse) : parse) as never)
    }
  }
}
