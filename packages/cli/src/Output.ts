/**
 * What the commands print: text for people, or one JSON document with `--json`.
 *
 * Colours appear on a terminal only, and not if `NO_COLOR` is set. Results go to stdout, everything else to stderr.
 */
import { InvalidInput } from "@turnout/core/application/InvalidInput"
import * as Rejection from "@turnout/core/domain/Rejection"
import { SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/ports/OutboxOperations"
import { QueueUnavailable } from "@turnout/core/ports/Queue"
import { ReplayNotFound, ReplayNotOpen } from "@turnout/core/ports/Replays"
import { StoreError } from "@turnout/core/ports/StoreError"
import { WebhookNotFound } from "@turnout/core/ports/WebhookStore"
import Table from "cli-table3"
import * as Schema from "effect/Schema"
import { styleText } from "node:util"
import { CliError } from "./CliError.ts"

export interface Format {
  readonly json?: boolean
}

const style = (format: Parameters<typeof styleText>[0], text: string, stream: NodeJS.WriteStream): string =>
  styleText(format, text, { stream })

export const heading = (text: string): string => style("bold", text, process.stdout)
export const faint = (text: string): string => style("dim", text, process.stdout)
export const notice = (text: string): string => style("bold", text, process.stderr)
export const warning = (text: string): string => style("yellow", text, process.stderr)

/** Prints a result: the document with `--json`, the lines otherwise. */
export const result = ({ json }: Format, document: unknown, lines: () => ReadonlyArray<string>): void => {
  process.stdout.write(json ? `${JSON.stringify(document)}\n` : `${lines().join("\n")}\n`)
}

/** As much of a text as fits into a table. */
export const shortened = (text: string, length = 60): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

/** A time in words. */
export const duration = (millis: number): string => {
  const seconds = Math.round(millis / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** Rows under a heading, without lines between them. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string | number>>): string => {
  const none = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" }
  const edges = { top: "", "top-mid": "", "top-left": "", "top-right": "" }
  const bottom = { bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" }
  const printed = new Table({
    head: head.map(heading),
    chars: { ...none, ...edges, ...bottom, left: "", right: "", middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 }
  })
  printed.push(...rows.map((row) => row.map(String)))
  return printed.toString()
}

const encodeRejection = Schema.encodeSync(Schema.toCodecJson(Rejection.Rejection))
const isRejection = Schema.is(Rejection.Rejection)

/** What operators ask for and cannot have. */
const OPERATORS_ERRORS = [SinkNotFound, StreamNotBlocked, StreamMovedOn, ReplayNotFound, ReplayNotOpen, WebhookNotFound]

const documentOf = (error: unknown): Record<string, unknown> => {
  const message = error instanceof Error ? error.message : String(error)
  if (isRejection(error)) return { ...(encodeRejection(error) as object), message }
  if (error instanceof InvalidInput) return { _tag: error._tag, issues: error.issues, message }
  if (OPERATORS_ERRORS.some((kind) => error instanceof kind)) return { ...(error as object), message }
  if (error instanceof QueueUnavailable) return { _tag: error._tag, message }
  if (error instanceof StoreError) return { _tag: error.reason._tag, message }
  if (error instanceof CliError) return { _tag: "Failed", message }
  return { _tag: "Unexpected", message }
}

/** Prints why a command failed: in words on stderr, and with `--json` as a document on stdout as well. */
export const failure = ({ json }: Format, error: unknown): void => {
  const document = documentOf(error)
  if (json) process.stdout.write(`${JSON.stringify({ error: document })}\n`)
  process.stderr.write(`${style("red", "error:", process.stderr)} ${String(document["message"])}\n`)
  // Only what nobody foresaw is worth its stack.
  if (document["_tag"] === "Unexpected" && process.env["DEBUG"]) console.error(error)
}
