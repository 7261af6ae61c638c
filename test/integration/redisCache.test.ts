/**
 * The cache that processes share, on a Redis of the test: a single server, and a Cluster.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RedisCache from "@turnout/adapters/redis/cache"
import { Effect } from "effect"
import { linked, PATIENT, toUrl, type Service, until, untilIt } from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"

const server = Effect.acquireRelease(
  Effect.promise(() => RedisServer.start()),
  (one) => Effect.promise(() => one[Symbol.asyncDispose]())
)

/** What holds on a single server as on a Cluster. */
const contract = (redis: Service) =>
  Effect.gen(function* () {
    const cache = RedisCache.make(redis)
    const scopes = ["event 1", "event 2", "attendee mailto:ada@example.com"]
    const none = yield* cache.stamps("g", [])
    assert.deepStrictEqual(none.stamps, [])
    const first = yield* cache.stamps("g", scopes)
    assert.deepStrictEqual(first.server, none.server)
    assert.deepStrictEqual(yield* cache.stamps("g", scopes), first, "a stamp stays")
    assert.deepStrictEqual((yield* cache.stamps("g", scopes.toReversed())).stamps, first.stamps.toReversed())
    assert.strictEqual(yield* cache.forget("g", [scopes[1]!]), first.server)
    const later = yield* cache.stamps("g", scopes)
    assert.deepStrictEqual([later.stamps[0], later.stamps[2]], [first.stamps[0], first.stamps[2]])
    assert.notStrictEqual(later.stamps[1], first.stamps[1], "a stamp is not used again")
    const many = Array.from({ length: 1_000 }, (_, n) => `attendee ${n}`)
    yield* cache.stamps("g", many)
    yield* cache.forget("g", many)
    const other = yield* cache.stamps("another", scopes)
    for (const stamp of other.stamps) assert.notInclude(later.stamps, stamp)

    assert.isUndefined(yield* cache.value("g", "key"))
    yield* cache.keep("g", "key", '{"ada":1}', 300)
    const kept = (yield* cache.value("g", "key"))!
    assert.strictEqual(kept.text, '{"ada":1}')
    assert.isAtMost(kept.leftMillis, 300)
    assert.isUndefined(yield* cache.value("another", "key"))
    yield* until(
      Effect.map(cache.value("g", "key"), (value) => value === undefined),
      "the value ends"
    )
    assert.isTrue(yield* cache.claim("g", "task", 200))
    assert.isFalse(yield* cache.claim("g", "task", 200))
    assert.isTrue(yield* cache.claim("g", "another task", 200))
    yield* until(cache.claim("g", "task", 200), "the claim ends")
  })

describe("the shared cache in Redis", { timeout: 60_000 }, () => {
  it.live("keeps stamps until they are taken away, values until they are too old, and says which server it is", () =>
    Effect.gen(function* () {
      const own = yield* server
      yield* linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          yield* contract(redis)
          const cache = RedisCache.make(redis)
          const scopes = ["attendee mailto:ada@example.com"]
          const before = yield* cache.stamps("g", scopes)
          const keys = yield* Effect.promise(() => own.run("KEYS", "*"))
          assert.include(keys, "turnout:cache:{g}:stamp:")
          assert.notInclude(keys, "ada")
          // Nothing stays for ever.
          for (const key of keys.trim().split("\n"))
            assert.notStrictEqual((yield* Effect.promise(() => own.run("TTL", key))).trim(), "-1", key)
          yield* Effect.promise(() => own.run("FLUSHALL"))
          yield* Effect.promise(() => own.run("SCRIPT", "FLUSH"))
          const emptied = yield* cache.stamps("g", scopes)
          assert.strictEqual(emptied.server, before.server)
          assert.notStrictEqual(emptied.stamps[0], before.stamps[0])
          // With the data of before, it is another server all the same.
          yield* Effect.promise(() => own.kill())
          yield* untilIt("down")
          yield* Effect.promise(() => own.start())
          yield* untilIt("up")
          assert.notStrictEqual((yield* cache.stamps("g", scopes)).server, before.server)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("fails, and says so, if the server does not say who it is", () =>
    Effect.gen(function* () {
      const own = yield* server
      yield* Effect.promise(() => own.run("ACL", "SETUSER", "default", "-info"))
      const failed = yield* linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.flip(RedisCache.make(redis).stamps("g", ["a"]))
      )
      assert.strictEqual(failed._tag, "SharedCacheError")
    }).pipe(Effect.scoped)
  )

  it.live("is the same on a Cluster, whose nodes are servers of their own", () =>
    Effect.gen(function* () {
      const cluster = yield* Effect.acquireRelease(
        Effect.promise(() => RedisServer.startCluster()),
        (one) => Effect.promise(() => one[Symbol.asyncDispose]())
      )
      const nodes = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }))
      yield* linked({ nodes, ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          yield* contract(redis)
          const cache = RedisCache.make(redis)
          const servers = yield* Effect.forEach(["a", "b", "c", "d", "e", "f", "g", "h"], (generation) =>
            Effect.map(cache.stamps(generation, []), (answer) => answer.server)
          )
          assert.strictEqual(new Set(servers).size, 3)
        })
      )
    }).pipe(Effect.scoped)
  )
})
