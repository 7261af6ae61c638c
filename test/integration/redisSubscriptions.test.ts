/**
 * Channels, and connections that are reserved: what they do while the server is away, hangs or comes back.
 */
import { assert, describe, it } from "@effect/vitest"
import { PING_MILLIS } from "@turnout/adapters/internal/redis/RedisSubscriptions"
import { Effect, Exit, Fiber, Queue, Scope } from "effect"
import * as Redis from "effect/persistence/Redis"
import { endingOf, linked, linkedAnyway, PATIENT, SLACK_MILLIS, toUrl, until, untilIt } from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"

const withServer = <A>(
  test: (server: RedisServer.RedisServer) => Effect.Effect<A>,
  settings?: RedisServer.Settings
): Effect.Effect<A> =>
  Effect.acquireUseRelease(
    Effect.promise(() => RedisServer.start(settings)),
    test,
    (started) => Effect.promise(() => started[Symbol.asyncDispose]())
  )

/** Listens to a channel, and returns what is heard. */
const listening = (redis: Redis.Redis["Service"], channel: string) =>
  Effect.gen(function* () {
    const heard: Array<string> = []
    const queue = yield* redis.subscribe(channel)
    yield* Effect.forkScoped(Effect.forever(Effect.map(Queue.take(queue), ({ message }) => void heard.push(message))), {
      startImmediately: true
    })
    return heard
  })

/** Publishes until it is heard. */
const hears = (server: RedisServer.RedisServer, heard: ReadonlyArray<string>, message: string, millis = 10_000) =>
  until(
    Effect.promise(async () => {
      await server.run("publish", "news", message)
      return heard.includes(message)
    }),
    `${message} is heard`,
    millis
  )

describe("a channel", () => {
  it.live("is heard as soon as it has been subscribed to, by each who listens, over one connection", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const [one, two] = [yield* listening(redis, "news"), yield* listening(redis, "news")]
          const other = yield* listening(redis, "other")
          const before = yield* redis.send<string>("CLIENT", "LIST")
          assert.strictEqual(before.match(/ sub=2 /g)?.length, 1, before)
          yield* redis.send("PUBLISH", "news", "ä")
          yield* redis.send("PUBLISH", "other", "b")
          yield* until(
            Effect.sync(() => one.length + two.length + other.length === 3),
            "all is heard"
          )
          assert.deepStrictEqual([one, two, other], [["ä"], ["ä"], ["b"]])
        })
      )
    )
  )

  it.live("is left with the scope of the one who listens, and the connection with the last of them", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const subscribers = Effect.map(redis.send<string>("CLIENT", "LIST", "TYPE", "pubsub"), (list) =>
            list.split("\n").filter((line) => line !== "")
          )
          const [first, second] = [yield* Scope.make(), yield* Scope.make()]
          yield* redis.subscribe("a").pipe(Scope.provide(first))
          yield* redis.subscribe("b").pipe(Scope.provide(second))
          assert.include((yield* subscribers)[0], " sub=2 ")
          yield* Scope.close(first, Exit.void)
          yield* until(
            Effect.map(subscribers, ([line]) => line?.includes(" sub=1 ") === true),
            "one channel is left"
          )
          yield* Scope.close(second, Exit.void)
          yield* until(
            Effect.map(redis.send<string>("CLIENT", "LIST"), (list) => list.trim().split("\n").length === 1),
            "the connection is closed"
          )
        })
      )
    )
  )

  it.live.each(["is killed and started again", "hangs for a while"])("is heard again after the server %s", (how) =>
    withServer((server) =>
      linked(toUrl(server.url), (redis) =>
        Effect.gen(function* () {
          const heard = yield* listening(redis, "news")
          yield* hears(server, heard, "before")
          if (how === "hangs for a while") {
            const id = /^id=(\d+)/.exec(yield* redis.send<string>("CLIENT", "LIST", "TYPE", "pubsub"))![1]
            server.pause()
            yield* Effect.sleep(PING_MILLIS + 2_000)
            server.resume()
            yield* untilIt("up")
            yield* until(
              Effect.map(
                redis.send<string>("CLIENT", "LIST", "TYPE", "pubsub"),
                (list) => list.includes(" sub=1 ") && !list.includes(`id=${id} `)
              ),
              "the connection has been replaced"
            )
          } else {
            yield* Effect.promise(server.kill)
            yield* Effect.promise(server.start)
          }
          yield* hears(server, heard, "after")
        })
      )
    )
  )

  it.live("may be subscribed to while there is no server", () =>
    withServer((server) =>
      Effect.gen(function* () {
        yield* Effect.promise(server.kill)
        yield* linkedAnyway(toUrl(server.url), (redis) =>
          Effect.gen(function* () {
            const heard = yield* listening(redis, "news")
            yield* Effect.promise(server.start)
            yield* hears(server, heard, "after")
          })
        )
      })
    )
  )

  it.live("fails if the server refuses it", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          yield* redis.send("ACL", "SETUSER", "default", "resetchannels")
          const queue = yield* redis.subscribe("news")
          const { cause } = yield* endingOf(Queue.take(queue))
          assert.include(cause, { code: "NOPERM" })
        })
      )
    )
  )
})

describe("a connection that is reserved", () => {
  it.live("waits for longer than a deadline, while the others go on", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), commandTimeoutMillis: 1_000 }, (redis) =>
        Effect.gen(function* () {
          const { send } = yield* redis.reserve
          const popped = yield* Effect.forkScoped(send("BLPOP", "queue", "0"), { startImmediately: true })
          yield* Effect.sleep(1_300)
          assert.strictEqual(yield* redis.send("RPUSH", "queue", "1"), 1)
          assert.deepStrictEqual(yield* Fiber.join(popped), ["queue", "1"])
          assert.strictEqual(yield* send("BLPOP", "queue", "0.2"), null)
          assert.strictEqual(yield* send("PING"), "PONG")
        })
      )
    )
  )

  it.live("has a deadline for commands that do not block, and for those that block for a time", () =>
    withServer((server) =>
      linked(toUrl(server.url), (redis) =>
        Effect.gen(function* () {
          for (const [command, least] of [
            [["GET", "a"], 90],
            [["BLPOP", "a", "0.2"], 290]
          ] as const) {
            const [name, ...args] = command
            const { millis, tag } = yield* Effect.scoped(
              Effect.gen(function* () {
                const { send } = yield* redis.reserve
                server.pause()
                return yield* endingOf(send(name, ...args))
              })
            )
            assert.strictEqual(tag, "RedisTimedOut")
            assert.isAtLeast(millis, least)
            assert.isBelow(millis, least + SLACK_MILLIS)
            server.resume()
          }
        })
      )
    )
  )

  it.live("runs scripts that the server has forgotten", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const script = Redis.script((key: string) => [key], { numberOfKeys: 1, lua: "return KEYS[1]" })
          const reserved = yield* redis.reserve
          yield* reserved.eval(script)("a")
          yield* redis.send("SCRIPT", "FLUSH")
          assert.strictEqual(yield* reserved.eval(script.withReturnType<string>())("a"), "a")
        })
      )
    )
  )

  it.live("fails its command when the connection is lost, and is refused while the server is away", () =>
    withServer((server) =>
      linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const { send } = yield* redis.reserve
          const popped = yield* Effect.forkScoped(endingOf(send("BLPOP", "queue", "0")), { startImmediately: true })
          yield* Effect.sleep(50)
          yield* Effect.promise(server.kill)
          assert.strictEqual((yield* Fiber.join(popped)).tag, "RedisNotConnected")
          yield* untilIt("down")
          assert.strictEqual((yield* endingOf(Effect.scoped(redis.reserve))).tag, "RedisNotConnected")
        })
      )
    )
  )
})
