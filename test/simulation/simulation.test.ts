/**
 * Simulations, as many seeds as fit into a test run; `npm run simulate` runs more.
 */
import { assert, describe, it } from "vitest"
import { simulate } from "./Simulation.ts"

const SEEDS = 2_000
const PARTS = 10

describe("simulation", { timeout: 300_000 }, () => {
  it.each(Array.from({ length: PARTS }, (_, part) => part))(
    "R1–R6, W1–W6, I1, I3, I5, O2–O5, L1, N1–N3, G1, G2: part %i of the seeds",
    (part) => {
      const size = SEEDS / PARTS
      for (let seed = part * size + 1; seed <= (part + 1) * size; seed++) {
        const { violations } = simulate(seed)
        assert.deepStrictEqual(violations, [], `npm run simulate -- --seed ${seed}`)
      }
    }
  )

  it("makes of a seed the same history every time", () => {
    for (const seed of [1, 2, 3]) assert.deepStrictEqual(simulate(seed), simulate(seed))
  })
})
