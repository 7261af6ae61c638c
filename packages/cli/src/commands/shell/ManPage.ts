/**
 * The manual page `turnout(1)`, in the macros of man, made from the commands of the program.
 */
import type { Argument, Command, Option } from "commander"
import { DEFAULT_FILE } from "../../configuration/ConfigurationFile.ts"
import { DEFAULT_FOLDER } from "../../Database.ts"
import { allOf, isLeaf, type Named } from "../../usage/Kinds.ts"
import * as Examples from "../../usage/Examples.ts"

/** Text as roff reads it: neither a backslash nor the beginning of a line is an instruction, and a hyphen can be copied. */
const text = (given: string): string =>
  given
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)

const bold = (given: string): string => String.raw`\fB${text(given)}\fR`
const italic = (given: string): string => String.raw`\fI${text(given)}\fR`

/** The flags of an option, with the names of its values in italics. */
const flagsOf = ({ flags }: Option): string =>
  flags
    .split(/(<[^>]+>|\[[^\]]+\])/)
    .map((part) =>
      /^[<[]/.test(part)
        ? `${part[0] === "[" ? "[" : ""}${italic(part.slice(1, -1))}${part[0] === "[" ? "]" : ""}`
        : bold(part)
    )
    .join("")

const paragraph = (term: string, description: string): ReadonlyArray<string> => [".TP", term, description]

const optionOf = (command: Command, option: Option): ReadonlyArray<string> =>
  paragraph(flagsOf(option), text(command.createHelp().optionDescription(option)))

const argumentOf = (command: Command, argument: Argument): ReadonlyArray<string> =>
  paragraph(italic(argument.name()), text(command.createHelp().argumentDescription(argument)))

const exampleOf = (line: string): ReadonlyArray<string> => [".EX", text(line), ".EE"]

/** A command with its arguments, its options and its examples. */
const commandOf = ({ command, path }: Named): ReadonlyArray<string> => {
  const examples = Examples.of(command)
  return [
    `.SS "turnout ${text(path.join(" "))} ${text(command.usage())}"`,
    text(command.description()),
    ...command.registeredArguments.flatMap((argument) => argumentOf(command, argument)),
    ...command.options.flatMap((option) => optionOf(command, option)),
    ...(examples.length === 0 ? [] : [".P", "Examples:", ...examples.flatMap(exampleOf)])
  ]
}

/** The variables that options are read from. */
const variables = (program: Command): ReadonlyArray<string> => {
  const named = allOf(program).flatMap(({ command, path }) =>
    command.options.flatMap(({ envVar, long }) =>
      envVar === undefined ? [] : [{ envVar, long: long ?? "", command: ["turnout", ...path].join(" ") }]
    )
  )
  return [...Map.groupBy(named, ({ envVar }) => envVar)].flatMap(([name, uses]) => {
    const commands = [...new Set(uses.map(({ command }) => command))]
    const of = commands.includes("turnout") ? "every command" : commands.join(", ")
    return paragraph(bold(name), text(`${uses[0]!.long} of ${of}`))
  })
}

/** The page, for a version of the program. */
export const make = (program: Command, version: string): string => {
  const leaves = allOf(program).filter(isLeaf)
  return [
    `.TH TURNOUT 1 "" "turnout ${text(version)}" "User Commands"`,
    ".SH NAME",
    String.raw`turnout \- ${text(program.description().replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    `${bold("turnout")} ${italic("command")} [${italic("arguments")}] [${italic("options")}]`,
    ".SH DESCRIPTION",
    text(
      "turnout serves an HTTP API for event registration, delivers what has happened to others, and lets operators look and repair."
    ),
    ".P",
    text(
      "Results go to stdout, everything else to stderr. An option comes from the command line, or else from its variable, or else from the configuration file."
    ),
    ".SH OPTIONS OF EVERY COMMAND",
    ...program.options.flatMap((option) => optionOf(program, option)),
    ".SH COMMANDS",
    ...leaves.flatMap(commandOf),
    ".SH EXIT STATUS",
    ...paragraph("0", "The command has done its work."),
    ...paragraph("1", "The command was refused, or has failed; or turnout doctor has found that something is wrong."),
    ...paragraph("2", "The command was called in a wrong way, or the configuration file is wrong."),
    ".SH ENVIRONMENT",
    ...variables(program),
    ".SH FILES",
    ...paragraph(italic(DEFAULT_FILE), "Options, as JSON, in the folder that the command is run in."),
    ...paragraph(italic(DEFAULT_FOLDER), "The data, if no server is named."),
    ".SH SEE ALSO",
    text("https://github.com/turnout-registration/turnout#readme"),
    ""
  ].join("\n")
}
