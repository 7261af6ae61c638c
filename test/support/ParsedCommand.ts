/**
 * The command line as commander reads it, without running a command: which options a line, the environment and a configuration file
 * give.
 */
import { writeFileSync } from "node:fs"
// oxlint-disable-next-line eslint/no-restricted-imports -- a program is for running: its package exports nothing
import { make } from "../../packages/cli/src/Program.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import { allOf, isLeaf, kindOf } from "../../packages/cli/src/usage/Kinds.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- as above
import * as Usage from "../../packages/cli/src/Usage.ts"

export type Command = ReturnType<typeof make>
export type Option = Command["options"][number]
type Action = NonNullable<Parameters<typeof make>[1]>

/** What a line has been read as. */
export interface Parsed {
  /** The words that name the command. */
  readonly path: string
  readonly options: Readonly<Record<string, unknown>>
  readonly sourceOf: (name: string) => string | undefined
}

const pathOf = (command: Command): string =>
  command.parent === null ? "" : `${pathOf(command.parent)} ${command.name()}`.trim()

/** Reads the words. The error of wrong usage is thrown, and nothing is printed. */
export const parse = async (words: ReadonlyArray<string>): Promise<Parsed> => {
  let parsed: Parsed | undefined
  const action = (() =>
    (...given: ReadonlyArray<unknown>): Promise<void> => {
      const command = given.at(-1) as Command
      const sourceOf = (name: string) => command.getOptionValueSourceWithGlobals(name)
      parsed = { path: pathOf(command), options: command.optsWithGlobals(), sourceOf }
      return Promise.resolve()
    }) as Action
  const program = make(() => {}, action)
  for (const { command } of allOf(program)) command.configureOutput({ writeErr: () => {}, outputError: () => {} })
  await program.parseAsync(words, { from: "user" })
  return parsed!
}

export const program = (): Command => make(() => {})

const UUID = "01a1fcac-e082-761f-9990-337e18d190e6"

/** Texts of which each option takes two at least. */
const TEXTS = [
  "https://sqs.example/1/a.fifo",
  "https://sqs.example/1/b.fifo",
  "postgres://a@db.example/a",
  "postgres://b@db.example/b",
  "2030-01-01T00:00Z",
  "2031-01-01T00:00Z",
  UUID,
  UUID.replace("01", "02"),
  "utf-8",
  "windows-1252",
  "Europe/Berlin",
  "Europe/Paris",
  "/prefix",
  "/other",
  // Cursors of the audit trail.
  Buffer.from('{"log":"end","journal":1}').toString("base64url"),
  Buffer.from('{"log":"end","journal":2}').toString("base64url"),
  "a_name",
  "b_name",
  "smtp://a.example",
  "smtps://b.example",
  "ada@example.com",
  "bob@example.com",
  "https://a.example",
  "https://b.example",
  "10.0.0.0/8",
  "2001:db8::1",
  "redis://a.example:6379",
  "redis://b.example:6379"
]

/** Documents of which each option that takes one takes two. */
const DOCUMENTS: ReadonlyArray<ReadonlyArray<object>> = [
  ...["a", "b"].map((name) => [
    {
      issuer: `https://${name}.example.com`,
      audience: "https://tickets.example.com",
      roles: [{ claim: "realm_access.roles", value: "staff", role: "checkin", organization: "music" }]
    }
  ]),
  ...[120, 240].map((limit) => [{ name: "anonymous", limit }]),
  ...[60, 90].map((maxAgeSeconds) => [{ kind: "event", maxAgeSeconds }])
]

const takes = (option: Option, text: string): boolean => {
  try {
    Usage.parse(option, text, undefined)
    return true
  } catch {
    return false
  }
}

/** A value as a file has it, and the words of the command line that mean the same. */
export interface Sample {
  readonly json: unknown
  readonly words: ReadonlyArray<string>
}

/** Two different values of an option; one for a switch. */
export const samplesOf = (option: Option): ReadonlyArray<Sample> => {
  const { isList, value } = kindOf(option)
  const flag = option.long ?? ""
  if (value._tag === "Switch") return [{ json: !option.negate, words: [flag] }]
  if (value._tag === "Document")
    return DOCUMENTS.filter((document) => takes(option, JSON.stringify(document))).map((document) => ({
      json: document,
      words: [flag, JSON.stringify(document)]
    }))
  const all: ReadonlyArray<string | number> =
    value._tag === "Number"
      ? [value.minimum + 1, value.minimum + 2]
      : value._tag === "Choice"
        ? value.choices.slice(0, 2)
        : TEXTS.filter((text) => takes(option, text)).slice(0, 2)
  return all.map((one) => ({ json: isList ? [one] : one, words: [flag, String(one)] }))
}

/** A text that an argument takes. */
const argumentFor = ({ argChoices, parseArg }: Command["registeredArguments"][number]): string =>
  argChoices?.[0] ??
  [UUID, "5", "ada@example.com"].find((text) => {
    try {
      parseArg?.(text, undefined)
      return true
    } catch {
      return false
    }
  })!

/** An import needs to be told its event, by one of two options. */
const eventOf = (command: Command, except: Option | undefined): ReadonlyArray<string> =>
  pathOf(command) !== "import" || ["--event", "--title"].includes(except?.long ?? "") ? [] : ["--title", "A"]

/** The words that a command needs besides an option: its path, its arguments, and other options that are mandatory. */
export const neededBy = (command: Command, except?: Option): ReadonlyArray<string> => [
  ...pathOf(command).split(" "),
  ...command.registeredArguments.filter(({ required }) => required).map(argumentFor),
  ...command.options
    .filter((option) => option.mandatory && option !== except)
    .flatMap((option) => samplesOf(option)[0]!.words),
  ...eventOf(command, except)
]

/** An object in which the value stands under the path and the name. */
export const nested = (path: string, name: string, value: unknown): unknown =>
  path
    .split(" ")
    .filter((part) => part !== "")
    .reduceRight<unknown>((inner, part) => ({ [part]: inner }), { [name]: value })

/** Every option of every command that can be run, and those of the program, for one of its commands. */
export const everyOption = (): ReadonlyArray<{
  readonly path: string
  readonly command: Command
  readonly option: Option
  readonly words: ReadonlyArray<string>
}> => {
  const root = program()
  const leaf = allOf(root).find(({ path }) => path.join(" ") === "events list")!.command
  return allOf(root).flatMap(({ command, path }) =>
    path.length > 0 && !isLeaf({ command, path })
      ? []
      : command.options
          .filter(({ long }) => !["--version", "--config"].includes(long ?? ""))
          .map((option) => ({
            path: path.join(" "),
            command,
            option,
            words: path.length === 0 ? neededBy(leaf) : neededBy(command, option)
          }))
  )
}

/** Writes a configuration file, and gives the words that name it. */
export const configured = (file: string, content: unknown): ReadonlyArray<string> => {
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 })
  return ["--config", file]
}
