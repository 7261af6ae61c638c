/**
 * A Redis that is away, hangs, restarts, forgets, refuses or is none: each command ends in time, and the link mends itself.
 */
import { assert, describe, it } from "@effect/vitest"
import { LONGEST_PAUSE_MILLIS } from "@turnout/adapters/internal/redis/RedisBreaker"
import { MAX_IN_FLIGHT } from "@turnout/adapters/internal/redis/RedisCommands"
import { RECONNECT_PAUSES } from "@turnout/adapters/internal/redis/RedisConnection"
import * as RedisLink from "@turnout/adapters/redis"
import * as RedisState from "@turnout/adapters/redis/state"
import { Effect, Exit, Logger, Metric, Scope } from "effect"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redis from "effect/persistence/Redis"
import { createHook } from "node:async_hooks"
import { createServer, type AddressInfo, type Socket } from "node:net"
import { afterAll, beforeAll } from "vitest"
import { Certificates } from "../support/Certificates.ts"
import { freePort } from "../support/PostgresServer.ts"
import {
  endingOf,
  linked,
  linkedAnyway,
  PATIENT,
  SLACK_MILLIS,
  state,
  toUrl,
  until,
  untilIt,
  type Ending
} from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"

const DEADLINE_MILLIS = 100
/** The most that a command takes that is not sent, on a busy machine. It is less than a deadline. */
const AT_ONCE_MILLIS = 90
/** The time within which a link is up again, once the server is. */
const MENDED_MILLIS = RECONNECT_PAUSES.longestPauseMillis + LONGEST_PAUSE_MILLIS + 1_000

let server: RedisServer.RedisServer
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server[Symbol.asyncDispose]())

const script = Redis.script((key: string, value: string) => [key, value], {
  numberOfKeys: 1,
  lua: "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
}).withReturnType<string>()

/** A server for the time of a test. */
const withServer = <A>(
  test: (server: RedisServer.RedisServer) => Effect.Effect<A>,
  settings?: RedisServer.Settings
): Effect.Effect<A> =>
  Effect.acquireUseRelease(
    Effect.promise(() => RedisServer.start(settings)),
    test,
    (started) => Effect.promise(() => started[Symbol.asyncDispose]())
  )

/** A server that does with each connection what the test says. */
const speaking = (speak: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly close: () => void; readonly connections: () => number }>(
      (resume) => {
        const sockets = new Set<Socket>()
        let connections = 0
        const listening = createServer((socket) => {
          connections += 1
          sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)))
          speak(socket)
        })
        listening.listen(0, "127.0.0.1", () => {
          const close = () => {
            for (const socket of sockets) socket.destroy()
            listening.close()
          }
          const { port } = listening.address() as AddressInfo
          resume(Effect.succeed({ port, close, connections: () => connections }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const inTime = ({ millis, tag }: Ending): void =>
  assert.isBelow(millis, DEADLINE_MILLIS + SLACK_MILLIS, `${tag} after its deadline`)

describe("a link to a Redis", () => {
  it.live("sends commands, and gives their answers and errors", () =>
    linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* redis.send("SET", "a", "ä 1"), "OK")
        assert.strictEqual(yield* redis.send("get", "a"), "ä 1")
        yield* redis.send("HSET", "h", "x", "1")
        assert.deepStrictEqual(yield* redis.send("hgetall", "h"), ["x", "1"])
        const { cause, tag } = yield* endingOf(redis.send("INCR", "a"))
        assert.strictEqual(tag, "RedisReplied")
        assert.include(cause, { code: "ERR", words: "ERR value is not an integer or out of range" })
        // An error of the command says nothing about the server.
        for (let n = 0; n < 20; n++) yield* endingOf(redis.send("INCR", "a"))
        assert.strictEqual(yield* redis.send("GET", "a"), "ä 1")
        assert.deepInclude(yield* state, { status: "up", failure: null })
      })
    )
  )

  it.live("is up when the layer has been built, if its server is there", () =>
    linkedAnyway({ ...toUrl(server.url), ...PATIENT }, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* state).status, "up")
      })
    )
  )

  it.live("selects the database of the URL", () =>
    linked({ ...toUrl(`${server.url}/3`), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        yield* redis.send("SET", "in3", "1")
        assert.strictEqual(yield* Effect.promise(() => server.run("-n", "3", "get", "in3")), "1")
      })
    )
  )

  it.live("runs scripts, also when the server has forgotten them or its data", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const run = redis.eval(script)
          assert.strictEqual(yield* run("a", "1"), "1")
          yield* redis.send("SCRIPT", "FLUSH")
          assert.strictEqual(yield* run("a", "2"), "2")
          yield* redis.send("FLUSHALL")
          assert.strictEqual(yield* run("a", "3"), "3")
          yield* Effect.promise(own.kill)
          yield* untilIt("down")
          yield* Effect.promise(own.start)
          yield* untilIt("up", MENDED_MILLIS)
          assert.strictEqual(yield* run("a", "4"), "4")
        })
      )
    )
  )

  it.live("writes the commands of a turn at once", () => {
    let pieces = 0
    return Effect.gen(function* () {
      const proxy = yield* speaking((socket) => {
        const hello = "$5\r\nhello\r\n"
        socket.on("data", (bytes) => {
          const commands = String(bytes).match(/\*\d+\r\n\$/g)?.length ?? 0
          if (String(bytes).includes("ECHO")) pieces += 1
          socket.write(hello.repeat(commands))
        })
      })
      yield* linked({ ...toUrl(`redis://127.0.0.1:${proxy.port}`), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const all = Array.from({ length: 100 }, () => redis.send("ECHO", "hello"))
          yield* Effect.all(all, { concurrency: "unbounded" })
        })
      )
      assert.strictEqual(pieces, 1)
    }).pipe(Effect.scoped)
  })

  it.live("counts commands by outcome, and shows whether the server is there", () =>
    withServer((own) =>
      linked(toUrl(own.url), (redis) =>
        Effect.gen(function* () {
          const counts = Effect.map(
            Effect.all(
              (["ok", "error", "timeout", "refused"] as const).map((by) => Metric.value(RedisState.commandsBy[by]))
            ),
            (all) => all.map(({ count }) => count)
          )
          const gauge = Effect.map(Metric.value(RedisState.up), ({ value }) => value)
          yield* redis.send("SET", "a", "x")
          yield* Effect.ignore(redis.send("INCR", "a"))
          assert.deepStrictEqual([yield* counts, yield* gauge], [[1, 1, 0, 0], 1])
          own.pause()
          yield* Effect.ignore(redis.send("GET", "a"))
          assert.deepStrictEqual(yield* counts, [1, 1, 1, 0])
          yield* Effect.promise(own.kill)
          yield* untilIt("down")
          yield* Effect.ignore(redis.send("GET", "a"))
          assert.deepStrictEqual([yield* counts, yield* gauge], [[1, 1, 1, 1], 0])
        })
      )
    )
  )

  it.live("refuses a command at once when too many wait", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), commandTimeoutMillis: 30_000 }, (redis) =>
        Effect.gen(function* () {
          own.pause()
          const all = Array.from({ length: MAX_IN_FLIGHT + 1 }, () => endingOf(redis.send("GET", "a")))
          const resumed = Effect.andThen(
            Effect.sleep(200),
            Effect.sync(() => own.resume())
          )
          const [endings] = yield* Effect.all([Effect.all(all, { concurrency: "unbounded" }), resumed], {
            concurrency: 2
          })
          const refused = endings.filter(({ tag }) => tag !== "ok")
          assert.deepStrictEqual(
            refused.map(({ tag }) => tag),
            ["RedisOverloaded"]
          )
          assert.strictEqual(yield* redis.send("PING"), "PONG")
        })
      )
    )
  )

  it.live("does not take a busy process for a slow server", () =>
    withServer(
      (own) =>
        linked(toUrl(own.url), (redis) =>
          Effect.gen(function* () {
            // In this phase of a turn: the timers of the next one come before its sockets.
            const busy = Effect.callback<void>((resume) => {
              setImmediate(() => {
                const end = performance.now() + 5 * DEADLINE_MILLIS
                while (performance.now() < end);
                resume(Effect.void)
              })
            })
            // The command is written before, and answered while the process is busy.
            const working = Effect.andThen(Effect.sleep(20), busy)
            const command = redis.send("DEBUG", "SLEEP", "0.06")
            const [{ tag }] = yield* Effect.all([endingOf(command), working], { concurrency: 2 })
            assert.strictEqual(tag, "ok")
          })
        ),
      { "enable-debug-command": "yes" }
    )
  )

  it.live("leaves a command that nobody waits for to itself", () =>
    linked({ ...toUrl(server.url), ...PATIENT }, (redis) =>
      Effect.gen(function* () {
        yield* redis.send("DEL", "left")
        yield* Effect.timeoutOption(redis.send("EVAL", "redis.call('SET', KEYS[1], 1)", "1", "left"), 0)
        yield* until(
          Effect.map(redis.send("GET", "left"), (value) => value === "1"),
          "it has its effect"
        )
        assert.strictEqual((yield* state).failure, null)
      })
    )
  )

  it.live("stands under effect's limits of rates", () =>
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.RateLimiter
      const take = limiter.consume({ key: "{client-1}:reads", limit: 3, window: "1 minute", onExceeded: "fail" })
      const endings = yield* Effect.all(Array.from({ length: 5 }, () => Effect.exit(take)))
      assert.deepStrictEqual(endings.map(Exit.isSuccess), [true, true, true, false, false])
    }).pipe(
      Effect.provide(RateLimiter.layer),
      Effect.provide(RateLimiter.layerStoreRedis({ prefix: "test:" })),
      Effect.provide(RedisLink.layer({ ...toUrl(server.url), ...PATIENT }))
    )
  )

  it.live("speaks TLS, and checks who answers", () =>
    Effect.gen(function* () {
      using certificates = new Certificates()
      certificates.issue("server")
      const port = yield* Effect.promise(freePort)
      const settings = {
        "tls-port": String(port),
        "tls-cert-file": certificates.path("server.pem"),
        "tls-key-file": certificates.path("server.key"),
        "tls-ca-cert-file": certificates.path("ca.pem"),
        "tls-auth-clients": "no"
      }
      yield* withServer(
        () =>
          Effect.gen(function* () {
            const url = toUrl(`rediss://localhost:${port}`)
            yield* linked({ ...url, ca: certificates.text("ca.pem"), ...PATIENT }, (redis) =>
              Effect.gen(function* () {
                assert.strictEqual(yield* redis.send("PING"), "PONG")
              })
            )
            yield* linkedAnyway({ ...url, ...PATIENT }, () =>
              Effect.gen(function* () {
                const { failure, status } = yield* state
                assert.strictEqual(status, "down")
                assert.match(failure!.kind, /CERT|SIGN/)
              })
            )
          }),
        settings
      )
    })
  )
})

describe("a Redis that is away", () => {
  it.live("does not keep the link from starting, which is up once the server is there", () =>
    withServer((own) =>
      Effect.gen(function* () {
        yield* Effect.promise(own.kill)
        const begun = performance.now()
        yield* linkedAnyway(toUrl(own.url), (redis) =>
          Effect.gen(function* () {
            assert.isBelow(performance.now() - begun, DEADLINE_MILLIS + SLACK_MILLIS)
            assert.strictEqual((yield* state).failure?.kind, "ECONNREFUSED")
            const { cause, millis, tag } = yield* endingOf(redis.send("GET", "a"))
            assert.deepStrictEqual([tag, String(cause).includes("ECONNREFUSED")], ["RedisNotConnected", true])
            assert.isBelow(millis, AT_ONCE_MILLIS)
            yield* Effect.promise(own.start)
            yield* untilIt("up", MENDED_MILLIS)
            assert.strictEqual(yield* redis.send("SET", "a", "1"), "OK")
          })
        )
      })
    )
  )

  it.live("fails the commands that wait when it is killed, and those after at once", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), commandTimeoutMillis: 5_000 }, (redis) =>
        Effect.gen(function* () {
          own.pause()
          const waiting = Effect.all(
            Array.from({ length: 10 }, () => endingOf(redis.send("GET", "a"))),
            { concurrency: "unbounded" }
          )
          const killing = Effect.andThen(Effect.sleep(50), Effect.promise(own.kill))
          const [endings] = yield* Effect.all([waiting, killing], { concurrency: 2 })
          assert.deepStrictEqual([...new Set(endings.map(({ tag }) => tag))], ["RedisNotConnected"])
          for (const { millis } of endings) assert.isBelow(millis, 1_000)
          const after = yield* endingOf(redis.send("GET", "a"))
          assert.strictEqual(after.tag, "RedisNotConnected")
          assert.isBelow(after.millis, AT_ONCE_MILLIS)
          yield* Effect.promise(own.start)
          yield* untilIt("up", MENDED_MILLIS)
          assert.isNull(yield* redis.send("GET", "a"))
        })
      )
    )
  )

  it.live(
    "is found again after an outage that is longer than the longest pause, and the log has its beginning and its end",
    () => {
      const told: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => void told.push(String(message)))
      return withServer((own) =>
        linked(toUrl(own.url), (redis) =>
          Effect.gen(function* () {
            yield* Effect.promise(own.kill)
            yield* untilIt("down")
            yield* Effect.sleep(2 * RECONNECT_PAUSES.longestPauseMillis)
            for (let n = 0; n < 10; n++) yield* endingOf(redis.send("GET", "a"))
            yield* Effect.promise(own.start)
            yield* untilIt("up", MENDED_MILLIS)
            yield* until(
              Effect.sync(() => told.at(-1)?.startsWith("Redis is used again after ") === true),
              "the log has the end"
            )
            assert.deepStrictEqual(told.slice(0, -1), [
              "Redis cannot be used: closed; commands fail at once meanwhile",
              "Redis cannot be used: ECONNREFUSED; commands fail at once meanwhile"
            ])
          })
        )
      ).pipe(Effect.provide(Logger.layer([logger])))
    }
  )
})

describe("a Redis that hangs", () => {
  it.live("is given up command by command, then left alone, and used again when it goes on", () =>
    withServer((own) =>
      linked(toUrl(own.url), (redis) =>
        Effect.gen(function* () {
          yield* redis.send("SET", "a", "1")
          own.pause()
          const endings: Array<Ending> = []
          while (endings.at(-1)?.tag !== "RedisBreakerOpen" && endings.length < 20) {
            const ending = yield* endingOf(redis.send("GET", "a"))
            inTime(ending)
            endings.push(ending)
          }
          assert.deepStrictEqual(
            endings.map(({ tag }) => tag),
            [...Array.from({ length: 5 }, () => "RedisTimedOut"), "RedisBreakerOpen"]
          )
          assert.deepInclude(yield* state, { status: "down" })
          // Through probes, and after the connection has been replaced by one that is never greeted.
          for (let n = 0; n < 150; n++) {
            const { millis, tag } = yield* endingOf(redis.send("GET", "a"))
            assert.include(["RedisBreakerOpen", "RedisNotConnected"], tag)
            assert.isBelow(millis, AT_ONCE_MILLIS, tag)
            yield* Effect.sleep(15)
          }
          own.resume()
          yield* untilIt("up", MENDED_MILLIS)
          assert.strictEqual(yield* redis.send("GET", "a"), "1")
        })
      )
    )
  )

  it.live("is used again by the same connection if it hung for a moment", () =>
    withServer((own) =>
      linked(toUrl(own.url), (redis) =>
        Effect.gen(function* () {
          const id = yield* redis.send("CLIENT", "ID")
          own.pause()
          yield* Effect.all(
            Array.from({ length: 10 }, () => endingOf(redis.send("GET", "a"))),
            { concurrency: "unbounded" }
          )
          assert.strictEqual((yield* state).status, "down")
          own.resume()
          yield* untilIt("up", LONGEST_PAUSE_MILLIS)
          assert.strictEqual(yield* redis.send("CLIENT", "ID"), id)
        })
      )
    )
  )

  it.live("has its connection replaced", () =>
    withServer((own) =>
      linked(toUrl(own.url), (redis) =>
        Effect.gen(function* () {
          const id = yield* redis.send("CLIENT", "ID")
          own.pause()
          yield* Effect.ignore(redis.send("GET", "a"))
          yield* untilIt("down", 2_000)
          own.resume()
          yield* untilIt("up", MENDED_MILLIS)
          assert.notStrictEqual(yield* redis.send("CLIENT", "ID"), id)
        })
      )
    )
  )

  it.live("accepts connections and never answers: the link starts, and goes on trying", () =>
    Effect.gen(function* () {
      const mute = yield* speaking(() => {})
      const begun = performance.now()
      yield* linkedAnyway(toUrl(`redis://127.0.0.1:${mute.port}`), (redis) =>
        Effect.gen(function* () {
          assert.isBelow(performance.now() - begun, DEADLINE_MILLIS + SLACK_MILLIS)
          const { millis, tag } = yield* endingOf(redis.send("GET", "a"))
          assert.strictEqual(tag, "RedisNotConnected")
          assert.isBelow(millis, AT_ONCE_MILLIS)
          yield* until(
            Effect.sync(() => mute.connections() >= 3),
            "it tries again"
          )
          assert.strictEqual((yield* state).failure?.kind, "timed out")
        })
      )
    }).pipe(Effect.scoped)
  )
})

describe("a Redis that refuses", () => {
  it.live("has another password: the link says so, without it, and goes on trying", () =>
    withServer(
      (own) =>
        linkedAnyway(toUrl(`redis://:not-the-secret@127.0.0.1:${own.port}`), (redis) =>
          Effect.gen(function* () {
            yield* until(
              Effect.map(state, ({ failure }) => failure?.kind === "WRONGPASS"),
              "the password is refused"
            )
            const { cause, tag } = yield* endingOf(redis.send("GET", "a"))
            assert.strictEqual(tag, "RedisNotConnected")
            assert.notInclude(JSON.stringify([cause, yield* state]), "secret")
            yield* Effect.promise(() => own.run("-a", "right", "config", "set", "requirepass", "not-the-secret"))
            yield* untilIt("up", MENDED_MILLIS)
          })
        ),
      { requirepass: "right" }
    )
  )

  it.live.each([
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["bytes of no kind", "\u0000\u0001\u0002\r\n"],
    ["an answer that is not over", "$100\r\nabc"]
  ])("is no Redis, and speaks %s: the link goes on trying", ([, words = ""]) =>
    Effect.gen(function* () {
      const other = yield* speaking((socket) => socket.on("data", () => socket.write(words)))
      yield* linkedAnyway(toUrl(`redis://127.0.0.1:${other.port}`), (redis) =>
        Effect.gen(function* () {
          yield* until(
            Effect.sync(() => other.connections() >= 3),
            "it tries again"
          )
          const { millis, tag } = yield* endingOf(redis.send("GET", "a"))
          assert.strictEqual(tag, "RedisNotConnected")
          assert.isBelow(millis, AT_ONCE_MILLIS)
          assert.include(["not Redis", "timed out"], (yield* state).failure?.kind)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("is out of memory: writes open the breaker, and close it when there is some again", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          yield* redis.send("CONFIG", "SET", "maxmemory", "1")
          const endings = yield* Effect.all(Array.from({ length: 6 }, () => endingOf(redis.send("SET", "a", "1"))))
          assert.deepStrictEqual(
            endings.map(({ tag }) => tag),
            [...Array.from({ length: 5 }, () => "RedisReplied"), "RedisBreakerOpen"]
          )
          assert.strictEqual((yield* state).failure?.kind, "OOM")
          yield* Effect.promise(() => own.run("config", "set", "maxmemory", "0"))
          yield* untilIt("up", LONGEST_PAUSE_MILLIS)
          assert.strictEqual(yield* redis.send("SET", "a", "1"), "OK")
        })
      )
    )
  )

  it.live("has become a replica: its connection is left, and a new one is made", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          const id = yield* redis.send("CLIENT", "ID")
          yield* redis.send("REPLICAOF", "127.0.0.1", "1")
          assert.include((yield* endingOf(redis.send("SET", "a", "1"))).cause, { code: "READONLY" })
          yield* Effect.promise(() => own.run("replicaof", "no", "one"))
          yield* until(
            Effect.map(endingOf(redis.send("SET", "a", "1")), ({ tag }) => tag === "ok"),
            "a write works again"
          )
          assert.notStrictEqual(yield* redis.send("CLIENT", "ID"), id)
        })
      )
    )
  )

  it.live("is still out of memory after a probe: one failure opens the breaker again", () =>
    withServer((own) =>
      linked({ ...toUrl(own.url), ...PATIENT }, (redis) =>
        Effect.gen(function* () {
          yield* redis.send("CONFIG", "SET", "maxmemory", "1")
          const write = endingOf(redis.send("SET", "a", "1"))
          yield* Effect.all(Array.from({ length: 5 }, () => write))
          yield* untilIt("up", 2 * LONGEST_PAUSE_MILLIS)
          const [first, second] = [yield* write, yield* write]
          assert.deepStrictEqual([first.tag, second.tag], ["RedisReplied", "RedisBreakerOpen"])
        })
      )
    )
  )
})

/** Notes the timers and sockets that the link makes, those that keep no process alive included, and tells which of them are left. */
const watchResources = () => {
  const made = new Map<number, string>()
  const hook = createHook({
    init: (id, type) => {
      if (!/^(?:Timeout|TCPWRAP|TCPCONNECTWRAP|GETADDRINFOREQWRAP)$/.test(type)) return
      // The frames nearest to what made it.
      const stack = String(new Error(type).stack)
      if (/adapters\/src\/redis|ioredis/.test(stack)) made.set(id, stack)
    },
    destroy: (id) => void made.delete(id)
  })
  hook.enable()
  return { left: () => [...made.values()], [Symbol.dispose]: () => void hook.disable() }
}

describe("the end of a link", () => {
  it.live.each(["is there", "hangs", "is away"])("leaves no timer and no socket if the server %s", (how) =>
    withServer((own) =>
      Effect.gen(function* () {
        using resources = watchResources()
        const scope = yield* Scope.make()
        const context = yield* RedisLink.make(toUrl(own.url)).pipe(Scope.provide(scope), Effect.orDie)
        const redis = yield* Redis.Redis.pipe(Effect.provide(context))
        // The one who listens does so for longer than the link lasts.
        const listening = yield* Scope.make()
        yield* redis.subscribe("channel").pipe(Scope.provide(listening))
        const reserved = yield* redis.reserve.pipe(Scope.provide(scope), Effect.orDie)
        yield* Effect.forkIn(Effect.exit(reserved.send("BLPOP", "none", "0")), scope)
        if (how === "hangs") own.pause()
        if (how === "is away") {
          yield* Effect.promise(own.kill)
          // The pauses between attempts become long.
          yield* Effect.sleep(1_000)
        }
        yield* Effect.all(
          Array.from({ length: 10 }, () => endingOf(redis.send("GET", "a"))),
          { concurrency: "unbounded" }
        )
        assert.isNotEmpty(resources.left())
        yield* Scope.close(scope, Exit.void)
        // The ends of resources are told in a later turn.
        yield* Effect.sleep(50)
        assert.deepStrictEqual(resources.left(), [])
        // What comes after the end fails, or waits, and connects to nothing.
        yield* redis.subscribe("other").pipe(Scope.provide(listening))
        const { tag } = yield* endingOf(redis.send("GET", "a"))
        assert.strictEqual(tag, "RedisNotConnected")
        yield* Effect.sleep(50)
        assert.deepStrictEqual(resources.left(), [])
        yield* Scope.close(listening, Exit.void)
      })
    )
  )
})
