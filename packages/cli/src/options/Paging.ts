/**
 * Options of a list that is shown page by page.
 */
import { DEFAULT_LIMIT, MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import { Option } from "commander"
import { wholeNumber } from "./Numbers.ts"

export const limit = (): Option =>
  new Option("--limit <n>", "at most this many").default(DEFAULT_LIMIT).argParser(wholeNumber(1, MAX_LIMIT))
export const cursor = (): Option => new Option("--cursor <cursor>", "continue after the page before")
export const total = (): Option => new Option("--total", "count all of them, which takes longer")
