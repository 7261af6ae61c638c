/**
 * Caches of several processes are coherent, whatever becomes of the cache that they share.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { run, type Seen } from "./CoherenceWorld.ts"

const RUNS = 150

const sum = (all: ReadonlyArray<Seen>, of: (seen: Seen) => number): number => all.reduce((so, one) => so + of(one), 0)

describe("caches of several processes", () => {
  it("C2, C4: show everybody what was acknowledged, in whatever state the shared cache is", { timeout: 60_000 }, () =>
    Effect.gen(function* () {
      const all: Array<Seen> = []
      for (let seed = 1; seed <= RUNS; seed++) {
        const seen = yield* run(seed)
        assert.deepStrictEqual(seen.stale, [], `seed ${seed}`)
        all.push(seen)
      }
      // The world is such that caches are used, and have to be withdrawn.
      assert.isAbove(
        sum(all, ({ hits }) => hits),
        sum(all, ({ reads }) => reads) / 10
      )
      assert.isAbove(
        sum(all, ({ withdrawals }) => withdrawals),
        RUNS
      )
      assert.isAbove(
        sum(all, ({ writes }) => writes),
        10 * RUNS
      )
    }).pipe(Effect.runPromise)
  )
})
