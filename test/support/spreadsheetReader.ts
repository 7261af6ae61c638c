/**
 * A program that reads the spreadsheet of its argument, holds none of its rows, and prints how many there are, and the line of
 * the last one. Its tests run it with little memory.
 */
import * as Effect from "effect/Effect"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Spreadsheet from "../../packages/cli/src/spreadsheet/Spreadsheet.ts"

const counted = Effect.gen(function* () {
  const { read } = yield* Spreadsheet.open(process.argv[2]!)
  let people = 0
  let lastLine = 0
  yield* Effect.promise(async () => {
    for await (const some of read()) {
      people += some.length
      lastLine = some.at(-1)!.line
    }
  })
  return { people, lastLine }
})

console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(counted))))
