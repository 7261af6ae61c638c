/**
 * Options of a list that is shown page by page. Every page that is not the last one has a cursor, at which the next one begins.
 */
import { DEFAULT_LIMIT, MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import { Option } from "commander"
import { wholeNumber } from "./Numbers.ts"

export const limit = (): Option =>
  new Option("--limit <n>", "at most this many").default(DEFAULT_LIMIT).argParser(wholeNumber(1, MAX_LIMIT))

/** The cursor of a list. `parse` reads that of a list whose cursors are the keys of its items. */
export const cursor = <Key>(parse?: (text: string) => Key): Option => {
  const option = new Option("--cursor <cursor>", "continue after the page before, which has told it")
  return parse === undefined ? option : option.argParser(parse)
}

/** Reads the cursor of a list whose items are numbered. */
export const numbered = wholeNumber(1, Number.MAX_SAFE_INTEGER)

export const total = (): Option => new Option("--total", "count all of them, which takes longer")
