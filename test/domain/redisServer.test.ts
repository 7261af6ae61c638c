/**
 * The texts and options that name a Redis, what its errors are, and when the breaker before it is open.
 */
import * as RedisBreaker from "@turnout/adapters/internal/redis/RedisBreaker"
import * as RedisLink from "@turnout/adapters/redis"
import { isOfServer, kindOf, RedisReplied, toFailure } from "@turnout/adapters/redis/failure"
import { parse, type RedisServer } from "@turnout/adapters/redis/server"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Effect, Exit, Redacted, Result, Scope } from "effect"
import { assert, describe, it } from "vitest"

const secret = (text: string) => Redacted.make(text)

/** The server without its wrappers of secrets. */
const shown = (server: RedisServer): unknown =>
  JSON.parse(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(server).map(([name, value]) => [
          name,
          Redacted.isRedacted(value) ? Redacted.value(value) : value
        ])
      )
    )
  )

const two = [
  { host: "a.example", port: 1 },
  { host: "b", port: 2 }
]

describe("a text that names a Redis", () => {
  it.each([
    "redis://localhost",
    "rediss://redis.example.com:6380",
    "redis://:p%40ss@127.0.0.1:6379/15",
    "redis://user:password@[::1]:6379/"
  ])("may be the URL of a server: %s", (text) => {
    assert.deepStrictEqual(shown(Result.getOrThrow(parse(text))), { url: text })
  })

  it.each<readonly [string, unknown]>([
    ["redis-sentinel://a.example:1,b:2/main", { sentinels: two, name: "main" }],
    ["redis-sentinel://:p%40ss@a.example:1,b:2/main", { sentinels: two, name: "main", password: "p@ss" }],
    ["redis-sentinel://a.example/main", { sentinels: [{ host: "a.example", port: 26_379 }], name: "main" }],
    ["rediss-sentinel://a.example:1,b:2/main", { sentinels: two, name: "main", tls: true }],
    ["redis-cluster://a.example:1,b:2", { nodes: two }],
    ["redis-cluster://[::1]:7000", { nodes: [{ host: "::1", port: 7_000 }] }],
    ["rediss-cluster://u:p@a.example:1,b:2", { nodes: two, username: "u", password: "p", tls: true }]
  ])("may name several: %s", (text, server) => {
    assert.deepStrictEqual(shown(Result.getOrThrow(parse(text))), server)
  })

  it.each<readonly [string, RegExp]>([
    ["", /^must begin with redis:\/\/, /],
    ["localhost:6379", /^must begin with/],
    ["http://localhost", /^must begin with/],
    ["redis-ring://a:1", /^must begin with/],
    ["redis://", /^must be a URL such as redis:\/\//],
    ["redis://user@host", /^must be a URL/],
    ["redis://user:@host", /^must be a URL/],
    ["redis://:%@host", /^must be a URL/],
    ["redis://host:0", /^must be a URL/],
    ["redis://host:65536", /^must be a URL/],
    ["redis://host/name", /^must be a URL/],
    ["redis://host/-1", /^must be a URL/],
    ["redis://a,b", /^must be a URL/],
    ["redis://ho st", /^must be a URL/],
    ["redis://host?db=1", /^must be a URL/],
    ["redis-sentinel://a:1", /^must be such as redis-sentinel:\/\//],
    ["redis-sentinel://a:1,/main", /^must be such as redis-sentinel/],
    ["redis-sentinel://a:1/ma in", /^must be such as redis-sentinel/],
    ["redis-cluster://a:1/0", /^must be such as redis-cluster/],
    [`redis-cluster://${"a:1,".repeat(100)}a:1`, /^must be such as redis-cluster/]
  ])("is refused by its rule, and not shown: %s", (text, rule) => {
    const { issues, message } = Result.getOrThrow(Result.flip(parse(text)))
    assert.strictEqual(issues.length, 1)
    assert.match(message, rule)
  })
})

describe("options that name a Redis", () => {
  const broken = (options: object): Promise<string> =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const made = RedisLink.make(options as RedisLink.LinkOptions).pipe(Scope.provide(scope))
      const { message }: InvalidInput = yield* Effect.flip(made)
      yield* Scope.close(scope, Exit.void)
      return message
    }).pipe(Effect.runPromise)

  it.each<readonly [object, string]>([
    [{}, "must have one of url, sentinels and nodes"],
    [{ url: secret("redis://a"), nodes: two }, "must have one of url, sentinels and nodes"],
    [{ url: "redis://a" }, "url: must be a URL such as"],
    [{ url: secret("redis-cluster://a:1") }, "url: must be a URL such as"],
    [{ url: secret("redis://a"), password: secret("b") }, "password: "],
    [{ url: secret("redis://a"), commandTimeoutMillis: 0 }, "commandTimeoutMillis: must be "],
    [{ url: secret("redis://a"), ca: "" }, "ca: must not be empty"],
    [{ sentinels: two }, "name: "],
    [{ sentinels: [], name: "main" }, "sentinels: "],
    [{ sentinels: two, name: "a b" }, "name: must be a name of"],
    [{ nodes: [{ host: "a b", port: 1 }] }, "nodes.0.host: must be the name of a host"],
    [{ nodes: [{ host: "a", port: 70_000 }] }, "nodes.0.port: must be "],
    [{ nodes: two, password: "open" }, "password: must be a Redacted text"]
  ])("are refused with the field and the rule: %j", async (options, rule) => {
    const message = await broken(options)
    assert.include(message, rule)
    assert.notInclude(message, "open")
  })
})

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" })

describe("an error of Redis", () => {
  it.each<readonly [Error, string]>([
    [reply("WRONGPASS invalid username-password pair"), "WRONGPASS"],
    [reply("no such thing"), "ERR"],
    [Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [new Error('Unknown RESP type 72 "H". Please report this.'), "not Redis"],
    [new Error("Connection is closed."), "closed"],
    [new Error("Socket timeout. Expecting data, but didn't receive any in 1000ms."), "timed out"],
    [Object.assign(new Error("Failed to refresh slots cache."), { lastNodeError: reply("NOAUTH no") }), "NOAUTH"]
  ])("is told in a word or two: %s", (error, kind) => {
    assert.strictEqual(kindOf(error), kind)
  })

  it("does not show what the client has attached to it", () => {
    const thrown = Object.assign(reply("ERR no"), { command: { name: "auth", args: ["secret"] } })
    assert.notInclude(JSON.stringify(toFailure(thrown)), "secret")
  })

  it.each(["LOADING", "READONLY", "OOM", "MISCONF", "MASTERDOWN", "CLUSTERDOWN"])(
    "speaks of the server: %s",
    (code) => {
      assert.isTrue(isOfServer(new RedisReplied({ code, words: code })))
    }
  )

  it.each(["NOSCRIPT", "WRONGTYPE", "ERR", "NOPERM", "CROSSSLOT"])("speaks of the command: %s", (code) => {
    assert.isFalse(isOfServer(new RedisReplied({ code, words: code })))
  })
})

describe("a breaker", () => {
  const failing = (breaker: RedisBreaker.RedisBreaker, times: number) =>
    Array.from({ length: times }, () => breaker.failed())

  it("opens after failures in a row, and once", () => {
    const breaker = RedisBreaker.make()
    failing(breaker, 4)
    breaker.succeeded()
    assert.deepStrictEqual(failing(breaker, 4), [false, false, false, false])
    assert.isFalse(breaker.isOpen())
    assert.deepStrictEqual(failing(breaker, 2), [true, false])
    assert.isTrue(breaker.isOpen())
  })

  it("is not closed by a command from before", () => {
    const breaker = RedisBreaker.make()
    failing(breaker, 5)
    breaker.succeeded()
    assert.isTrue(breaker.isOpen())
  })

  it("opens again at the first failure after a probe, until a command has worked", () => {
    const breaker = RedisBreaker.make()
    failing(breaker, 5)
    breaker.close()
    assert.deepStrictEqual(failing(breaker, 1), [true])
    breaker.close()
    breaker.succeeded()
    assert.deepStrictEqual(failing(breaker, 5), [false, false, false, false, true])
  })

  it("waits for longer before each probe, up to a second, and never for nothing", () => {
    const breaker = RedisBreaker.make()
    failing(breaker, 5)
    assert.deepStrictEqual(
      Array.from({ length: 5 }, () => breaker.pauseMillis(0)),
      [100, 200, 400, 500, 500]
    )
    assert.isAtMost(breaker.pauseMillis(0.999), RedisBreaker.LONGEST_PAUSE_MILLIS)
    breaker.close()
    breaker.succeeded()
    assert.strictEqual(breaker.pauseMillis(0), 100)
  })
})
