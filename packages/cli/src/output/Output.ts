/**
 * The output of the commands: lines for people, or one JSON document with `--json`.
 *
 * Colours appear on a terminal only, and not if `NO_COLOR` is set. Results go to stdout, everything else to stderr. Text is
 * made visible as it is written (`Streams`), so commands give it as it is.
 */
import type { InputIssue } from "@turnout/core/kernel/application/InvalidInput"
import { inspect } from "node:util"
import * as FailureDocument from "./FailureDocument.ts"
import * as Line from "./Line.ts"
import * as Streams from "./Streams.ts"
import { Stopped, type Warning } from "../Stopped.ts"

export interface Format {
  readonly json?: boolean
  /** Whether the log has failures only. */
  readonly quiet?: boolean
}

let unread: ReadonlyArray<Line.Line> = []

/** Prints on stderr what was done, if the reader of stdout has stopped reading. */
export const tellUnread = (): void => {
  if (unread.length > 0) Streams.write("stderr", unread)
}

/** Prints the result of a change, as `result` does. If nobody reads stdout, `tellUnread` prints it on stderr. */
export const changed = (format: Format, document: unknown, lines: () => ReadonlyArray<Line.Line>): void => {
  unread = lines()
  result(format, document, lines)
}

/** Prints a result: the document with `--json`, the lines otherwise. */
export const result = ({ json }: Format, document: unknown, lines: () => ReadonlyArray<Line.Line>): void =>
  json === true ? Streams.writeDocument("stdout", document) : Streams.write("stdout", lines())

/** Prints lines that are no result, on stderr. */
export const notice = (...lines: ReadonlyArray<Line.Line>): void => Streams.write("stderr", lines)

/** The number of warnings that are shown to people one by one. */
const SHOWN = 20

/** Prints warnings on stderr. */
export const warnings = (all: ReadonlyArray<Warning>): void => {
  for (const [of, reason] of all.slice(0, SHOWN)) notice(Line.of`${Line.warning(of)} ${reason}`)
  if (all.length > SHOWN) notice(`… and ${all.length - SHOWN} more; --json lists them all`)
}

/**
 * Prints why a command failed: in words on stderr, and with `--json` as a document on stdout as well. Work that was done before
 * the failure is on stdout in any case. `messageOf` says the message in the words of the command.
 */
export const failure = (
  format: Format,
  error: unknown,
  messageOf: (message: string) => string = (message) => message
): void => {
  const document = FailureDocument.of(error, messageOf)
  const soFar = error instanceof Stopped ? error.soFar : undefined
  const lines = soFar?.lines ?? []
  if (format.json || lines.length > 0) changed(format, { ...soFar?.document, error: document }, () => lines)
  warnings(soFar?.warnings ?? [])
  notice(Line.of`${Line.error("error:")} ${String(document["message"])}`)
  // Only an unexpected error is shown with its stack.
  if (document["_tag"] === "Unexpected" && process.env["DEBUG"]) stack(error)
}

/** Prints an error with its stack. Its lines stand further right than those that begin with the word "error". */
export const stack = (error: unknown): void =>
  notice(
    ...inspect(error)
      .split("\n")
      .map((line) => `  ${line}`)
  )

/** Wrong usage as commander tells it; `issues` are the rules that are broken, each with its option or argument. */
interface WrongUsageOfOptions {
  readonly code: string
  readonly message: string
  readonly issues?: ReadonlyArray<InputIssue>
}

/** Prints the document of wrong usage; commander has already printed the words. */
export const wrongUsage = ({ code, issues, message }: WrongUsageOfOptions): void => {
  const words = code === "commander.help" ? "name a command; --help shows which there are" : message
  const document = {
    _tag: "WrongUsage",
    ...(issues === undefined ? {} : { issues }),
    message: words.replace(/^error: /, "")
  }
  Streams.writeDocument("stdout", { error: document })
}
