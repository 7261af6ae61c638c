/**
 * The file of an import, as rows: the people of a spreadsheet.
 *
 * A file that cannot be read as a table is refused as a whole; a row that cannot be read has a problem, and the rows after it go on.
 * All rows are read before the first change, since one person may have several of them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CliError } from "../../../CliError.ts"
import type { Person } from "../../../spreadsheet/People.ts"
import * as Spreadsheet from "../../../spreadsheet/Spreadsheet.ts"

export interface Line {
  /** The first line of the row in the file. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
  /** The reason why the row itself is refused, such as a bad quote. */
  readonly problem?: string
}

/** A file as rows, and the name of the column for each field. */
export interface Table extends Pick<Spreadsheet.Spreadsheet, "name" | "columns" | "remarks"> {
  readonly lines: ReadonlyArray<Line>
}

const toLine = ({ fault, fields, line }: Person): Line => ({
  line,
  fields,
  ...(fault === undefined ? {} : { problem: fault })
})

const toCliError = (error: unknown): CliError =>
  error instanceof CliError ? error : new CliError(error instanceof Error ? error.message : String(error))

/** Reads a file, or standard input for `-`. */
export const read = Effect.fnUntraced(function* (
  file: string,
  options: Spreadsheet.SpreadsheetOptions
): Effect.fn.Return<Table, CliError, Scope.Scope> {
  const { columns, name, read, remarks } = yield* Spreadsheet.open(file, options)
  const parts = yield* Stream.runCollect(Stream.fromAsyncIterable(read(), toCliError))
  return { columns, name, remarks, lines: parts.flat().map(toLine) }
})
