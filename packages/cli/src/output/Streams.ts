/**
 * The one place through which the command line writes to stdout and stderr. The linter refuses others.
 *
 * It takes lines, whose text it makes visible, and documents, whose JSON it makes visible: on a terminal as in a pipe. A file that
 * is written to stdout is exact in a pipe, and made visible on a terminal.
 */
import { visible, visibleJson } from "@turnout/core/kernel/domain/text/VisibleText"
import * as Line from "./Line.ts"

export type StreamName = "stdout" | "stderr"

const writeAll = (stream: StreamName, lines: ReadonlyArray<string>, onWritten?: () => void): void =>
  void process[stream].write(`${lines.join("\n")}\n`, onWritten)

/** Writes lines. */
export const write = (stream: StreamName, lines: ReadonlyArray<Line.Line>): void =>
  writeAll(
    stream,
    lines.map((line) => Line.print(line, process[stream]))
  )

/** Writes documents that are JSON text, each in a line. Calls `onWritten` when the reader has taken them. */
export const writeJson = (stream: StreamName, documents: ReadonlyArray<string>, onWritten?: () => void): void =>
  writeAll(stream, documents.map(visibleJson), onWritten)

/** Writes a document. */
export const writeDocument = (stream: StreamName, document: unknown): void =>
  writeJson(stream, [JSON.stringify(document)])

const visibleLines = (text: string): string => text.replaceAll("\r\n", "\n").split("\n").map(visible).join("\n")

/** Writes a part of a file to stdout. The promise resolves when the reader has taken it. */
export const writePart = (text: string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(isTerminal("stdout") ? visibleLines(text) : text, () => resolve())
  })

export const isTerminal = (stream: StreamName): boolean => process[stream].isTTY

/** The number of cells in a line of the terminal; `undefined` if the stream is none, or the terminal does not tell. */
export const columns = (stream: StreamName): number | undefined =>
  isTerminal(stream) && process[stream].columns > 0 ? process[stream].columns : undefined
