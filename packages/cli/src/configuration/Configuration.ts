/**
 * Gives commands the options of the configuration file: a flag comes before a variable, a variable before the file, and the file before
 * a default.
 *
 * The file is read once the options of the program are known, and before those of its command are looked at, so that an option that a
 * command needs may stand in the file. A value of the file gives way to a flag or a variable that cannot be used together with it.
 */
import type { Command, Option } from "commander"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import * as Line from "../output/Line.ts"
import * as Output from "../output/Output.ts"
import * as NamedQueue from "../sinks/NamedQueue.ts"
import type { IssuersOptions } from "../options/access/Issuers.ts"
import type { SqsOptions } from "../sinks/Sqs.ts"
import * as File from "./ConfigurationFile.ts"

/** The file that the options were read from, as commands are told of it. */
export interface Configuration {
  readonly file: string
  /** The keys that the file has, such as `relay.leaseTtl`, and those whose values are secrets. */
  readonly keys: ReadonlyArray<string>
  readonly secrets: ReadonlyArray<string>
  /** The queues that the file names for its commands. */
  readonly queues: ReadonlyArray<QueueOfFile>
  /** The token issuers that the file names for its commands. */
  readonly issuers: NonNullable<IssuersOptions["issuers"]>
}

/** A queue that the file names for a command, and how that command reaches it. */
export interface QueueOfFile extends SqsOptions {
  readonly queue: NamedQueue.NamedQueue
}

/** The queues of the commands that deliver to queues, or take messages from one. */
const queuesIn = (entries: ReadonlyArray<File.Entry>): ReadonlyArray<QueueOfFile> =>
  [...Map.groupBy(entries, ({ command }) => command).values()].flatMap((own) => {
    const valueOf = (name: string): unknown => own.find(({ option }) => option.attributeName() === name)?.value
    const given = valueOf("sqs")
    const queues =
      typeof given === "string" ? [NamedQueue.parse(given)] : (given as ReadonlyArray<NamedQueue.NamedQueue>)
    const [sqsEndpoint, sqsRegion] = [valueOf("sqsEndpoint"), valueOf("sqsRegion")] as [string?, string?]
    return (queues ?? []).map((queue) => ({
      queue,
      ...(sqsEndpoint === undefined ? {} : { sqsEndpoint }),
      ...(sqsRegion === undefined ? {} : { sqsRegion })
    }))
  })

/** The token issuers of the commands that take their tokens. */
const issuersIn = (entries: ReadonlyArray<File.Entry>): Configuration["issuers"] =>
  entries
    .filter(({ option }) => option.attributeName() === "issuers")
    .flatMap(({ value }) => value as Configuration["issuers"])

/** The name under which commands are told of it, among their options. */
const TOLD_AS = "configuration"

/** Whether the value of an option was given by a flag or a variable. */
const isGiven = (command: Command, option: Option): boolean => {
  const source = command.getOptionValueSource(option.attributeName())
  return source === "cli" || source === "env"
}

const isOfFile = (command: Command, option: Option): boolean =>
  command.getOptionValueSource(option.attributeName()) === "config"

const setBack = (command: Command, option: Option): void =>
  void command.setOptionValueWithSource(option.attributeName(), option.defaultValue, "default")

/** Lets values of the file give way to the flags and the variables of a command that they cannot be used together with. */
const giveWay = (command: Command): void => {
  for (const option of command.options) {
    const rivals = command.options.filter((other) => other !== option && File.conflict(option, other))
    if (rivals.length === 0) continue
    const settle = () => rivals.filter((rival) => isOfFile(command, rival)).forEach((rival) => setBack(command, rival))
    command.on(`option:${option.name()}`, settle)
    command.on(`optionEnv:${option.name()}`, settle)
  }
}

/** The file to read: the one that was named, or the usual one, if it is there. */
const fileOf = (program: Command): string | undefined => {
  const named = program.opts<{ readonly config?: string }>().config
  if (named !== undefined) return named
  return existsSync(File.DEFAULT_FILE) ? File.DEFAULT_FILE : undefined
}

const warnOfSecrets = (file: string, entries: ReadonlyArray<File.Entry>): void => {
  const secrets = File.secretsOf(entries)
  if (secrets.length === 0 || !File.isOpenToAll(file)) return
  Output.notice(
    Line.of`${Line.warning("warning:")} ${file} has a secret (${secrets.join(", ")}), and every user may read it: chmod 600 ${file}`
  )
}

/** Help is shown whatever is in the file. */
const isHelp = ({ args }: Command): boolean => args[0] === "help" || args.includes("--help") || args.includes("-h")

const apply = (program: Command): void => {
  if (isHelp(program)) return
  const file = fileOf(program)
  if (file === undefined) return
  const entries = File.read(file, program)
  warnOfSecrets(file, entries)
  for (const { command, option, value } of entries) {
    const rivals = command.options.filter((other) => File.conflict(option, other))
    if ([option, ...rivals].some((one) => isGiven(command, one))) continue
    command.setOptionValueWithSource(option.attributeName(), value, "config")
  }
  const told: Configuration = {
    file: resolve(file),
    keys: entries.map(({ key }) => key),
    secrets: File.secretsOf(entries),
    queues: queuesIn(entries),
    issuers: issuersIn(entries)
  }
  program.setOptionValueWithSource(TOLD_AS, told, "config")
}

/** Reads the file before a command of the program runs. A wrong file is wrong usage. */
export const use = (program: Command, all: ReadonlyArray<Command>): void => {
  for (const command of all) giveWay(command)
  program.hook("preSubcommand", () => {
    try {
      apply(program)
    } catch (error) {
      if (!(error instanceof File.WrongConfiguration)) throw error
      program.error(`error: ${error.message}`)
    }
  })
}
