/**
 * The file of an import, as rows: the people of a spreadsheet.
 *
 * A file that cannot be read as a table is refused as a whole; a row that cannot be read has a fault, and the rows after it go on.
 * All rows are read before the first change, since one person may have several of them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CliError } from "../../../CliError.ts"
import type * as People from "../../../spreadsheet/People.ts"
import * as Spreadsheet from "../../../spreadsheet/Spreadsheet.ts"

/** A row of the file, with the line where it begins. */
export type Line = People.Person

/** A file as rows, and the name of the column for each field. */
export interface Table extends Pick<Spreadsheet.Spreadsheet, "name" | "columns" | "remarks"> {
  readonly lines: ReadonlyArray<Line>
}

/** Reads a file, or standard input for `-`. */
export const read = Effect.fnUntraced(function* (
  file: string,
  options: Spreadsheet.SpreadsheetOptions
): Effect.fn.Return<Table, CliError, Scope.Scope> {
  const { columns, name, read, remarks } = yield* Spreadsheet.open(file, options)
  const parts = yield* Stream.runCollect(Stream.fromAsyncIterable(read(), (error) => error)).pipe(
    Effect.catch((error) => (error instanceof CliError ? Effect.fail(error) : Effect.die(error)))
  )
  return { columns, name, remarks, lines: parts.flat() }
})
