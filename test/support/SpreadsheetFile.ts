/**
 * Spreadsheets as tests read them: from bytes or text, in a file of their own that is removed at once.
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import type { Person } from "../../packages/cli/src/spreadsheet/People.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Spreadsheet from "../../packages/cli/src/spreadsheet/Spreadsheet.ts"

export type Read = Omit<Spreadsheet.Spreadsheet, "read"> & { readonly people: ReadonlyArray<Person> }

/** Reads all of a file. Rejects with a `CliError` if it cannot be read. */
export const readFile = (file: string, options: Spreadsheet.SpreadsheetOptions = {}): Promise<Read> =>
  Effect.gen(function* () {
    const { read, ...sheet } = yield* Spreadsheet.open(file, options)
    const people: Array<Person> = []
    yield* Effect.promise(async () => {
      for await (const some of read()) people.push(...some)
    })
    return { ...sheet, people }
  }).pipe(Effect.scoped, Effect.runPromise)

/** Writes the content into a file called `people.csv`, and uses it. */
export const withFile = async <A>(content: string | Uint8Array, use: (file: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-sheet-"))
  try {
    const file = join(folder, "people.csv")
    writeFileSync(file, content)
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Reads all of a file with this content. */
export const read = (content: string | Uint8Array, options?: Spreadsheet.SpreadsheetOptions): Promise<Read> =>
  withFile(content, (file) => readFile(file, options))

/** The reason for which a file with this content is refused, without the name of the file. */
export const refusal = (content: string | Uint8Array, options?: Spreadsheet.SpreadsheetOptions): Promise<string> =>
  withFile(content, async (file) => {
    const outcome = await readFile(file, options).then(
      () => "it is read",
      (error: Error) => error.message
    )
    return outcome.replace(`${file} `, "")
  })
