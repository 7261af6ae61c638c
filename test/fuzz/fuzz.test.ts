/**
 * Some thousand requests of all kinds; `npm run fuzz` sends more.
 */
import { assert, describe, it } from "vitest"
import { fuzz } from "./HttpFuzzer.ts"

describe("the HTTP API", { timeout: 180_000 }, () => {
  it("answers whatever it is sent with 2xx or with a problem, in time, and changes nothing without a 2xx", async () => {
    const { byStatus, unexpected } = await fuzz({ requests: 5_000, seed: 7 })
    assert.deepStrictEqual(unexpected, [])
    for (const status of ["200", "201", "400", "404", "409"]) assert.isAbove(byStatus[status] ?? 0, 0, `no ${status}`)
  })
})
