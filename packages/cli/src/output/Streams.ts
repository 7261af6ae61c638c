/**
 * The one place through which the command line writes to stdout and stderr. The linter refuses others.
 *
 * It takes lines, whose text it makes visible, and documents, whose JSON it makes visible: on a terminal as in a pipe.
 */
import { visibleJson } from "@turnout/core/kernel/domain/VisibleText"
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

export const isTerminal = (stream: StreamName): boolean => process[stream].isTTY
