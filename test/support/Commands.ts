/**
 * The commands that `turnout` has, as the program declares them.
 */
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { make } from "../../packages/cli/src/Program.ts"

export type Command = ReturnType<typeof make>

/** The words that name a command, after that of the program. */
export const nameOf = (command: Command): string =>
  command.parent === null ? "" : `${nameOf(command.parent)} ${command.name()}`.trim()

/** The commands that do something. One of them has subcommands as well. */
export const leaves = (command: Command): ReadonlyArray<Command> => [
  ...(command.commands.length === 0 || command.name() === "replay" ? [command] : []),
  ...command.commands.flatMap(leaves)
]

export const program = (): Command => make(() => {})

/** The words of a line of shell, with the quotes that they stand in taken away. */
export const wordsOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/"(?:\$\([^)]*\)|[^"])*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ""))
