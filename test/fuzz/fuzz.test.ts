/**
 * Some thousand requests and some hundred commands of all kinds; `npm run fuzz` tries more.
 */
import { assert, describe, inject, it } from "vitest"
import { fuzzCommands } from "./CommandFuzzer.ts"
import { fuzz } from "./HttpFuzzer.ts"

describe("the HTTP API", { timeout: 180_000 }, () => {
  it("answers whatever it is sent with 2xx or with a problem, in time, and changes nothing without a 2xx", async () => {
    const { byStatus, unexpected } = await fuzz({ requests: 5_000, seed: 7 })
    assert.deepStrictEqual(unexpected, [])
    for (const status of ["200", "201", "400", "404", "409"]) assert.isAbove(byStatus[status] ?? 0, 0, `no ${status}`)
  })
})

describe("the command line", { timeout: 300_000 }, () => {
  it("ends in time whatever it is given, says what is wrong, and changes nothing when it refuses", async () => {
    const { byCode, unexpected } = await fuzzCommands({ commands: 150, seed: 7, server: inject("postgresUrl") })
    assert.deepStrictEqual(unexpected, [])
    for (const code of ["0", "1", "2"]) assert.isAbove(byCode[code] ?? 0, 0, `no exit code ${code}`)
  })
})
