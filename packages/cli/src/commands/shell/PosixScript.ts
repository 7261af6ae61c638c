/**
 * The tables of the scripts for bash and zsh, as functions of the shell: which words there are at a place, and what follows an option.
 * Both shells read them alike, also bash 3.2, which has no associative arrays.
 */
import type { CommandWords, Values } from "./Words.ts"

/** A text as one word of a shell. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Prints each of some words in a line of its own. */
const print = (words: ReadonlyArray<string>): string =>
  words.length === 0 ? ":" : `printf '%s\\n' ${words.map(quoted).join(" ")}`

/** A function that does something else in each case of its first argument. */
const cases = (name: string, rows: ReadonlyArray<readonly [text: string, does: string]>): ReadonlyArray<string> => [
  `${name}() {`,
  `  case "$1" in`,
  ...rows.map(([text, does]) => `    ${quoted(text)}) ${does} ;;`),
  "  esac",
  "}"
]

/** What to complete: words, or a word for the kind of names that the shell knows itself. */
const offer = (values: Values): string => {
  switch (values._tag) {
    case "Words":
      return print(values.words)
    case "Files":
      return "printf '%s\\n' @files"
    case "Folders":
      return "printf '%s\\n' @folders"
    case "Unknown":
      return ":"
  }
}

/**
 * The functions `_turnout_commands PATH`, `_turnout_options PATH`, `_turnout_argument PATH`, `_turnout_values "PATH OPTION"`,
 * `_turnout_takes "PATH OPTION"` (`one` or `many` if values follow) of a script. `show` gives a word as the shell shows it.
 */
export const tables = (
  all: ReadonlyArray<CommandWords>,
  show: (word: string, description: string) => string
): ReadonlyArray<string> => {
  const withValues = all.flatMap(({ options, path }) =>
    options.flatMap(({ isVariadic, values, word }) =>
      values === undefined ? [] : [{ key: `${path} ${word}`.trim(), values, isVariadic }]
    )
  )
  return [
    ...cases(
      "_turnout_commands",
      all
        .filter(({ commands }) => commands.length > 0)
        .map(({ commands, path }) => [path, print(commands.map((one) => show(one.word, one.description)))])
    ),
    ...cases(
      "_turnout_options",
      all.map(({ options, path }) => [path, print(options.map((one) => show(one.word, one.description)))])
    ),
    ...cases(
      "_turnout_argument",
      all.filter(({ argument }) => argument._tag !== "Unknown").map(({ argument, path }) => [path, offer(argument)])
    ),
    ...cases(
      "_turnout_values",
      withValues.filter(({ values }) => values._tag !== "Unknown").map(({ key, values }) => [key, offer(values)])
    ),
    ...cases(
      "_turnout_takes",
      withValues.map(({ isVariadic, key }) => [key, `echo ${isVariadic ? "many" : "one"}`])
    ),
    ...cases(
      "_turnout_is",
      all.filter(({ path }) => path !== "").map(({ path }) => [path, "return 0"])
    ).toSpliced(-2, 2, "    *) return 1 ;;", "  esac", "}")
  ]
}
