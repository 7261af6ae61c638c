/**
 * A list of people as a spreadsheet program saves it, read row by row.
 *
 * `open` finds out the encoding, the delimiter and the header, and reads the file once, to notice what its reader should know. It
 * fails if something is wrong with the file as a whole, before anything is changed. `read` reads the file again and gives the
 * people; a row that something is wrong with has a fault. Neither holds more than a few rows in memory.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CliError } from "../CliError.ts"
import * as Dialect from "./Dialect.ts"
import * as Encoding from "./Encoding.ts"
import * as FileKind from "./FileKind.ts"
import * as Header from "./Header.ts"
import * as Mojibake from "./Mojibake.ts"
import * as People from "./People.ts"
import * as Rows from "./Rows.ts"
import * as Source from "./Source.ts"

export interface SpreadsheetOptions {
  /** The encoding; without it, that is found out. */
  readonly encoding?: string
}

export interface Spreadsheet {
  /** The name of the file for messages. */
  readonly name: string
  /** The names of the columns as the file has them, by field. */
  readonly columns: Readonly<Record<string, string>>
  /** Sentences about the file as a whole: rows and columns that are left out, text that looks damaged. */
  readonly remarks: ReadonlyArray<string>
  /** Reads the people in the order of the file, some of them at a time. Fails with a `CliError` if the file goes away. */
  readonly read: () => AsyncIterable<ReadonlyArray<People.Person>>
}

/** Reads the beginning of a file, and whether that is all of it. */
const headOf = async ({ read }: Source.Source): Promise<{ readonly head: Uint8Array; readonly isWhole: boolean }> => {
  const pieces: Array<Uint8Array> = []
  let length = 0
  for await (const piece of read()) {
    pieces.push(piece)
    length += piece.length
    if (length > FileKind.HEAD_BYTES) break
  }
  const head = Buffer.concat(pieces)
  return { head: head.subarray(0, FileKind.HEAD_BYTES), isWhole: head.length <= FileKind.HEAD_BYTES }
}

/** Reads the rows of a file in pieces. `onBytes` sees all bytes. */
async function* rowsOf(
  { read }: Source.Source,
  encoding: string,
  { delimiter, isNamed }: Dialect.Dialect,
  onBytes: (bytes: Uint8Array) => void = () => {}
): AsyncGenerator<ReadonlyArray<Rows.Row>> {
  const decoding = Encoding.decoding(encoding)
  const reader = Rows.make(delimiter)
  const isRow = ({ line }: Rows.Row) => !isNamed || line > 1
  for await (const bytes of read()) {
    onBytes(bytes)
    yield reader.read(decoding.decode(bytes)).filter(isRow)
  }
  yield [...reader.read(decoding.end()), ...reader.end()].filter(isRow)
}

interface Beginning {
  readonly encoding: string
  readonly dialect: Dialect.Dialect
  readonly header: Header.Header
}

const beginningOf = async (source: Source.Source, { encoding: asked }: SpreadsheetOptions): Promise<Beginning> => {
  const { head, isWhole } = await headOf(source)
  const kind = FileKind.recognise(head)
  if (kind !== undefined) throw new CliError(kind)
  const encoding = Encoding.detect(head, asked)
  const decoding = Encoding.decoding(encoding)
  const text = decoding.decode(head) + (isWhole ? decoding.end() : "")
  const dialect = Dialect.detect(text, isWhole)
  const row = Header.find(dialect.rows)
  if (row === undefined) throw new CliError(Header.missing(dialect.rows))
  return { encoding, dialect, header: Header.read(dialect.rows, row) }
}

/** What the first reading of a file finds out. */
interface Survey {
  /** Whether a row counts, be it that of a registration that is cancelled. */
  hasRows: boolean
  cancelled: number
  /** The rows with text that looks decoded wrongly, and the first such text. */
  damaged: number
  example?: { readonly line: number; readonly text: string; readonly undone: string }
}

const noteDamage = (survey: Survey, { fields, line }: People.Person): void => {
  for (const text of Object.values(fields)) {
    const undone = Mojibake.undone(text)
    if (undone === undefined) continue
    survey.damaged += 1
    survey.example ??= { line, text, undone }
    return
  }
}

const remarksOf = ({ header }: Beginning, { cancelled, damaged, example }: Survey): ReadonlyArray<string> => {
  const remarks = [...header.remarks]
  if (cancelled > 0) {
    const column = JSON.stringify(header.names[header.columns.state!])
    remarks.push(
      cancelled === 1
        ? `A row is cancelled by its column ${column}, and is left out.`
        : `${cancelled} rows are cancelled by their column ${column}, and are left out.`
    )
  }
  if (example !== undefined) {
    const { line, text, undone } = example
    remarks.push(
      `Text looks as if it had been decoded wrongly, in ${damaged === 1 ? "a row" : `${damaged} rows`}: ${JSON.stringify(text)} in line ${line} may be ${JSON.stringify(undone)}. Export the file again as UTF-8 where it comes from.`
    )
  }
  return remarks
}

const openSource = async (
  source: Source.Source,
  options: SpreadsheetOptions,
  signal: AbortSignal
): Promise<Spreadsheet> => {
  const beginning = await beginningOf(source, options)
  const { dialect, encoding, header } = beginning
  const shape = { header, delimiter: dialect.delimiter, encoding }
  const soundness = Encoding.soundness(encoding)
  const survey: Survey = { hasRows: false, cancelled: 0, damaged: 0 }
  const toPerson = People.reader({ ...shape, isSound: true })
  for await (const rows of rowsOf(source, encoding, dialect, soundness.check)) {
    signal.throwIfAborted()
    for (const row of rows) {
      const person = toPerson(row)
      if (person === undefined) continue
      survey.hasRows = true
      if (person === "cancelled") survey.cancelled += 1
      else noteDamage(survey, person)
    }
  }
  const isSound = soundness.end()
  if (!isSound && header.names.some((name) => name.includes(Encoding.UNREADABLE)))
    throw new CliError(`has a header in line ${header.line} that ${People.unreadable(encoding)}`)
  if (!survey.hasRows)
    throw new CliError(`has no rows below its header in line ${header.line}; write a row for each person`)
  return {
    name: source.name,
    columns: People.columnsOf(header),
    remarks: remarksOf(beginning, survey),
    read: async function* () {
      const toPerson = People.reader({ ...shape, isSound })
      for await (const rows of rowsOf(source, encoding, dialect)) {
        const people = rows.flatMap((row) => {
          const person = toPerson(row)
          return person === undefined || person === "cancelled" ? [] : [person]
        })
        if (people.length > 0) yield people
      }
    }
  }
}

/** Names the file in what is wrong with it. */
const inFile = (name: string) => (error: unknown) => {
  if (!(error instanceof CliError) || error.message.startsWith(`${name} `)) return error
  return new CliError(`${name} ${error.message}`)
}

/** Opens a file, or standard input for `-`. Fails with a `CliError` that says what is wrong with the file, and what to do. */
export const open = (
  file: string,
  options: SpreadsheetOptions = {}
): Effect.Effect<Spreadsheet, CliError, Scope.Scope> =>
  Effect.flatMap(Source.open(file), (source) =>
    Effect.tryPromise({ try: (signal) => openSource(source, options, signal), catch: inFile(source.name) }).pipe(
      Effect.catch((error) => (error instanceof CliError ? Effect.fail(error) : Effect.die(error)))
    )
  )
