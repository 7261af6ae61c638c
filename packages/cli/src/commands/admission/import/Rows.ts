/**
 * The file of an import, as rows: the people of a spreadsheet, each with an idempotency key.
 *
 * A file that cannot be read as a table is refused as a whole; a row that cannot be read has a problem, and the rows after it go on.
 * Rows are read as they are needed, in batches.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import { CliError } from "../../../CliError.ts"
import type { Person } from "../../../spreadsheet/People.ts"
import * as Spreadsheet from "../../../spreadsheet/Spreadsheet.ts"

export interface Line {
  /** The first line of the row in the file. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
  readonly key: string
  /** The id of the registration that the row was exported from. */
  readonly registration?: string
  /** The reason why the row itself is refused, such as a bad quote. */
  readonly problem?: string
}

/** Lines that are imported together, and the number of the line after them, if there is one. */
export interface Batch {
  readonly lines: ReadonlyArray<Line>
  readonly next: number | undefined
}

/** A file as rows, and the name of the column for each field. */
export interface Table extends Omit<Spreadsheet.Spreadsheet, "read"> {
  /** Reads the rows in batches of `size`. */
  readonly batches: (size: number) => Stream.Stream<Batch, CliError>
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url")

/** Makes the function that gives lines their keys. Rows that say the same get different keys, by their order. */
const keyed = () => {
  const seen = new Map<string, number>()
  return ({ fault, fields, line, registration }: Person): Line => {
    const said = digest(JSON.stringify(fields))
    const time = (seen.get(said) ?? 0) + 1
    seen.set(said, time)
    return {
      line,
      fields,
      key: `import ${said} ${time}`,
      ...(registration === undefined ? {} : { registration }),
      ...(fault === undefined ? {} : { problem: fault })
    }
  }
}

/** Reads lines in batches. */
async function* inBatches(
  people: AsyncIterable<ReadonlyArray<Person>>,
  size: number
): AsyncGenerator<Batch, undefined, undefined> {
  const toLine = keyed()
  let waiting: Array<Line> = []
  for await (const some of people) {
    waiting.push(...some.map(toLine))
    // The line after a batch is known before the batch is given.
    for (; waiting.length > size; waiting = waiting.slice(size))
      yield { lines: waiting.slice(0, size), next: waiting[size]!.line }
  }
  if (waiting.length > 0) yield { lines: waiting, next: undefined }
}

const toCliError = (error: unknown): CliError =>
  error instanceof CliError ? error : new CliError(error instanceof Error ? error.message : String(error))

/** Opens a file, or standard input for `-`. */
export const open = (
  file: string,
  options: Spreadsheet.SpreadsheetOptions
): Effect.Effect<Table, CliError, Scope.Scope> =>
  Effect.map(Spreadsheet.open(file, options), ({ read, ...sheet }) => ({
    ...sheet,
    batches: (size) => Stream.fromAsyncIterable(inBatches(read(), size), toCliError)
  }))
