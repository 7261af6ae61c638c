/**
 * The rows of a spreadsheet: text, which comes in pieces, as rows of cells, or as faults where the text is no row.
 *
 * Cells are written as in RFC 4180, with any delimiter, and with any line ends: CRLF, LF, CR, or all of them. Blanks around a cell
 * do not belong to it, unless they are within quotes. Line breaks within a cell are read as LF.
 *
 * A fault ends at the line where the bad quote is opened, and the line after it begins the next row. So such a quote costs its own
 * row and no other. A row has at most `MAX_CHARACTERS`, which bounds the memory of the reader and the text that a quote can swallow.
 *
 * Libraries for CSV, those of Effect and csv-parse among them, end at such a quote, or take the text up to the next quote for its
 * field. So the rows are read here; the tests compare those of sound text with the rows that Effect reads.
 */
import { count } from "../output/Words.ts"

/** The most characters of a row. */
export const MAX_CHARACTERS = 64 * 1024

/** A row of cells, or what is wrong with it. */
export interface Row {
  /** The line where it begins, counted from 1; of a row with a bad quote, the line where that is opened. */
  readonly line: number
  readonly cells: ReadonlyArray<string>
  readonly fault?: string
}

/** Reads the text of a spreadsheet in pieces. Each piece completes some rows; `end` gives the last ones. */
export interface Reader {
  readonly read: (text: string) => ReadonlyArray<Row>
  readonly end: () => ReadonlyArray<Row>
}

const QUOTE = '"'
const MOST = `${count(MAX_CHARACTERS)} characters`
const TOO_LONG = `the line has more than ${MOST}`

/** The outcome of reading a row: its cells, a fault, or a quote that is open and needs more text; and the lines that it takes. */
type Outcome = { readonly lines: number } & (
  { readonly cells: ReadonlyArray<string> } | { readonly fault: string } | { readonly open: true }
)

const isSpace = (character: string | undefined, delimiter: string): boolean =>
  (character === " " || character === "\t" || character === "\u00A0") && character !== delimiter

const QUOTED_WITHIN =
  "a quote is in a field that is not quoted itself. Quote the whole field, and double the quotes that belong to it"

const goesOn = (opened: number, closed: number): string =>
  opened === closed
    ? "a field goes on after the quote that closes it. Double the quotes that belong to the field"
    : `a quote that is opened in line ${opened} is closed in line ${closed}, before the field ends. Close it where the field ends`

const notClosed = (opened: number, where: string): string =>
  `a quote that is opened in line ${opened} is not closed ${where}. Close it, or leave it out`

/** Tells whether no cell has anything in it but blanks. Such a row does not count. */
export const isBlank = (cells: ReadonlyArray<string>): boolean => cells.every((cell) => cell.trim() === "")

/** Reads the row that begins at `from`, the line of that number. */
const readRow = (all: ReadonlyArray<string>, from: number, number: number, delimiter: string): Outcome => {
  const cells: Array<string> = []
  let index = from
  let text = all[index]!
  let at = 0
  for (;;) {
    let start = at
    while (isSpace(text[start], delimiter)) start += 1
    if (text[start] === QUOTE) {
      /** The lines up to the one where the quote is opened. */
      const lines = index - from + 1
      const opened = number + index - from
      let value = ""
      at = start + 1
      for (;;) {
        const quote = text.indexOf(QUOTE, at)
        if (quote < 0) {
          value += `${text.slice(at)}\n`
          index += 1
          at = 0
          if (index >= all.length) return { open: true, lines }
          text = all[index]!
        } else if (text[quote + 1] === QUOTE) {
          value += text.slice(at, quote + 1)
          at = quote + 2
        } else {
          value += text.slice(at, quote)
          at = quote + 1
          break
        }
      }
      cells.push(value)
      while (isSpace(text[at], delimiter)) at += 1
      if (at < text.length && text[at] !== delimiter) return { fault: goesOn(opened, number + index - from), lines }
    } else {
      const next = text.indexOf(delimiter, start)
      at = next < 0 ? text.length : next
      const value = text.slice(start, at)
      if (value.includes(QUOTE)) return { fault: QUOTED_WITHIN, lines: index - from + 1 }
      cells.push(value.trim())
    }
    if (at >= text.length) return { cells, lines: index - from + 1 }
    at += 1
  }
}

const lineEnds = /\r\n?|\n/g

/** Makes a reader of text whose cells are separated by `delimiter`, one character. */
export const make = (delimiter: string): Reader => {
  /** Text after the last whole line, and lines that have not become rows yet. */
  let rest = ""
  let waiting: Array<string> = []
  /** The number of the first line that waits. */
  let number = 1
  /** Whether a line is being skipped, because it is too long. */
  let isSkipping = false

  const addLines = (text: string, isEnd: boolean): void => {
    let begin = 0
    const add = (line: string) => {
      if (isSkipping) isSkipping = false
      else waiting.push(line)
    }
    lineEnds.lastIndex = 0
    for (let found = lineEnds.exec(text); found !== null; found = lineEnds.exec(text)) {
      // The LF of this CR may be the first character of the next piece.
      if (!isEnd && found[0] === "\r" && lineEnds.lastIndex === text.length) break
      add(text.slice(begin, found.index))
      begin = lineEnds.lastIndex
    }
    rest = text.slice(begin)
    if (isEnd && (rest !== "" || isSkipping)) add(rest)
  }

  const takeRows = (isEnd: boolean): ReadonlyArray<Row> => {
    const rows: Array<Row> = []
    let first = 0
    while (first < waiting.length) {
      const line = number + first
      const isTooLong = waiting[first]!.length > MAX_CHARACTERS
      const outcome: Outcome = isTooLong ? { fault: TOO_LONG, lines: 1 } : readRow(waiting, first, line, delimiter)
      const last = line + outcome.lines - 1
      if ("cells" in outcome) rows.push({ line, cells: outcome.cells })
      else if ("fault" in outcome) rows.push({ line: last, cells: [], fault: outcome.fault })
      else {
        const characters = waiting.slice(first).reduce((sum, text) => sum + text.length + 1, rest.length)
        if (!isEnd && characters <= MAX_CHARACTERS) break
        const where = isEnd ? "by the end of the file" : `within ${MOST}`
        rows.push({ line: last, cells: [], fault: notClosed(last, where) })
      }
      first += outcome.lines
    }
    waiting = waiting.slice(first)
    number += first
    return rows
  }

  const tooLong = (): ReadonlyArray<Row> => {
    if (rest.length <= MAX_CHARACTERS || waiting.length > 0) return []
    rest = ""
    if (isSkipping) return []
    isSkipping = true
    number += 1
    return [{ line: number - 1, cells: [], fault: TOO_LONG }]
  }

  return {
    read: (text) => {
      addLines(rest + text, false)
      const rows = takeRows(false)
      return [...rows, ...tooLong()]
    },
    end: () => {
      addLines(rest, true)
      rest = ""
      return takeRows(true)
    }
  }
}
