/**
 * Options of a list that is shown page by page.
 */
import { Option } from "commander"
import { wholeNumber } from "./Numbers.ts"

export const limit = (): Option =>
  new Option("--limit <n>", "at most this many").default(50).argParser(wholeNumber(1, 500))
export const cursor = (): Option => new Option("--cursor <cursor>", "continue after the page before")
export const total = (): Option => new Option("--total", "count all of them, which takes longer")
