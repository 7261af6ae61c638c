/**
 * The rows of a spreadsheet as people: each with the fields that it has, or with what is wrong with it.
 */
import { plain } from "@turnout/core/kernel/domain/text/SpreadsheetCell"
import { isCancelled } from "./CancelledStates.ts"
import { UNREADABLE } from "./Encoding.ts"
import type { Header } from "./Header.ts"
import * as Rows from "./Rows.ts"
import { swallowedBy } from "./SwallowedRows.ts"

/** The fields of a person that a spreadsheet can have. */
export type PersonField = "email" | "id" | "name" | "notes" | "registeredAt"

export interface Person {
  /** The line where the row begins. */
  readonly line: number
  /** The fields that are not empty. */
  readonly fields: Readonly<Partial<Record<PersonField, string>>>
  /** The reason for which the row cannot be used. */
  readonly fault?: string
}

/** A person; a row of a registration that is cancelled; or nothing, for a row that does not count. */
export type Reading = Person | "cancelled" | undefined

export interface Shape {
  readonly header: Header
  readonly delimiter: string
  readonly encoding: string
  /** Whether all bytes of the file belong to its encoding: then U+FFFD is a character of the text. */
  readonly isSound: boolean
}

const UUID = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/i

const PLAIN_FIELDS = ["email", "id", "notes", "registeredAt"] as const

/** Says how to read characters that do not belong to the encoding. */
export const unreadable = (encoding: string): string =>
  `has characters that are not ${encoding}. Say which encoding the file has, such as --encoding windows-1252 for a file of Excel, or save it as UTF-8`

/** Makes the function that reads a row. Rows up to the header do not count. */
export const reader = ({ delimiter, encoding, header, isSound }: Shape): ((row: Rows.Row) => Reading) => {
  const { columns, names } = header
  const swallowing = { columns: names.length, email: columns.email ?? -1, delimiter }
  const needed = Object.values(columns)

  /**
   * Tells whether a row is one of an export, as it was written. Its notes may have lines that read as rows: a field that has taken
   * in another row of an export has an id of a registration in it.
   */
  const isExported = (cells: ReadonlyArray<string>): boolean =>
    columns.registration !== undefined &&
    UUID.test(cells[columns.registration] ?? "") &&
    !cells.some((cell) => cell.includes("\n") && UUID.test(cell))

  const faultOf = ({ cells, fault, line }: Rows.Row): string | undefined => {
    if (fault !== undefined) return fault
    const isSuspect = cells.some((cell) => cell.includes("\n")) && !isExported(cells)
    const swallowed = isSuspect ? swallowedBy(cells, line, swallowing) : undefined
    if (swallowed !== undefined) return swallowed
    const last = cells.findLastIndex((cell) => cell.trim() !== "")
    if (last >= names.length)
      return `has ${last + 1} fields, the header has ${names.length}. Quote a field with ${JSON.stringify(delimiter)} in it`
    const bad = isSound ? undefined : needed.find((column) => cells[column]?.includes(UNREADABLE))
    return bad === undefined ? undefined : `${names[bad]}: ${unreadable(encoding)}`
  }

  return (row) => {
    const { cells, line } = row
    if (line <= header.line || (row.fault === undefined && Rows.isBlank(cells))) return undefined
    const fault = faultOf(row)
    if (fault !== undefined) return { line, fields: {}, fault }
    const valueOf = (column: number | undefined) =>
      column === undefined ? "" : plain((cells[column] ?? "").trim()).trim()
    if (isCancelled(valueOf(columns.state))) return "cancelled"
    const name =
      columns.name === undefined
        ? [valueOf(columns.first), valueOf(columns.last)].filter((part) => part !== "").join(" ")
        : valueOf(columns.name)
    const fields: Partial<Record<PersonField, string>> = name === "" ? {} : { name }
    for (const field of PLAIN_FIELDS) {
      const value = valueOf(columns[field])
      if (value !== "") fields[field] = value
    }
    return { line, fields }
  }
}

/** The names of the columns as the file has them, by field. */
export const columnsOf = ({ columns, names }: Header): Readonly<Record<string, string>> => {
  const parts = [columns.first, columns.last].flatMap((column) => (column === undefined ? [] : [names[column]!]))
  const named = Object.entries(columns).map(([field, column]) => [field, names[column]!] as const)
  return { ...(parts.length === 0 ? {} : { name: parts.join(" and ") }), ...Object.fromEntries(named) }
}
