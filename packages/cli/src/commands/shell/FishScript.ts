/**
 * The script that lets fish complete `turnout`, with descriptions.
 */
import type { CommandWords, Values, Word } from "./Words.ts"

/** A text as one word of fish. */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`

const print = (words: ReadonlyArray<string>): string =>
  words.length === 0 ? "true" : `printf '%s\\n' ${words.map(quoted).join(" ")}`

const offer = (values: Values): string => {
  switch (values._tag) {
    case "Words":
      return print(values.words)
    case "Files":
      return "__fish_complete_path (commandline -ct | string replace -r '^--[a-z-]+=' '')"
    case "Folders":
      return "__fish_complete_directories (commandline -ct | string replace -r '^--[a-z-]+=' '') ''"
    case "Unknown":
      return "true"
  }
}

/** A function that does something else in each case of its first argument. */
const cases = (name: string, rows: ReadonlyArray<readonly [text: string, does: string]>): ReadonlyArray<string> => [
  `function ${name}`,
  "  switch $argv[1]",
  ...rows.flatMap(([text, does]) => [`    case ${quoted(text)}`, `      ${does}`]),
  "  end",
  "end"
]

/** Prints each of some words with its description, which fish tells apart by a tab. */
const printDescribed = (words: ReadonlyArray<Word>): string =>
  words.length === 0
    ? "true"
    : `printf '%s\\t%s\\n' ${words.map(({ description, word }) => `${quoted(word)} ${quoted(description)}`).join(" ")}`

const tables = (all: ReadonlyArray<CommandWords>): ReadonlyArray<string> => {
  const withValues = all.flatMap(({ options, path }) =>
    options.flatMap(({ isVariadic, values, word }) =>
      values === undefined ? [] : [{ key: `${path} ${word}`.trim(), values, isVariadic }]
    )
  )
  return [
    ...cases(
      "__turnout_commands",
      all.map(({ commands, path }) => [path, printDescribed(commands)])
    ),
    ...cases(
      "__turnout_options",
      all.map(({ options, path }) => [path, printDescribed(options)])
    ),
    ...cases(
      "__turnout_argument",
      all.map(({ argument, path }) => [path, offer(argument)])
    ),
    ...cases(
      "__turnout_values",
      withValues.map(({ key, values }) => [key, offer(values)])
    ),
    ...cases(
      "__turnout_takes",
      withValues.map(({ isVariadic, key }) => [key, `echo ${isVariadic ? "many" : "one"}`])
    ),
    ...cases(
      "__turnout_is",
      all.filter(({ path }) => path !== "").map(({ path }) => [path, "echo yes"])
    )
  ]
}

const FUNCTION = String.raw`
function __turnout_complete
  set -l at ''
  set -l open ''
  set -l last ''
  set -l skip 0
  set -l arguments 0
  for word in (commandline -opc)[2..]
    set last ''
    if string match -q -- '-*=*' $word
      set open ''; set skip 0
      continue
    end
    if string match -q -- '-*' $word
      set open ''; set skip 0
      switch (__turnout_takes (string trim "$at $word"))
        case one
          set skip 1; set last $word
        case many
          set skip 1; set last $word; set open $word
      end
      continue
    end
    if test $skip = 1
      set skip 0
      continue
    end
    if test -n "$open"
      continue
    end
    if test -n (echo (__turnout_is (string trim "$at $word")))
      set at (string trim "$at $word")
    else
      set arguments (math $arguments + 1)
    end
  end
  set -l cur (commandline -ct)
  if string match -q -- '--*=*' $cur
    set -l option (string replace -r '=.*' '' -- $cur)
    __turnout_values (string trim "$at $option") | string replace -r -- '^' "$option="
  else if test -n "$last"
    __turnout_values (string trim "$at $last")
  else if string match -q -- '-*' $cur
    __turnout_options "$at"
  else if test -n "$open"
    __turnout_values (string trim "$at $open")
  else if test $arguments = 0
    __turnout_commands "$at"
    __turnout_argument "$at"
  end
end

complete -c turnout -f -a '(__turnout_complete)'`

export const make = (all: ReadonlyArray<CommandWords>): string =>
  ["# Completion of turnout for fish.", ...tables(all), FUNCTION, ""].join("\n")
