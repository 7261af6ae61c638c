/**
 * Limits with a store that all processes share, which answers, refuses, or is away.
 */
import { assert, describe, it } from "@effect/vitest"
import type { LimitPolicy } from "@turnout/http/LimitPolicy"
import * as Keys from "@turnout/http/internal/limits/Keys"
import { Limits, UNKNOWN } from "@turnout/http/Limits"
import { Duration, Effect } from "effect"
import * as RateLimiter from "effect/persistence/RateLimiter"

const policy: LimitPolicy = {
  name: "one",
  countedBy: "address",
  callers: "all",
  operations: "all",
  limit: 10,
  windowSeconds: 60,
  cost: 1,
  whenStoreIsAway: "open"
}

const exceeded = new RateLimiter.RateLimiterError({
  reason: new RateLimiter.RateLimitExceeded({ key: "", retryAfter: Duration.seconds(9), limit: 5, remaining: 0 })
})
const away = new RateLimiter.RateLimiterError({
  reason: new RateLimiter.RateLimitStoreError({ message: "away", cause: new Error("away") })
})

type Answer = Effect.Effect<RateLimiter.ConsumeResult, RateLimiter.RateLimiterError>
const left = (remaining: number): Answer =>
  Effect.succeed({ delay: Duration.zero, limit: 5, remaining, resetAfter: Duration.seconds(1) })

const given = (policies: ReadonlyArray<LimitPolicy>, answer: () => Answer) => {
  const asked: Array<string> = []
  const limiter = {
    consume: ({ key }: { readonly key: string }) => {
      asked.push(key)
      return answer()
    }
  } as unknown as RateLimiter.RateLimiter
  let now = 0
  const outages: Array<boolean> = []
  const noted = { asked: (isAway: boolean) => void outages.push(isAway) }
  const limits = new Limits(policies, { limiter, metrics: noted }, () => now)
  const covering = limits.covering("get", ["all"], ["address"])
  const ask = Effect.suspend(() => {
    const said = limits.take(covering, { address: "10.0.0.1" })
    return Effect.isEffect(said) ? said : Effect.succeed(said)
  })
  return { asked, ask, outages, wait: (millis: number) => (now += millis) }
}

describe("limits with a store that is shared", () => {
  it.effect("are those of the store, which is asked for what the process lets pass", () =>
    Effect.gen(function* () {
      const { ask, asked, outages } = given([policy], () => left(2))
      const said = yield* ask
      assert.strictEqual(said === undefined || said === UNKNOWN ? -1 : said.count.remaining, 2)
      assert.deepStrictEqual(asked, ["{one:10:60:10.0.0.1}"])
      for (let n = 0; n < 9; n++) yield* ask
      assert.lengthOf(asked, 5, "the process has refused the rest by itself")
      assert.notInclude(outages, true)
    })
  )

  it.effect("are not asked again before what the store has refused may pass", () =>
    Effect.gen(function* () {
      const { ask, asked, wait } = given([policy], () => Effect.fail(exceeded))
      const said = yield* ask
      assert.deepInclude(said === undefined || said === UNKNOWN ? {} : said.count, {
        isAllowed: false,
        retryMillis: 9_000
      })
      wait(8_000)
      yield* ask
      assert.lengthOf(asked, 1)
      wait(1_001)
      yield* ask
      assert.lengthOf(asked, 2)
    })
  )

  it.effect("are counted by the process while the store is away, or nobody passes, as the policy says", () =>
    Effect.gen(function* () {
      const open = given([policy], () => Effect.fail(away))
      const passed = yield* Effect.forEach(Array(10).fill(0), () => open.ask)
      assert.lengthOf(
        passed.filter((said) => said !== undefined && said !== UNKNOWN && said.count.isAllowed),
        5
      )
      assert.deepStrictEqual(open.outages, Array(5).fill(true))
      const closed = given([{ ...policy, whenStoreIsAway: "closed" }], () => Effect.fail(away))
      assert.strictEqual(yield* closed.ask, UNKNOWN)
    })
  )
})

describe("what limits count by", () => {
  it("is an address, of IPv6 its first 56 bits, in whatever way it is written", () => {
    const one = "2001:db8:1:1200/56"
    for (const address of ["2001:db8:1:12ff::1", "2001:0db8:0001:1234:5:6:7:8", "2001:db8:1:1200::"])
      assert.strictEqual(Keys.ofAddress(address), one)
    assert.notStrictEqual(Keys.ofAddress("2001:db8:1:1300::1"), one)
    assert.strictEqual(Keys.ofAddress("::1"), "0:0:0:000/56")
    assert.strictEqual(Keys.ofAddress("198.51.100.7"), "198.51.100.7")
  })

  it("is an e-mail address without regard to case, and tells it to nobody", () => {
    assert.strictEqual(Keys.ofMailAddress(" Ada@Example.com"), Keys.ofMailAddress("ada@example.com"))
    assert.notInclude(Keys.ofMailAddress("ada@example.com"), "ada")
  })
})
