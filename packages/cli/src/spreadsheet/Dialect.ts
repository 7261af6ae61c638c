/**
 * The character that separates the cells of a spreadsheet: a comma, a semicolon, a tab or a bar.
 *
 * A first line `sep=;`, which Excel writes and reads, names it. Otherwise it is the one with which a header is found, and with
 * the most columns if there are several.
 */
import * as Header from "./Header.ts"
import * as Rows from "./Rows.ts"

const DELIMITERS = [",", ";", "\t", "|"] as const

export interface Dialect {
  readonly delimiter: string
  /** Whether the first line names the delimiter, and is no row. */
  readonly isNamed: boolean
  /** The rows at the beginning of the text. */
  readonly rows: ReadonlyArray<Rows.Row>
}

const NAMED = /^"?sep=([^\r\n"])"?[,;\t|]*(?:\r\n?|\n|$)/i

const rowsOf = (text: string, isWhole: boolean, delimiter: string): ReadonlyArray<Rows.Row> => {
  const reader = Rows.make(delimiter)
  return [...reader.read(text), ...(isWhole ? reader.end() : [])]
}

const widest = (all: ReadonlyArray<Dialect>, widthOf: (dialect: Dialect) => number): Dialect =>
  all.reduce((best, one) => (widthOf(one) > widthOf(best) ? one : best))

const cellsOf = (row: Rows.Row | undefined): number => row?.cells.length ?? 0

/** Detects the dialect of a spreadsheet by the text at its beginning, which is all of it if `isWhole`. */
export const detect = (text: string, isWhole: boolean): Dialect => {
  const named = NAMED.exec(text)?.[1]
  if (named !== undefined) {
    const rows = rowsOf(text, isWhole, named).filter(({ line }) => line > 1)
    return { delimiter: named, isNamed: true, rows }
  }
  const all = DELIMITERS.map((delimiter) => ({ delimiter, isNamed: false, rows: rowsOf(text, isWhole, delimiter) }))
  const found = widest(all, ({ rows }) => cellsOf(Header.find(rows)))
  if (Header.find(found.rows) !== undefined) return found
  // No delimiter shows a header. Messages show the first row by the one with the most cells, unless all cells are empty by one.
  const empty = all.find(({ rows }) => rows.every(({ cells, fault }) => fault === undefined && Rows.isBlank(cells)))
  if (empty !== undefined) return empty
  return widest(all, ({ rows }) => cellsOf(rows.find(({ cells }) => !Rows.isBlank(cells))))
}
