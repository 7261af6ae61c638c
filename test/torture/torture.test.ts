/**
 * A short torture of a real server. `npm run torture` runs longer ones.
 */
import { assert, describe, it } from "vitest"
import { torture } from "./Torture.ts"

describe("processes on a server that is tortured", { timeout: 180_000 }, () => {
  it("R1–R6, W1–W6, I1, I3, I5, I6, O1, O2, O3, G1, G2: sell every seat once, lose no registration, and give every reader every entry", async () => {
    const outcome = await torture({
      minutes: 0.4,
      operations: 20_000,
      backendKillMillis: 300,
      workerKillMillis: 3_000,
      crashMillis: 4_000,
      cutMillis: 300
    })
    assert.deepStrictEqual(outcome.violations, [])
    assert.isAbove(outcome.operations, 100)
    assert.isAbove(outcome.backendKills, 5)
    assert.isAbove(outcome.crashes, 0)
    assert.isAbove(outcome.workerKills, 0)
    assert.isAbove(outcome.cuts, 5)
  })
})
