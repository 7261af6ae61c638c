/**
 * Redis of several servers: a primary that Sentinels name, which another one takes over from, and a Cluster.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RedisLink from "@turnout/adapters/redis"
import { parse } from "@turnout/adapters/redis/server"
import { Effect, Exit, Queue, Result } from "effect"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redis from "effect/persistence/Redis"
import { afterAll, beforeAll } from "vitest"
import { endingOf, linked, linkedAnyway, PATIENT, SLACK_MILLIS, state, until, untilIt } from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"

const DEADLINE_MILLIS = 100

const optionsOf = (text: string): RedisLink.LinkOptions => Result.getOrThrow(parse(text))

describe("a primary that Sentinels name", () => {
  const withServers = <A>(test: (servers: RedisServer.WatchedServers) => Effect.Effect<A>): Effect.Effect<A> =>
    Effect.acquireUseRelease(Effect.promise(RedisServer.startWatched), test, (servers) =>
      Effect.promise(() => servers[Symbol.asyncDispose]())
    )
  const toText = ({ name, sentinel }: RedisServer.WatchedServers) =>
    // The first one that is named does not exist.
    `redis-sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/${name}`

  it.live.each(["is killed", "hangs"])("is another one after it %s", (how) =>
    withServers((watched) =>
      linked(optionsOf(toText(watched)), (redis) =>
        Effect.gen(function* () {
          const [primary, replica] = watched.servers
          yield* redis.send("SET", "a", "1")
          yield* until(
            Effect.promise(async () => (await replica.run("get", "a")) === "1"),
            "the replica has it"
          )
          if (how === "hangs") primary.pause()
          else yield* Effect.promise(primary.kill)
          const write = Effect.map(endingOf(redis.send("SET", "a", "2")), ({ millis, tag }) => {
            assert.isBelow(millis, DEADLINE_MILLIS + SLACK_MILLIS)
            return tag === "ok"
          })
          yield* until(write, "a write works again", 15_000)
          assert.strictEqual(yield* Effect.promise(() => replica.run("get", "a")), "2")
        })
      )
    )
  )

  it.live("is not known to the Sentinels, or there is no Sentinel: the link says so", () =>
    linkedAnyway(optionsOf("redis-sentinel://127.0.0.1:1/turnout"), (redis) =>
      Effect.gen(function* () {
        yield* until(
          Effect.map(state, ({ failure }) => failure?.kind === "no Sentinel"),
          "no Sentinel answers"
        )
        assert.strictEqual((yield* endingOf(redis.send("GET", "a"))).tag, "RedisNotConnected")
      })
    )
  )
})

describe("a Cluster", () => {
  let cluster: RedisServer.Cluster
  beforeAll(async () => {
    cluster = await RedisServer.startCluster()
  })
  afterAll(() => cluster[Symbol.asyncDispose]())
  const toText = () => `redis-cluster://${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`

  const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`)
  const script = Redis.script((key: string, value: string) => [key, value], {
    numberOfKeys: 1,
    lua: "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
  }).withReturnType<string>()

  /** The nodes on which one of the keys is. */
  const nodesWithKeys = Effect.promise(async () => {
    const sizes = await Promise.all(cluster.nodes.map(({ run }) => run("dbsize")))
    return sizes.filter((size) => size !== "0").length
  })
  const onEachNode = (...command: ReadonlyArray<string>) =>
    Effect.promise(() => Promise.all(cluster.nodes.map(({ run }) => run(...command))))

  it.live("sends each command to the node of its key", () =>
    linked({ ...optionsOf(toText()), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        const set = keys.map((key) => redis.send("SET", key, key))
        yield* Effect.all(set, { concurrency: "unbounded" })
        const got = yield* Effect.all(keys.map((key) => redis.send("GET", key)))
        assert.deepStrictEqual(got, keys)
        assert.strictEqual(yield* nodesWithKeys, 3)
        const { cause } = yield* endingOf(redis.send("MGET", "key-1", "key-2"))
        assert.include(cause, { code: "CROSSSLOT" })
        assert.deepStrictEqual(yield* redis.send("MGET", "{one}a", "{one}b"), [null, null])
      })
    )
  )

  it.live("runs a script on every node, also when the nodes have forgotten it", () =>
    linked({ ...optionsOf(toText()), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        const run = Effect.all(
          keys.map((key) => redis.eval(script)(key, `of ${key}`)),
          { concurrency: "unbounded" }
        )
        const expected = keys.map((key) => `of ${key}`)
        assert.deepStrictEqual(yield* run, expected)
        assert.strictEqual(yield* nodesWithKeys, 3)
        // One at a time: when they are many, some of them may load it for the others.
        for (const key of keys.slice(0, 10)) {
          yield* onEachNode("script", "flush")
          assert.strictEqual(yield* redis.eval(script)(key, "again"), "again")
        }
        yield* onEachNode("flushall")
        assert.deepStrictEqual(yield* run, expected)
      })
    )
  )

  it.live("stands under effect's limits of rates, whose keys have braces", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.RateLimiter
      for (const algorithm of ["fixed-window", "token-bucket"] as const)
        for (const client of ["a", "b", "c", "d"]) {
          const key = `{${client}}:${algorithm}`
          const take = limiter.consume({ algorithm, key, limit: 2, window: "1 minute", onExceeded: "fail" })
          const endings = yield* Effect.all(Array.from({ length: 3 }, () => Effect.exit(take)))
          assert.deepStrictEqual(endings.map(Exit.isSuccess), [true, true, false], key)
        }
    }).pipe(
      Effect.provide(RateLimiter.layer),
      Effect.provide(RateLimiter.layerStoreRedis({ prefix: "limits:" })),
      Effect.provide(RedisLink.layer({ ...optionsOf(toText()), ...PATIENT }))
    )
  )

  it.live("has messages for those who listen, whichever node they were published at", () =>
    linked({ ...optionsOf(toText()), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        const heard: Array<string> = []
        const queue = yield* redis.subscribe("news")
        yield* Effect.forkScoped(
          Effect.forever(Effect.map(Queue.take(queue), ({ message }) => void heard.push(message)))
        )
        for (const [n, node] of cluster.nodes.entries())
          yield* Effect.promise(() => node.run("publish", "news", `${n}`))
        yield* until(
          Effect.sync(() => heard.length === 3),
          "all were heard"
        )
        assert.deepStrictEqual(heard.toSorted(), ["0", "1", "2"])
      })
    )
  )

  it.live("loses one node: the others are used, and so is the node when it is back", () =>
    linked(optionsOf(toText()), (redis) =>
      Effect.gen(function* () {
        const tags = Effect.map(
          Effect.all(
            keys.map((key) => endingOf(redis.eval(script)(key, "1"))),
            { concurrency: "unbounded" }
          ),
          (endings) => {
            for (const { millis } of endings) assert.isBelow(millis, DEADLINE_MILLIS + SLACK_MILLIS)
            return endings.map(({ tag }) => tag)
          }
        )
        assert.deepStrictEqual([...new Set(yield* tags)], ["ok"])
        const [node] = cluster.nodes
        node!.pause()
        yield* Effect.sleep(1_500)
        for (let n = 0; n < 5; n++) {
          const all = yield* tags
          assert.isAbove(all.filter((tag) => tag === "ok").length, 10)
          assert.isBelow(all.filter((tag) => tag === "ok").length, keys.length)
          yield* Effect.sleep(100)
        }
        node!.resume()
        yield* until(
          Effect.map(tags, (all) => all.every((tag) => tag === "ok")),
          "all nodes are used again"
        )
      })
    )
  )

  it.live("is away as a whole, and back", () =>
    linked(optionsOf(toText()), (redis) =>
      Effect.gen(function* () {
        for (const { pause } of cluster.nodes) pause()
        yield* until(
          Effect.map(
            Effect.all(
              keys.map((key) => endingOf(redis.send("GET", key))),
              { concurrency: "unbounded" }
            ),
            (endings) => {
              for (const { millis } of endings) assert.isBelow(millis, DEADLINE_MILLIS + SLACK_MILLIS)
              return endings.every(({ tag }) => tag !== "ok" && tag !== "RedisTimedOut")
            }
          ),
          "commands fail at once"
        )
        assert.strictEqual((yield* state).status, "down")
        // Connections that are silent are given up, until none is left.
        yield* until(
          Effect.map(endingOf(redis.send("GET", "a")), ({ tag }) => tag === "RedisNotConnected"),
          "no node is connected"
        )
        for (const { resume } of cluster.nodes) resume()
        yield* untilIt("up", 15_000)
        yield* until(
          Effect.map(endingOf(redis.send("SET", "a", "1")), ({ tag }) => tag === "ok"),
          "a command works again"
        )
      })
    )
  )
})
