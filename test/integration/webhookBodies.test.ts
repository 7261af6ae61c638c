/**
 * Answers of webhooks whose bodies are of every kind, over real sockets: status and headers are the answer, whatever the body
 * does.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as WebhookRelays from "@turnout/adapters/webhooks"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer, Logger, type Scope } from "effect"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { gzipSync } from "node:zlib"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"
import * as Given from "../support/Given.ts"

/** What a server sends behind the status line, on the socket itself. */
type Rest = (socket: Socket) => void

const CHUNKED = "transfer-encoding: chunked\r\n\r\n"
const BOMB = gzipSync(Buffer.alloc(50_000_000))

/** Sends pieces for as long as the socket takes them. */
const flood = (socket: Socket, piece: string) => {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on("drain", more)
  more()
}

const BODIES: Readonly<Record<string, Rest>> = {
  "never comes": (socket) => void socket.write(CHUNKED),
  "never comes, though its length was given": (socket) => void socket.write("content-length: 10\r\n\r\n"),
  "never ends": (socket) => void socket.write(`${CHUNKED}4\r\nwait\r\n`),
  "trickles for ever": (socket) => {
    socket.write(`${CHUNKED}4\r\nwait\r\n`)
    const timer = setInterval(() => socket.write("1\r\n.\r\n"), 20)
    socket.on("close", () => clearInterval(timer))
  },
  "is reset midway": (socket) => {
    socket.write(`${CHUNKED}4\r\nwait\r\n`, () => setTimeout(() => socket.resetAndDestroy(), 30))
  },
  "breaks off in the same moment": (socket) => void socket.write(`${CHUNKED}4\r\nwait\r\nnonsense\r\n`),
  "ends before its length": (socket) => void socket.end("content-length: 100\r\n\r\nwait"),
  "goes on behind its length": (socket) => void socket.write("content-length: 4\r\n\r\nwaiting for nothing\r\n\r\n"),
  "is no chunk": (socket) => {
    socket.write(`${CHUNKED}4\r\nwait\r\n`, () => setTimeout(() => socket.write("nonsense\r\n\r\n"), 30))
  },
  "is as long as it likes": (socket) => {
    socket.write(`${CHUNKED}4\r\nwait\r\n`)
    flood(socket, `10000\r\n${"x".repeat(65_536)}\r\n`)
  },
  "says that it is far too long": (socket) => {
    socket.write("content-length: 9007199254740991\r\n\r\nwait")
    flood(socket, "x".repeat(65_536))
  },
  "is a bomb": (socket) => {
    socket.write(`content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`)
    socket.write(BOMB)
  }
}

interface Hooks {
  readonly url: string
  readonly times: Array<number>
  answer: (count: number) => readonly [head: string, rest: Rest]
}

const PLAIN: Rest = (socket) => void socket.write("content-length: 0\r\n\r\n")

/** Calls `answer` for each request that has come whole. */
const receiving = (socket: Socket, answer: () => void) => {
  let received = Buffer.alloc(0)
  socket
    .on("error", () => {})
    .on("data", (piece: Buffer) => {
      received = Buffer.concat([received, piece])
      const end = received.indexOf("\r\n\r\n") + 4
      if (end < 4) return
      const length = /content-length: (\d+)/i.exec(received.subarray(0, end).toString())
      if (received.length < end + Number(length![1])) return
      received = received.subarray(end + Number(length![1]))
      answer()
    })
}

/** An endpoint on a free port that answers as it is told. */
const endpoint = Effect.acquireRelease(
  Effect.callback<Hooks & { readonly close: () => void }>((resume) => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      receiving(socket, () => {
        const [head, rest] = hooks.answer(hooks.times.push(performance.now()))
        socket.write(`HTTP/1.1 ${head}\r\n`)
        rest(socket)
      })
    })
    const hooks = {
      url: "",
      times: [] as Array<number>,
      answer: (_count: number): readonly [string, Rest] => ["200 OK", PLAIN],
      close: () => {
        server.close()
        for (const socket of sockets) socket.destroy()
      }
    }
    server.listen(0, "127.0.0.1", () => {
      hooks.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      resume(Effect.succeed(hooks))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const services = AnyEndpoint.webhooks.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(Memory.layer))

const run = <A, E>(work: Effect.Effect<A, E, Layer.Success<typeof services> | Scope.Scope>) =>
  work.pipe(Effect.scoped, Effect.provide(Layer.fresh(services)), Effect.provide(Logger.layer([])))

const TIMEOUT_MILLIS = 3_000

const relaying = Layer.build(
  WebhookRelays.layer({
    allowPrivate: true,
    refreshMillis: 50,
    timeoutMillis: TIMEOUT_MILLIS,
    relay: {
      pollMillis: 50,
      graceMillis: 200,
      retryPolicy: { firstPauseMillis: 200, longestPauseMillis: 200, maxAttempts: 100 }
    }
  })
)

const add = (url: string) =>
  Effect.map(
    Webhooks.Webhooks.use((webhooks) => webhooks.create({ url }, { who: "ada" })),
    ({ webhook }) => webhook.id
  )

const until = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.repeat(Effect.delay(look, 20), { until: holds }).pipe(
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.die(new Error(`${what}: never`)) })
  )

const logOf = (id: string) => WebhookStore.use((store) => store.attempts(id, { after: null, limit: 100 }))

/** Longer than a body is looked at, and shorter than a request may take. */
const SOON_MILLIS = 2_000

const bodies = Object.entries(BODIES)

describe("an answer whose body", { timeout: 30_000, concurrent: true }, () => {
  it.live.each(bodies)("%s: has arrived, once, if its status says so", ([, rest]) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = () => ["200 OK", rest]
      const id = yield* add(hooks.url)
      yield* relaying
      yield* Given.publishedEvent()
      const log = yield* until("two attempts", logOf(id), ({ length }) => length >= 2)
      yield* Effect.sleep(500)
      assert.deepStrictEqual(
        log.map(({ error, status, version }) => [version, status, error]),
        [
          [2, 200, null],
          [1, 200, null]
        ]
      )
      assert.strictEqual(hooks.times.length, 2)
      assert.isBelow(hooks.times[1]! - hooks.times[0]!, SOON_MILLIS)
    }).pipe(run)
  )

  it.live.each(bodies)("%s: is a failure, with what came, if its status says so", ([what, rest]) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = (count) => (count === 1 ? ["500 No", rest] : ["200 OK", PLAIN])
      const id = yield* add(hooks.url)
      yield* relaying
      yield* Given.draftEvent()
      const log = yield* until("two attempts", logOf(id), ({ length }) => length >= 2)
      const [after, first] = log
      assert.deepInclude(after, { status: 200, error: null })
      assert.strictEqual(first!.status, 500)
      assert.isBelow(first!.millis, SOON_MILLIS)
      if (what.includes("never comes") || what.includes("bomb")) assert.strictEqual(first!.error, "HTTP 500")
      else assert.match(first!.error!, /^HTTP 500: wait/)
      assert.isAtMost(first!.error!.length, "HTTP 500: ".length + 500)
    }).pipe(run)
  )

  it.live.each(bodies)("%s: disables its webhook if it says 410", ([, rest]) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = () => ["410 Gone", rest]
      const id = yield* add(hooks.url)
      yield* relaying
      yield* Given.draftEvent()
      const find = WebhookStore.use((store) => store.get(id))
      const { disabledBecause } = yield* until("disabled", find, ({ state }) => state === "disabled")
      assert.strictEqual(disabledBecause, "it answered 410 Gone")
      assert.strictEqual(hooks.times.length, 1)
    }).pipe(run)
  )

  it.live("comes after most of the time that a request may take has arrived", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = () => [
        "200 OK",
        (socket) => void setTimeout(() => socket.write(`${CHUNKED}4\r\nwait\r\n`), TIMEOUT_MILLIS - 300)
      ]
      const id = yield* add(hooks.url)
      yield* relaying
      yield* Given.draftEvent()
      const [first] = yield* until("an attempt", logOf(id), ({ length }) => length >= 1)
      assert.deepInclude(first, { status: 200, error: null })
    }).pipe(run)
  )

  it.live("is longer than what is kept is read, and its connection used again", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      const sockets = new Set<Socket>()
      hooks.answer = (count) => [
        count > 1 ? "200 OK" : "500 No",
        (socket) => {
          sockets.add(socket)
          // The last character that is kept has two bytes, of which the second is too many.
          socket.write(`content-length: 20000\r\n\r\n${"x".repeat(499)}ü${"y".repeat(19_499)}`)
        }
      ]
      const id = yield* add(hooks.url)
      yield* relaying
      for (let n = 1; n <= 20; n++) {
        yield* Given.draftEvent()
        yield* until("the next attempt", logOf(id), ({ length }) => length >= n)
      }
      assert.strictEqual((yield* logOf(id)).at(-1)!.error, `HTTP 500: ${"x".repeat(499)}`)
      assert.isAtMost(sockets.size, 3)
    }).pipe(run)
  )
})
