/**
 * Limits that several processes keep together in a Redis of the test: while it is there, killed, hung, and back again. Checks C4 and C5 of
 * the invariants.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RedisLink from "@turnout/adapters/redis"
import type { LimitPolicy } from "@turnout/http/LimitPolicy"
import { Limits, UNKNOWN } from "@turnout/http/Limits"
import { Context, Effect, Layer } from "effect"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as RedisLinks from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"

const PROCESSES = 3
/** What a command to Redis may take, and what a busy machine may add to it. */
const DEADLINE_MILLIS = 100
const LATEST_MILLIS = DEADLINE_MILLIS + RedisLinks.SLACK_MILLIS

const policy = (windowSeconds: number, limit: number): LimitPolicy => ({
  name: "one",
  countedBy: "address",
  callers: "all",
  operations: "all",
  limit,
  windowSeconds,
  cost: 1,
  whenStoreIsAway: "open"
})

/** The limiters of as many processes, each with a link of its own. */
const limiters = (url: string) =>
  Effect.forEach(Array(PROCESSES).fill(0), () =>
    Layer.build(
      RateLimiter.layer.pipe(
        Layer.provide(RateLimiter.layerStoreRedis({ prefix: "test:" })),
        Layer.provide(RedisLink.layer({ ...RedisLinks.toUrl(url), commandTimeoutMillis: DEADLINE_MILLIS })),
        Layer.fresh
      )
    ).pipe(Effect.map(Context.get(RateLimiter.RateLimiter)))
  )

/** Asks whether somebody may pass, and says how long the answer took. */
const ask = (limits: Limits, address: string) =>
  Effect.gen(function* () {
    const began = performance.now()
    const said = limits.take(limits.covering("get", ["all"], ["address"]), { address })
    const answer = Effect.isEffect(said) ? yield* said : said
    const passes = answer !== undefined && answer !== UNKNOWN && answer.count.isAllowed
    return { at: performance.now(), millis: performance.now() - began, passes }
  })

const metrics = { asked: () => {} }

const server = Effect.acquireRelease(
  Effect.promise(() => RedisServer.start()),
  (one) => Effect.promise(() => one[Symbol.asyncDispose]())
)

describe("limits of three processes with one Redis", { timeout: 60_000 }, () => {
  it.live("let no more than the limit pass in any window, and nearly all of it", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const windowSeconds = 4
      const all = (yield* limiters(url)).map(
        (limiter) => new Limits([policy(windowSeconds, 100)], { limiter, metrics })
      )
      const until = performance.now() + windowSeconds * 1_000
      const offering = (limits: Limits) =>
        Effect.gen(function* () {
          const seen: Array<{ readonly at: number; readonly passes: boolean }> = []
          while (performance.now() < until) {
            seen.push(...(yield* Effect.all([ask(limits, "a"), ask(limits, "a")], { concurrency: 2 })))
            yield* Effect.sleep(2)
          }
          return seen
        })
      const seen = (yield* Effect.forEach(all, offering, { concurrency: "unbounded" })).flat()
      const passed = seen.filter(({ passes }) => passes).length
      assert.isAtLeast(seen.length, 1_000)
      assert.isAtMost(passed, 100)
      assert.isAtLeast(passed, 95)
      // Without a store that they share, they let more pass at once than the limit.
      const alone = all.map(() => new Limits([policy(windowSeconds, 100)], undefined))
      const burst = yield* Effect.forEach(alone, (limits) => Effect.forEach(Array(100).fill(0), () => ask(limits, "a")))
      assert.isAbove(burst.flat().filter(({ passes }) => passes).length, 100)
    })
  )

  it.live(
    "answer in time while the Redis is hung, killed or empty, each process by itself, and together again afterwards",
    () =>
      Effect.gen(function* () {
        const redis = yield* server
        const all = (yield* limiters(redis.url)).map((limiter) => new Limits([policy(3_600, 20)], { limiter, metrics }))
        let n = 0
        /** The requests that pass of 15 at each process, from an address of its own, none later than its time. */
        const passing = Effect.gen(function* () {
          const address = `address-${(n += 1)}`
          const answers = (yield* Effect.forEach(all, (limits) =>
            Effect.forEach(Array(15).fill(0), () => ask(limits, address))
          )).flat()
          for (const { millis } of answers) assert.isAtMost(millis, LATEST_MILLIS)
          return answers.filter(({ passes }) => passes).length
        })
        const TOGETHER = 10
        assert.strictEqual(yield* passing, TOGETHER)
        redis.pause()
        assert.strictEqual(yield* passing, PROCESSES * TOGETHER)
        redis.resume()
        const untilTogether = Effect.gen(function* () {
          for (let attempt = 0; attempt < 100; attempt++) {
            if ((yield* passing) === TOGETHER) return
            yield* Effect.sleep(100)
          }
          assert.fail("the processes do not count together again")
        })
        yield* untilTogether
        yield* Effect.promise(() => redis.kill())
        assert.strictEqual(yield* passing, PROCESSES * TOGETHER)
        yield* Effect.promise(() => redis.start())
        yield* untilTogether
        yield* Effect.promise(() => redis.run("FLUSHALL"))
        yield* Effect.promise(() => redis.run("SCRIPT", "FLUSH"))
        assert.strictEqual(yield* passing, TOGETHER)
      })
  )
})
