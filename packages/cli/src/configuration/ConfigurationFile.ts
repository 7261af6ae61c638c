/**
 * The configuration file: options of the command line, as JSON.
 *
 * Options that belong to every command stand at the top, those of a command in an object under its name, those of a command of a
 * command one object deeper. An option is named by its long name in camelCase, `leaseTtl` for `--lease-ttl`, and `relay: false` is
 * `--no-relay`. An option whose value is a document, such as `--issuers`, has the document itself. A key that is no option, and a value
 * that breaks the rule of its option, are refused with the name of the file, the key and the rule.
 */
import { type Command, InvalidArgumentError, type Option } from "commander"
import { readFileSync, statSync } from "node:fs"
import * as DatabaseName from "@turnout/adapters/database-name"
import type { InputIssue } from "@turnout/core/kernel/application/InvalidInput"
import { type Kind, kindOf } from "../usage/Kinds.ts"
import * as Usage from "../Usage.ts"
import { nearest } from "./Likeness.ts"

/** The file that is read if no other is named. */
export const DEFAULT_FILE = "turnout.config.json"

/** Options that a file does not have: it is found by one of them, and the others show something. */
const NOT_IN_FILES: ReadonlySet<string> = new Set(["--config", "--version", "--help"])

/** A key that says what the file is, for editors. */
const SCHEMA_KEY = "$schema"

/** A file that cannot be read, or says something wrong. The message names the file. */
export class WrongConfiguration extends Error {
  override readonly name = "WrongConfiguration"
}

/** The value of an option in a file. */
export interface Entry {
  readonly command: Command
  readonly option: Option
  /** The key with those of its objects, such as `relay.leaseTtl`. */
  readonly key: string
  readonly value: unknown
}

/** The options of a command that a file may have, by their keys. An option and its opposite share a key. */
export const keysOf = (command: Command): ReadonlyMap<string, ReadonlyArray<Option>> =>
  Map.groupBy(
    command.options.filter(({ long }) => !NOT_IN_FILES.has(long ?? "")),
    (option) => option.attributeName()
  )

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** A value that breaks rules. The field of a rule is that of a document; it is empty for the value as a whole. */
class Broken extends Error {
  readonly issues: ReadonlyArray<InputIssue>
  constructor(issues: ReadonlyArray<InputIssue>) {
    super()
    this.issues = issues
  }
  /** The rules, each with the key that it is about. */
  inWords(key: string): string {
    return this.issues.map(({ field, rule }) => `${field === "" ? key : `${key}.${field}`} ${rule}`).join("; ")
  }
}

const broken = (rule: string): never => {
  throw new Broken([{ field: "", rule }])
}

/** A value as the command line would have it as text. */
const textOf = ({ value }: Kind, given: unknown): string => {
  if (value._tag === "Number") {
    if (typeof given === "number" && Number.isSafeInteger(given)) return String(given)
    return broken(`must be a whole number from ${value.minimum} to ${value.maximum}`)
  }
  if (value._tag === "Choice") {
    if (typeof given === "string" && value.choices.includes(given)) return given
    return broken(`must be one of ${value.choices.join(", ")}`)
  }
  return typeof given === "string" ? given : broken("must be a text")
}

/** Parses as the command line does, by the parser of the option. */
const parse = (option: Option, given: unknown): unknown => {
  const kind = kindOf(option)
  if (kind.value._tag === "Switch") return typeof given === "boolean" ? given : broken("must be true or false")
  if (kind.isOptional && given === true) return true
  if (kind.value._tag === "Document") {
    const issues = kind.value.issuesOf(given)
    if (issues.length > 0) throw new Broken(issues)
    return Usage.parse(option, JSON.stringify(given), undefined)
  }
  if (Array.isArray(given) && !kind.isList) return broken("must be one value, and no list")
  const all: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
  if (all.length === 0) return broken("must have one value at least")
  try {
    return all.reduce((before, one) => Usage.parse(option, textOf(kind, one), before), undefined as unknown)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    return broken(error.message.replace(/\.$/, ""))
  }
}

const unknownKey = (key: string, command: Command, isRoot: boolean): string => {
  const names = [...keysOf(command).keys(), ...command.commands.map((one) => one.name())]
  const meant = nearest(key, names)
  const of = isRoot ? "turnout, and no command of it" : `turnout ${pathOf(command)}`
  return `is no option of ${of}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`
}

const pathOf = (command: Command): string =>
  command.parent === null ? "" : `${pathOf(command.parent)} ${command.name()}`.trim()

/** The entries of an object, whose keys are options of the command and names of its commands. */
const entriesOf = (file: string, command: Command, given: Json, path: string): ReadonlyArray<Entry> => {
  const options = keysOf(command)
  return Object.entries(given).flatMap(([name, value]): ReadonlyArray<Entry> => {
    const key = path === "" ? name : `${path}.${name}`
    if (key === SCHEMA_KEY) return []
    const wrongly = (words: string) => new WrongConfiguration(`${file}: ${words}`)
    const wrong = (rule: string) => wrongly(`${key} ${rule}`)
    const own = options.get(name)
    const below = command.commands.find((one) => one.name() === name)
    if (below !== undefined && own === undefined) {
      if (!isObject(value)) throw wrong("must be an object with options of the command")
      return entriesOf(file, below, value, key)
    }
    const option = own?.find(({ negate }) => !negate) ?? own?.[0]
    if (option === undefined) throw wrong(unknownKey(name, command, path === ""))
    try {
      // `--no-description` takes away what `--description` gives.
      const isOff = value === false && own!.some(({ negate }) => negate)
      return [{ command, option, key, value: isOff ? false : parse(option, value) }]
    } catch (error) {
      if (error instanceof Broken) throw wrongly(error.inWords(key))
      throw error
    }
  })
}

/** Whether two options cannot be given together. */
export const conflict = (one: Option, other: Option): boolean => {
  const names = (option: Option) =>
    (option as unknown as { readonly conflictsWith: ReadonlyArray<string> }).conflictsWith
  return names(one).includes(other.attributeName()) || names(other).includes(one.attributeName())
}

const checkConflicts = (file: string, entries: ReadonlyArray<Entry>): void => {
  for (const [index, one] of entries.entries())
    for (const other of entries.slice(index + 1))
      if (one.command === other.command && conflict(one.option, other.option))
        throw new WrongConfiguration(`${file}: ${one.key} and ${other.key} cannot be used together`)
}

const textIn = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "it may not be read" : message
    throw new WrongConfiguration(`${file}: ${why}`)
  }
}

const documentIn = (file: string): Json => {
  const text = textIn(file)
  try {
    const document: unknown = JSON.parse(text.replace(/^\ufeff/, ""))
    if (isObject(document)) return document
  } catch (error) {
    throw new WrongConfiguration(`${file}: must be JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  throw new WrongConfiguration(`${file}: must be an object with options`)
}

/** The options that a file has. Throws `WrongConfiguration`. */
export const read = (file: string, program: Command): ReadonlyArray<Entry> => {
  const entries = entriesOf(file, program, documentIn(file), "")
  checkConflicts(file, entries)
  return entries
}

/** The keys whose values are secrets: passwords of databases, and tokens. */
export const secretsOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> =>
  entries
    .filter(({ option, value }) => {
      if (!Usage.SECRETS.has(option.long ?? "")) return false
      return option.long !== "--database" || DatabaseName.withoutSecrets(String(value)) !== value
    })
    .map(({ key }) => key)

const READABLE_BY_OTHERS = 0o004

/** Whether every user of the machine may read a file. Windows says so in other ways. */
export const isOpenToAll = (file: string): boolean =>
  process.platform !== "win32" && (statSync(file).mode & READABLE_BY_OTHERS) !== 0
