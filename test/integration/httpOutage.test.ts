/**
 * The server over a Postgres that goes away, or that stops answering without going away.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import * as Http from "../support/HttpServerFixture.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Something between the server and its database that can be held, cut and mended. */
const makeLine = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const target = new URL(url)
      const sockets = new Set<Socket>()
      const state = { held: false, cut: false }
      const line = createServer((client) => {
        if (state.cut) return void client.destroy()
        const server = connect(Number(target.port || 5432), target.hostname)
        const pairs = [
          [client, server],
          [server, client]
        ] as const
        for (const [from, to] of pairs) {
          sockets.add(from)
          if (state.held) from.pause()
          from.on("data", (chunk) => to.write(chunk))
          from.on("error", () => {})
          from.on("close", () => {
            sockets.delete(from)
            to.destroy()
          })
        }
      })
      await new Promise<void>((resolve) => line.listen(0, "127.0.0.1", resolve))
      const through = new URL(url)
      through.host = `127.0.0.1:${(line.address() as AddressInfo).port}`
      return {
        url: through.href,
        hold: () => {
          state.held = true
          for (const socket of sockets) socket.pause()
        },
        cut: () => {
          state.cut = true
          for (const socket of sockets) socket.destroy()
        },
        mend: () => {
          state.held = state.cut = false
          for (const socket of sockets) socket.resume()
        },
        close: () => {
          for (const socket of sockets) socket.destroy()
          line.close()
        }
      }
    }),
    ({ close }) => Effect.sync(close)
  )

/** A server on Postgres, with a line to it. */
const given = Effect.gen(function* () {
  const line = yield* makeLine(yield* TestDatabase.make)
  const store = Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url: line.url })))
  const { context } = yield* Http.start({
    store,
    server: { requestTimeoutMillis: 1_000, shutdownGraceMillis: 1_000 },
    turnout: { commandTimeoutMillis: 1_000 }
  })
  yield* Effect.addFinalizer(() => Effect.sync(line.mend))
  const ready = Http.get("/health/ready").pipe(Effect.provide(context))
  const body = Http.eventJson()
  const create = (key: string) => Http.post("/events", body, { key }).pipe(Effect.provide(context))
  const list = Http.get("/events").pipe(Effect.provide(context))
  assert.strictEqual((yield* ready).status, 200)
  return { line, ready, create, list }
})

/** Tries again, as clients are told to, until it is worth it no more. */
const retried = (send: Effect.Effect<Http.Reply>) =>
  Effect.gen(function* () {
    let reply = yield* send
    for (let tries = 0; tries < 100 && [409, 503, 504].includes(reply.status); tries++) {
      reply = yield* Effect.delay(send, 100)
    }
    return reply
  })

describe("HTTP with a failing Postgres", () => {
  it.live("a database that is gone: not ready, 503, and ready again once it is back", () =>
    Effect.gen(function* () {
      const { create, line, list, ready } = yield* given
      const key = randomUUID()
      line.cut()
      Http.assertProblem(yield* ready, 503, "not_ready")
      for (const reply of [yield* list, yield* create(key)]) {
        assert.include(["store_unavailable", "outcome_unknown", "request_timeout"], reply.body.code)
        Http.assertProblem(reply, reply.status, reply.body.code)
      }
      line.mend()
      assert.strictEqual((yield* retried(ready)).status, 200)
      assert.strictEqual((yield* retried(create(key))).status, 201)
    })
  )

  it.live("a database that does not answer: not ready after five seconds", () =>
    Effect.gen(function* () {
      const { line, ready } = yield* given
      line.hold()
      const began = Date.now()
      Http.assertProblem(yield* ready, 503, "not_ready")
      assert.isBelow(Date.now() - began, 7_000)
      line.mend()
      assert.strictEqual((yield* retried(ready)).status, 200)
    })
  )

  it.live("a database that does not answer: reads and writes are answered in time, and done once in the end", () =>
    Effect.gen(function* () {
      const { create, line, list } = yield* given
      const key = randomUUID()
      line.hold()
      const began = Date.now()
      Http.assertProblem(yield* create(key), 503, "outcome_unknown")
      Http.assertProblem(yield* list, 504, "request_timeout")
      assert.isBelow(Date.now() - began, 4_000)
      line.mend()
      const reply = yield* retried(create(key))
      assert.strictEqual(reply.status, 201)
      assert.deepStrictEqual(
        (yield* list).body.items.map(({ id }) => id),
        [reply.body.id]
      )
    })
  )
})
