/**
 * Stopping: what runs is finished, what is new is refused, and the end comes within the time that was promised.
 */
import { assert, describe, it } from "@effect/vitest"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect, Fiber } from "effect"
import * as Given from "../support/Given.ts"
import * as Http from "../support/HttpServerFixture.ts"

const LIVE = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

const refusesConnections = (port: number) =>
  Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/health/live`).then(
      () => false,
      () => true
    )
  )

/** A server, and a write on it that waits for its commit. */
const withRunningWrite = Effect.fnUntraced(function* (server: Parameters<typeof Http.start>[0]) {
  const started = yield* Http.start(server)
  const event = yield* Given.draftEvent().pipe(Effect.provide(started.context))
  const commits = yield* Http.holdCommits.pipe(Effect.provide(started.context))
  const write = yield* Http.post(`/events/${event.id}/publish`).pipe(Effect.provide(started.context), Effect.forkChild)
  yield* commits.oneIsWaiting
  const status = Effect.map(
    Turnout.use((turnout) => turnout.getEvent(event.id)).pipe(Effect.provide(started.context)),
    ({ status }) => status
  )
  return { ...started, commits, write, status }
})

describe("HTTP shutdown", () => {
  it.live("a running request is finished, and what is new is refused", () =>
    Effect.gen(function* () {
      const { commits, port, status, stop, write } = yield* withRunningWrite({})
      const stopping = yield* Effect.forkChild(stop)
      yield* Effect.sleep(100)
      assert.isTrue(yield* refusesConnections(port))
      assert.isUndefined(stopping.pollUnsafe())
      yield* commits.open
      const reply = yield* Fiber.join(write)
      assert.deepStrictEqual([reply.status, reply.body.status], [200, "published"])
      assert.strictEqual(reply.headers.get("connection"), "close")
      assert.isBelow(yield* Fiber.join(stopping), 2_000)
      assert.strictEqual(yield* status, "published")
    })
  )

  it.live("a server without requests stops at once", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start()
      assert.isBelow(yield* stop, 1_000)
      assert.isTrue(yield* refusesConnections(port))
    })
  )

  it.live("idle connections are ended: kept alive, never used, or with half a request head", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start()
      const used = yield* Http.openConnection(port, LIVE)
      yield* Http.until(() => used.text.includes("204"))
      const connections = [
        used,
        yield* Http.openConnection(port),
        yield* Http.openConnection(port, "GET /health/live HT")
      ]
      yield* Effect.sleep(50)
      assert.isBelow(yield* stop, 1_000)
      yield* Http.until(() => connections.every(({ ended }) => ended))
    })
  )

  it.live("a client that sends one request after the other cannot hold the server", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start()
      const connection = yield* Http.openConnection(port)
      const timer = setInterval(() => connection.ended || connection.socket.write(LIVE), 5)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(timer)))
      yield* Http.until(() => connection.text.includes("204"))
      assert.isBelow(yield* stop, 1_500)
    })
  )

  it.live("while it drains, the server is not ready, still serves, and asks to close connections", () =>
    Effect.gen(function* () {
      const { context, port, stop } = yield* Http.start({ server: { drainDelayMillis: 500 } })
      const stopping = yield* Effect.forkChild(stop)
      yield* Effect.sleep(100)
      const ready = yield* Http.get("/health/ready").pipe(Effect.provide(context))
      Http.assertProblem(ready, 503, "not_ready")
      assert.strictEqual(ready.headers.get("connection"), "close")
      const live = yield* Http.get("/health/live").pipe(Effect.provide(context))
      assert.deepStrictEqual([live.status, live.headers.get("connection")], [204, "close"])
      const created = yield* Http.post("/events", Http.eventJson()).pipe(Effect.provide(context))
      assert.strictEqual(created.status, 201)
      const took = yield* Fiber.join(stopping)
      assert.isAtLeast(took, 450)
      assert.isBelow(took, 1_500)
      assert.isTrue(yield* refusesConnections(port))
    })
  )

  it.live("a stuck request is cut after the grace time, and told so", () =>
    Effect.gen(function* () {
      const { stop, write } = yield* withRunningWrite({ server: { shutdownGraceMillis: 300 } })
      const took = yield* stop
      assert.isAtLeast(took, 250)
      assert.isBelow(took, 1_500)
      const reply = yield* Fiber.join(write)
      Http.assertProblem(reply, 503, "shutting_down")
    })
  )

  it.live("a commit that was under way is carried out even if its request was cut", () =>
    Effect.gen(function* () {
      const { commits, status, stop } = yield* withRunningWrite({ server: { shutdownGraceMillis: 100 } })
      yield* stop
      yield* commits.open
      yield* Effect.sleep(50)
      assert.strictEqual(yield* status, "published")
    })
  )

  it.live("a stuck read is cut after the grace time", () =>
    Effect.gen(function* () {
      const { context, stop } = yield* Http.start({ server: { shutdownGraceMillis: 300 } })
      yield* Http.replaceInStore(() => ({ events: () => Effect.never })).pipe(Effect.provide(context))
      const read = yield* Http.get("/events").pipe(Effect.provide(context), Effect.forkChild)
      yield* Effect.sleep(100)
      assert.isBelow(yield* stop, 1_500)
      Http.assertProblem(yield* Fiber.join(read), 503, "shutting_down")
    })
  )

  it.live("a body that never ends does not hold the server beyond the grace time", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start({ server: { shutdownGraceMillis: 300 } })
      const head = Http.head("POST", "/events", "Content-Type: application/json", "Content-Length: 100")
      const connection = yield* Http.openConnection(port, `${head}\r\n{`)
      yield* Effect.sleep(100)
      assert.isBelow(yield* stop, 1_500)
      yield* Http.until(() => connection.ended)
    })
  )

  it.live("a client that offered an upgrade does not hold the server beyond the grace time", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start({ server: { shutdownGraceMillis: 300 } })
      const head = Http.head("GET", "/health/live", "Connection: Upgrade", "Upgrade: h2c")
      const connection = yield* Http.openConnection(port, `${head}\r\n`)
      yield* Http.until(() => connection.text.includes("204"))
      assert.isBelow(yield* stop, 1_500)
    })
  )

  it.live("a request whose client offered an upgrade is finished like any other", () =>
    Effect.gen(function* () {
      const { commits, context, port, stop } = yield* withRunningWrite({})
      const event = yield* Effect.provide(
        Turnout.use((turnout) => turnout.listEvents({})),
        context
      )
      const head = Http.head(
        "POST",
        `/events/${event.items[0]!.id}/publish`,
        "Connection: Upgrade",
        "Upgrade: h2c",
        "Content-Length: 0"
      )
      const connection = yield* Http.openConnection(port, `${head}\r\n`)
      yield* Effect.sleep(100)
      const stopping = yield* Effect.forkChild(stop)
      yield* Effect.sleep(100)
      yield* commits.open
      yield* Http.until(() => connection.ended)
      assert.match(connection.text, /^HTTP\/1\.1 200 /)
      yield* Fiber.join(stopping)
    })
  )

  it.live("the port is free again", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start()
      yield* stop
      const again = yield* Http.start({ server: { port } })
      assert.strictEqual(again.port, port)
    })
  )
})
