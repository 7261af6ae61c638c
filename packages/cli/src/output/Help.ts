/**
 * What commander prints: help on stdout, and on stderr what is wrong with the arguments, which it repeats.
 */
import type { OutputConfiguration } from "commander"
import * as Streams from "./Streams.ts"

const linesOf = (text: string): ReadonlyArray<string> => text.replace(/\n$/, "").split("\n")

/** Commander adds a suggestion in a line of its own. All else is about arguments, and is one line whatever they are. */
const errorLinesOf = (text: string): ReadonlyArray<string> => {
  const [, error = text, suggestion = ""] = /^(.*?)(\n\(Did you mean [\w ,-]+\?\))?\n$/s.exec(text) ?? []
  return [error, ...(suggestion === "" ? [] : [suggestion.slice(1)])]
}

export const configuration: OutputConfiguration = {
  writeOut: (text) => Streams.write("stdout", linesOf(text)),
  writeErr: (text) => Streams.write("stderr", linesOf(text)),
  outputError: (text) => Streams.write("stderr", errorLinesOf(text))
}
