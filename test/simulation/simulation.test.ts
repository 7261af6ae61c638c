/**
 * Simulations of as many seeds as fit into a test run. `npm run simulate` runs more.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import * as Crew from "./Crew.ts"
import { mutations } from "./mutations.ts"
import { simulate } from "./Simulation.ts"

const SEEDS = 1_000

describe("simulation", { timeout: 600_000 }, () => {
  it("R1–R7, W1–W6, I1–I5, O1–O8, L1, N1–N3, A5, G1–G3 hold in every history", async () => {
    const { bad, totals } = await Crew.run({
      first: 1,
      count: SEEDS,
      changes: {},
      end: Infinity,
      untilFirst: false,
      onProgress: () => {}
    })
    const found = bad.map(({ seed, violations }) => ({ command: `npm run simulate -- --seed ${seed}`, violations }))
    assert.deepStrictEqual(found, [])
    assert.strictEqual(totals.seeds, SEEDS)
  })

  it("makes the same history of a seed every time", () => {
    for (const seed of [1, 2, 3]) assert.deepStrictEqual(simulate(seed), simulate(seed))
  })

  it.each(mutations)("can be tried on the planted bug: $name", ({ file, from }) => {
    const code = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")
    assert.strictEqual(code.split(from).length, 2, "the place of the bug is in the code, once")
  })
})
