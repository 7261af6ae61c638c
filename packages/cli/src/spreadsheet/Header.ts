/**
 * The header of a spreadsheet: the row that names its columns, and the field that each of them stands for.
 *
 * The header is the first row with a column for e-mail addresses. Rows above it, such as a title, are skipped, unless one of them
 * has an e-mail address: then the spreadsheet has people and no header. Columns that no field needs are left out by name.
 */
import { Email } from "@turnout/core/kernel/domain/text/EmailAddress"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CliError } from "../CliError.ts"
import * as ColumnNames from "./ColumnNames.ts"
import { isBlank, type Row } from "./Rows.ts"

/** The rows with a cell among which the header is looked for. */
export const MAX_ROWS_ABOVE = 20

export interface Header {
  /** The line where the header begins. */
  readonly line: number
  /** The names of the columns, up to the last one that has a name. */
  readonly names: ReadonlyArray<string>
  /** The index of the column of each field that there is. */
  readonly columns: Readonly<Partial<Record<ColumnNames.Field, number>>>
  /** Sentences about what was skipped and left out. */
  readonly remarks: ReadonlyArray<string>
}

const decodeEmail = Schema.decodeUnknownOption(Email)
const isEmail = (cell: string): boolean => cell.includes("@") && Option.isSome(decodeEmail(cell))

const SHOWN = 6

const quoted = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)

const listed = (names: ReadonlyArray<string>): string => {
  const shown = names.slice(0, SHOWN).map(quoted)
  return names.length > SHOWN ? `${shown.join(", ")} and ${names.length - SHOWN} more` : shown.join(", ")
}

const NAME_IT = 'Name the columns in the first row, such as "email,name,notes"; one of them must be "email"'

const isHeader = ({ cells }: Row): boolean => cells.some((cell) => ColumnNames.fieldOf(cell) === "email")

/** Finds the header among the first rows of a spreadsheet, which may have blank ones among them. */
export const find = (rows: ReadonlyArray<Row>): Row | undefined => {
  const filled = rows.filter((row) => row.fault !== undefined || !isBlank(row.cells)).slice(0, MAX_ROWS_ABOVE + 1)
  const person = filled.findIndex(({ cells }) => cells.some(isEmail))
  const header = filled.findIndex(isHeader)
  if (header < 0 || (person >= 0 && person < header)) return undefined
  return filled[header]
}

/** Says why no header was found. */
export const missing = (rows: ReadonlyArray<Row>): string => {
  const filled = rows.filter((row) => row.fault !== undefined || !isBlank(row.cells))
  const [first] = filled
  if (first === undefined) return `has no rows: it is empty. ${NAME_IT}, and write a row for each person`
  const bad = filled.find(({ fault }) => fault !== undefined)
  if (bad !== undefined && bad === first) return `has no header that can be read: in line ${bad.line}, ${bad.fault}`
  const seen = first.cells.filter((cell) => cell.trim() !== "")
  const hasPeople = filled.some(({ cells }) => cells.some(isEmail))
  return hasPeople
    ? `has no header: line ${first.line} is ${listed(seen)}. ${NAME_IT}`
    : `has no column for e-mail addresses: line ${first.line} is ${listed(seen)}. ${NAME_IT}`
}

/** The column of each field. Throws a `CliError` if a field has two; only of several columns with a state, the first is taken. */
const columnsOf = (names: ReadonlyArray<string>): Partial<Record<ColumnNames.Field, number>> => {
  const columns: Partial<Record<ColumnNames.Field, number>> = {}
  names.forEach((name, index) => {
    const field = ColumnNames.fieldOf(name)
    if (field === undefined) return
    const other = columns[field]
    if (other === undefined) columns[field] = index
    else if (field !== "state")
      throw new CliError(
        `has two columns that mean the same, ${quoted(names[other]!)} and ${quoted(name)}; keep one of them, or rename the other`
      )
  })
  // The number of an answer would be the id of another person in the next form.
  if (ColumnNames.areAnswers(names)) delete columns.id
  if (columns.name !== undefined && columns.last === undefined && columns.first !== undefined) {
    // Beside a first name, "Name" and "Nom" are the last name.
    columns.last = columns.name
    delete columns.name
  } else if (columns.name !== undefined) {
    delete columns.first
    delete columns.last
  }
  return columns
}

const rowsAbove = (rows: ReadonlyArray<Row>, header: Row): ReadonlyArray<string> => {
  const above = rows.filter(({ cells, fault, line }) => line < header.line && (fault !== undefined || !isBlank(cells)))
  if (above.length === 0) return []
  const texts = above.map(({ cells, line }) => `line ${line}, ${quoted(cells.filter((cell) => cell !== "").join(" "))}`)
  const [what, is] = above.length === 1 ? ["row", "is"] : ["rows", "are"]
  const shown = texts.length > SHOWN ? [...texts.slice(0, SHOWN), `and ${texts.length - SHOWN} more`] : texts
  return [`The header is line ${header.line}; the ${what} above it ${is} skipped: ${shown.join("; ")}.`]
}

const SEPARATORS = /[\n,;\t|]/

/** Throws a `CliError` if a name has a person in it: then a quote of the header is closed in a later row. */
const refusePeople = ({ cells, line }: Row): void => {
  if (!cells.some((cell) => cell.includes("\n") && cell.split(SEPARATORS).some(isEmail))) return
  const last = line + cells.join("").split("\n").length - 1
  throw new CliError(
    `has a header that goes on to line ${last}: a quote that is opened in line ${line} is closed there. Close it where the name of the column ends`
  )
}

/** Reads the header among the first rows. Throws a `CliError` if it goes on in other rows, or if columns are ambiguous. */
export const read = (rows: ReadonlyArray<Row>, row: Row): Header => {
  refusePeople(row)
  const trimmed = row.cells.map((cell) => cell.trim())
  const width = trimmed.findLastIndex((name) => name !== "") + 1
  const names = trimmed.slice(0, width)
  const columns = columnsOf(names)
  const used = new Set(Object.values(columns))
  const unused = names.flatMap((name, index) => {
    if (used.has(index) || ColumnNames.isPassedOver(name)) return []
    return [name === "" ? `column ${index + 1}, which has no name` : quoted(name)]
  })
  const [what, is] = unused.length === 1 ? ["Column", "is"] : ["Columns", "are"]
  return {
    line: row.line,
    names,
    columns,
    remarks: [
      ...rowsAbove(rows, row),
      ...(unused.length === 0 ? [] : [`${what} that nothing needs ${is} left out: ${unused.join(", ")}.`])
    ]
  }
}
