/**
 * The file of an import, as rows: the fields of each by name, with the number of its line.
 *
 * Contains the names that columns may have. A file that cannot be read as a table is refused as a whole; a row that cannot be read
 * has a problem, and the rows after it go on.
 */
import { CsvError, parse } from "csv-parse/sync"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { CliError } from "../../../CliError.ts"
import { lineBreaksIn, swallowedBy } from "../SwallowedRows.ts"

/** The names that a column may have, with the field that each stands for. */
const COLUMNS: ReadonlyMap<string, string> = new Map([
  ["email", "email"],
  ["attendee", "email"],
  ["id", "id"],
  ["attendee_id", "id"],
  ["name", "name"],
  ["notes", "notes"],
  ["registered_at", "registeredAt"]
])

export interface Line {
  /** The first line of the row in the file. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
  readonly key: string
  /** The reason why the row itself is refused, such as a wrong number of fields. */
  readonly problem?: string
}

/** A file as rows, and the name of the column for each field. */
export interface Table {
  readonly content: string
  readonly columns: Readonly<Record<string, string>>
  readonly lines: ReadonlyArray<Line>
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url")

const readText = (file: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file)).replaceAll(/\r\n?/g, "\n")
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(`${file} is not text in UTF-8; save or export it as UTF-8 first`)
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder, not a file" }
    throw new CliError(`${file} cannot be read: ${reasons[code ?? ""] ?? (error as Error).message}`)
  }
}

/** Says what is wrong with the row after the last one that could be read; the parser only knows where it noticed. */
const whatIsWrong = ({ code, message }: CsvError, content: string, read: number): string => {
  const rest = content.split("\n").slice(read)
  const line = read + 1 + rest.findIndex((text) => text.trim() !== "")
  return code === "CSV_QUOTE_NOT_CLOSED"
    ? `a quote that is opened in the row of line ${line} is not closed by the end of the file. Close it, or leave it out`
    : `the row of line ${line} cannot be read. ${message}. A field with quotes in it is quoted itself, and has them doubled`
}

/** Reads a file. */
export const read = (file: string): Table => {
  const content = readText(file)
  let records: ReadonlyArray<{ record: ReadonlyArray<string>; raw: string; info: { lines: number } }>
  /** The last line of the last row that could be read. */
  let read = 0
  try {
    records = parse(content, {
      on_record: (record, { lines }) => {
        read = lines
        return record
      },
      bom: true,
      info: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true
    }) as never
  } catch (error) {
    if (error instanceof CsvError) throw new CliError(`${file} is not CSV: ${whatIsWrong(error, content, read)}`)
    throw error
  }
  const [header, ...rows] = records
  if (header === undefined || rows.length === 0) {
    throw new CliError(
      `${file} has no rows; it needs a header (${[...COLUMNS.keys()].join(", ")}) and a row for each person`
    )
  }
  if (header.record.some((name) => name.includes("\n"))) {
    const last = header.info.lines
    throw new CliError(
      `${file} has a header that goes on to line ${last}: a quote that is opened in its first line is closed there. Close it where the name of the column ends`
    )
  }
  const names = header.record.map(toField)
  const columns: Record<string, string> = {}
  names.forEach((name, index) => {
    const column = header.record[index] ?? ""
    if (columns[name] !== undefined)
      throw new CliError(`columns ${columns[name]} and ${column} mean the same; keep one`)
    columns[name] = column
  })
  const seen = new Map<string, number>()
  return {
    content,
    columns,
    lines: rows.map(({ info, raw, record }) => {
      const fields = Object.fromEntries(
        record.flatMap((value, index) => (value === "" || names[index] === undefined ? [] : [[names[index], value]]))
      )
      const said = JSON.stringify(fields)
      const time = (seen.get(said) ?? 0) + 1
      seen.set(said, time)
      const line = info.lines - lineBreaksIn(raw.trim())
      const key = `import ${digest(said)} ${time}`
      const swallowed = swallowedBy(record, line, { columns: names.length, email: names.indexOf("email") })
      if (swallowed !== undefined) return { line, fields, key, problem: swallowed }
      return record.length === names.length
        ? { line, fields, key }
        : { line, fields, key, problem: `has ${record.length} fields, the header has ${names.length}` }
    })
  }
}

const toField = (name: string): string => {
  const field = COLUMNS.get(name.toLowerCase())
  if (field === undefined) {
    throw new CliError(`column ${JSON.stringify(name)} is not known; columns are ${[...COLUMNS.keys()].join(", ")}`)
  }
  return field
}
