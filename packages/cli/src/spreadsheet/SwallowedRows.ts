/**
 * Rows of a CSV file that are inside a field, because a quote was not closed.
 *
 * A quote that is opened and not closed makes everything up to the next quote one field, and the rows in between a part of it.
 * The parser accepts that, since a field may have line breaks. So each field of several lines is looked at: a line that reads
 * as a row, with an e-mail address in the column where the table has it, counts as a row.
 */
import { Email } from "@turnout/core/kernel/domain/text/EmailAddress"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The number of columns of the table, the index of the one with the e-mail address, and what separates cells. */
export interface Shape {
  readonly columns: number
  readonly email: number
  readonly delimiter: string
}

const decodeEmail = Schema.decodeUnknownOption(Email)

/** Tells whether a line reads as a row of the table without its first `missing` columns. */
const isRow = (line: string, { columns, delimiter, email }: Shape, missing: number): boolean => {
  const cells = line.split(delimiter)
  const address = cells[email - missing]?.trim().replaceAll(/^"+|"+$/g, "")
  if (address === undefined || (columns > 1 && cells.length < 2)) return false
  return Option.isSome(decodeEmail(address))
}

const SHOWN = 10

const inWords = (lines: ReadonlyArray<number>): string =>
  lines.length === 1
    ? `line ${lines[0]} looks like a row`
    : lines.length > SHOWN
      ? `${lines.length} lines from ${lines[0]} to ${lines.at(-1)} look like rows`
      : `lines ${lines.slice(0, -1).join(", ")} and ${lines.at(-1)} look like rows`

/** Says what is wrong with a row that begins at a line, if a field of it seems to contain rows. */
export const swallowedBy = (record: ReadonlyArray<string>, line: number, shape: Shape): string | undefined => {
  if (shape.email < 0) return undefined
  let opened = line
  for (const [column, field] of record.entries()) {
    const texts = field.split("\n")
    const rows = texts.flatMap((text, index) => (isRow(text, shape, index === 0 ? column : 0) ? [opened + index] : []))
    const closed = opened + texts.length - 1
    if (closed > opened && rows.length > 0) {
      return `a quote that is opened in line ${opened} is closed in line ${closed}, and ${inWords(rows)} of the table by themselves; none of them is imported. Close the quote in line ${opened}, or leave the line breaks out if it is one field`
    }
    opened = closed
  }
  return undefined
}
