/**
 * The buckets of limits: no window, wherever it begins, sees more than the limit, and nobody waits for longer than they are told. Checks C5
 * of the invariants for one process.
 */
import { bucketOf, type LimitPolicy } from "@turnout/http/LimitPolicy"
import { LocalBuckets } from "@turnout/http/internal/limits/LocalBuckets"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const policyOf = (limit: number, windowSeconds: number): LimitPolicy => ({
  name: "one",
  countedBy: "address",
  callers: "all",
  operations: "all",
  limit,
  windowSeconds,
  cost: 1,
  whenStoreIsAway: "open"
})

const policies = fc
  .record({ limit: fc.integer({ min: 1, max: 200 }), windowSeconds: fc.integer({ min: 1, max: 3_600 }) })
  .map(({ limit, windowSeconds }) => policyOf(limit, windowSeconds))

/** The pauses between requests, as parts of the window: many none, some short, few long. */
const pauses = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 0.05, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1.5, noNaN: true }) }
  ),
  { minLength: 1, maxLength: 600 }
)

describe("the bucket of a limit", () => {
  it("lets no more than the limit pass in any window", () => {
    fc.assert(
      fc.property(policies, pauses, (policy, parts) => {
        const buckets = new LocalBuckets(bucketOf(policy))
        const windowMillis = policy.windowSeconds * 1_000
        let now = 0
        const allowed: Array<number> = []
        for (const part of parts) {
          now += part * windowMillis
          if (buckets.take("a", 1, now).isAllowed) allowed.push(now)
        }
        for (const [index, from] of allowed.entries()) {
          // The times are sums of fractions, so the end of the window is not taken to be more exact than they are.
          const inWindow = allowed.slice(index).filter((at) => at < from + windowMillis - 1e-3).length
          assert.isAtMost(inWindow, policy.limit)
        }
      })
    )
  })

  it("refuses nobody who has waited for as long as they were told", () => {
    fc.assert(
      fc.property(policies, pauses, (policy, parts) => {
        const buckets = new LocalBuckets(bucketOf(policy))
        let now = 0
        for (const part of parts) {
          now += part * policy.windowSeconds * 1_000
          const { isAllowed, retryMillis } = buckets.take("a", 1, now)
          if (isAllowed) continue
          assert.isAbove(retryMillis, 0)
          now += retryMillis + 1e-3
          assert.isTrue(buckets.take("a", 1, now).isAllowed)
        }
      })
    )
  })

  it("lets half of the limit pass at once, and all of it over a window", () => {
    const buckets = new LocalBuckets(bucketOf(policyOf(100, 60)))
    const passed = (from: number, to: number, count: number) =>
      Array.from({ length: count }, (_, n) => buckets.take("a", 1, from + (n * (to - from)) / count)).filter(
        ({ isAllowed }) => isAllowed
      ).length
    assert.strictEqual(passed(0, 0, 1_000), 50)
    assert.strictEqual(passed(0, 60_000, 10_000), 49)
  })

  it("counts each by itself, and keeps no more buckets than its bound", () => {
    const buckets = new LocalBuckets(bucketOf(policyOf(2, 60)), 3)
    for (const key of ["a", "b", "c", "a", "d"]) buckets.take(key, 1, 0)
    assert.strictEqual(buckets.size, 3)
    // b was asked the longest time ago, and has made room for d.
    assert.deepStrictEqual(
      ["a", "c", "d", "b"].map((key) => buckets.take(key, 1, 0).isAllowed),
      [false, false, false, true]
    )
  })
})
