/**
 * The output of the commands: lines for people, or one JSON document with `--json`.
 *
 * Colours appear on a terminal only, and not if `NO_COLOR` is set. Results go to stdout, everything else to stderr. Text is
 * made visible as it is written (`Streams`), so commands give it as it is.
 */
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import { SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/delivery/ports/OutboxOperations"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import { ReplayNotFound, ReplayNotOpen } from "@turnout/core/delivery/ports/Replays"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { TooManySecrets, WebhookNotFound } from "@turnout/core/webhooks/ports/WebhookStore"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import * as Advice from "./Advice.ts"
import { CliError } from "../CliError.ts"
import * as Line from "./Line.ts"
import * as Streams from "./Streams.ts"
import { Stopped, type Warning } from "../Stopped.ts"

export interface Format {
  readonly json?: boolean
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

/** The beginning of a text, as much as fits into a table. No escape is cut, and no character that people see as one. */
export const shortened = (text: string, length = 60): string => {
  const whole = visible(text)
  if (whole.length <= length) return whole
  let beginning = ""
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, length))) {
    const next = beginning + visible(segment)
    if (next.length >= length) break
    beginning = next
  }
  return `${beginning}…`
}

/** A length of time in words. */
export const duration = (millis: number): string => {
  const seconds = Math.round(millis / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

const encodeRejection = Schema.encodeSync(Schema.toCodecJson(Rejection.Rejection))
const isRejection = Schema.is(Rejection.Rejection)

/** Errors about requests of operators, whose fields go into the document. */
const OPERATORS_ERRORS = [
  SinkNotFound,
  StreamNotBlocked,
  StreamMovedOn,
  ReplayNotFound,
  ReplayNotOpen,
  WebhookNotFound,
  TooManySecrets
]

/** The message of an error of the store, with the store's own words. */
const ofStore = ({ message, reason, words }: StoreError): string => {
  // A connection that cannot be made has a reason that says what to look at.
  if (reason._tag === "Unavailable" && reason.cause instanceof Error && reason.cause.name === "CannotConnect")
    return `The database cannot be reached, so nothing has changed: ${words}.`
  return message.includes(words) ? message : `${message} Cause: ${words}`
}

const documentOf = (error: unknown): Record<string, unknown> => {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Stopped) return { ...documentOf(error.cause), message }
  const partly = PartlyDone.find(error)
  if (partly !== undefined) return { ...documentOf(partly.cause), done: partly.done, message: partly.message }
  if (isRejection(error)) return { ...(encodeRejection(error) as object), message }
  if (error instanceof InvalidInput) return { _tag: error._tag, issues: error.issues, message }
  if (OPERATORS_ERRORS.some((kind) => error instanceof kind)) return { ...(error as object), message }
  if (error instanceof QueueUnavailable) return { _tag: error._tag, message }
  if (error instanceof StoreError) return { _tag: error.reason._tag, message: ofStore(error) }
  if (error instanceof Overloaded) return { _tag: error._tag, message }
  if (error instanceof CliError) return { _tag: "Failed", ...error.details, message }
  return { _tag: "Unexpected", message }
}

/** The document of an error, whose message ends with the command that helps. */
const withAdvice = (error: unknown): Record<string, unknown> => {
  const document = documentOf(error)
  const advice = Advice.of(error)
  return advice === undefined ? document : { ...document, message: `${String(document["message"])} ${advice}` }
}

/** The number of warnings that are shown to people one by one. */
const SHOWN = 20

/** Prints warnings on stderr. */
export const warnings = (all: ReadonlyArray<Warning>): void => {
  for (const [of, reason] of all.slice(0, SHOWN)) notice(Line.of`${Line.warning(of)} ${reason}`)
  if (all.length > SHOWN) notice(`… and ${all.length - SHOWN} more; --json lists them all`)
}

/**
 * Prints why a command failed: in words on stderr, and with `--json` as a document on stdout as well. Work that was done before
 * the failure is on stdout in any case.
 */
export const failure = (format: Format, error: unknown): void => {
  const document = withAdvice(error)
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

/** Prints the document of wrong usage; commander has already printed the words. */
export const wrongUsage = ({ code, message }: { readonly code: string; readonly message: string }): void => {
  const words = code === "commander.help" ? "name a command; --help shows which there are" : message
  const document = { _tag: "WrongUsage", message: words.replace(/^error: /, "") }
  Streams.writeDocument("stdout", { error: document })
}
