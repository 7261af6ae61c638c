/**
 * Some thousand requests and some hundred commands of all kinds; `npm run fuzz` tries more.
 */
import { assert, describe, inject, it } from "vitest"
import * as TestDatabase from "../support/TestDatabase.ts"
import { fuzzCommands } from "./CommandFuzzer.ts"
import { fuzz, type Report } from "./HttpFuzzer.ts"

describe("the HTTP API", { timeout: 180_000 }, () => {
  /** Whether all was as it is to be, and these answers were met on the way. */
  const isAnswered = ({ byStatus, unexpected }: Report, statuses: ReadonlyArray<string>) => {
    assert.deepStrictEqual(unexpected, [])
    assert.isUndefined(byStatus["429"], "limits keep requests away")
    for (const status of statuses) assert.isAbove(byStatus[status] ?? 0, 0, `no ${status}`)
  }

  it("answers whatever it is sent with 2xx or with a problem, in time, and changes nothing without a 2xx", async () => {
    isAnswered(await fuzz({ requests: 4_000, seed: 7, database: "memory:" }), ["200", "201", "400", "404", "409"])
  })

  it("does so on Postgres as well", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    // Half as many requests, of which few are in conflict with another.
    isAnswered(await fuzz({ requests: 2_000, seed: 8, database: scratch.url }), ["200", "201", "400", "404"])
  })
})

describe("the command line", { timeout: 300_000 }, () => {
  it("ends in time whatever it is given, says what is wrong, and changes nothing when it refuses", async () => {
    const { byCode, unexpected } = await fuzzCommands({ commands: 150, seed: 7, server: inject("postgresUrl") })
    assert.deepStrictEqual(unexpected, [])
    for (const code of ["0", "1", "2"]) assert.isAbove(byCode[code] ?? 0, 0, `no exit code ${code}`)
  })
})
