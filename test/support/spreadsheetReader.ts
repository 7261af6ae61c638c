/**
 * A program that reads the spreadsheet of its argument, holds none of its rows, and prints how many there are. Its tests run it with
 * little memory.
 */
import * as Effect from "effect/Effect"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Spreadsheet from "../../packages/cli/src/spreadsheet/Spreadsheet.ts"

const counted = Effect.gen(function* () {
  const { lastLine, read, rows } = yield* Spreadsheet.open(process.argv[2]!)
  let people = 0
  yield* Effect.promise(async () => {
    for await (const some of read()) people += some.length
  })
  return { counted: rows, read: people, lastLine }
})

console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(counted))))
