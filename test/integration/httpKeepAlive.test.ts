/**
 * Idle connections: how long the server keeps them, and what ends them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Http from "../support/HttpServerFixture.ts"

const LIVE = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"

/** The times that a server gives, of which the time for the headers, a third of `receiveTimeoutMillis`, is the shortest. */
const TIMES = { receiveTimeoutMillis: 300, keepAliveMillis: 1_500 }

const answers = (text: string) => text.match(/^HTTP\/1\.1 \d+/gm) ?? []

describe("HTTP keep-alive", () => {
  it.live("an idle connection is kept for its time, whatever the time for the headers is, and then ended", () =>
    Effect.gen(function* () {
      const { port } = yield* Http.start({ server: TIMES })
      const connection = yield* Http.openConnection(port, LIVE)
      yield* Http.until(() => connection.text.includes("204"))
      assert.match(connection.text, /^keep-alive: timeout=1$/im)
      yield* Effect.sleep(1_000)
      connection.socket.write(LIVE)
      yield* Http.until(() => answers(connection.text).length === 2)
      assert.isFalse(connection.ended)
      yield* Http.until(() => connection.ended)
      assert.deepStrictEqual(answers(connection.text), ["HTTP/1.1 204", "HTTP/1.1 204"])
    })
  )

  it.live("a connection that was opened ahead of its first request is kept as long, and ended without an answer", () =>
    Effect.gen(function* () {
      const { port } = yield* Http.start({ server: TIMES })
      const used = yield* Http.openConnection(port)
      const unused = yield* Http.openConnection(port)
      yield* Effect.sleep(1_000)
      assert.deepStrictEqual([used.ended, unused.ended], [false, false])
      used.socket.write(LIVE)
      yield* Http.until(() => used.text.includes("204"))
      yield* Http.until(() => unused.ended)
      assert.strictEqual(unused.text, "")
      assert.strictEqual(answers(used.text).length, 1)
    })
  )

  it.live("a connection that was opened ahead has the usual time for its headers once they begin", () =>
    Effect.gen(function* () {
      const { port } = yield* Http.start({ server: TIMES })
      const connection = yield* Http.openConnection(port)
      yield* Effect.sleep(500)
      connection.socket.write("GET /events HTTP/1.1\r\nHos")
      yield* Http.until(() => connection.ended)
      assert.match(connection.text, /^HTTP\/1\.1 408 /)
    })
  )

  it.live("stopping ends a connection that is unused", () =>
    Effect.gen(function* () {
      const { port, stop } = yield* Http.start({ server: TIMES })
      const connection = yield* Http.openConnection(port)
      yield* Effect.sleep(500)
      assert.isFalse(connection.ended)
      assert.isBelow(yield* stop, 1_000)
      yield* Http.until(() => connection.ended)
    })
  )
})
