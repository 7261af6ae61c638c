/**
 * A server that listens, and what becomes of connections that it cannot take.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Listening from "@turnout/http/internal/server/Listening"
import { Effect, Logger } from "effect"
import { createServer } from "node:http"

const listening = Effect.acquireRelease(
  Effect.sync(() => createServer()),
  (server) => Effect.promise(() => new Promise<void>((resolve) => void server.close(() => resolve())))
)

describe("a server that listens", () => {
  it.effect("outlives connections that cannot be accepted, and tells of each cause once", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => void logged.push(String(message)))
      const server = yield* listening
      yield* Effect.provide(Listening.listen(server, { host: "127.0.0.1", port: 0 }), Logger.layer([logger]))
      const refused = (code: string) => server.emit("error", Object.assign(new Error(`accept ${code}`), { code }))
      for (const code of ["EMFILE", "EMFILE", "ENFILE", "EMFILE"]) refused(code)
      assert.lengthOf(logged, 2)
      assert.match(logged[0]!, /^a server cannot take connections,.*EMFILE/)
      assert.match(logged[1]!, /ENFILE/)
    }).pipe(Effect.scoped)
  )

  it.effect("fails if the address cannot be had", () =>
    Effect.gen(function* () {
      const server = yield* listening
      yield* Listening.listen(server, { host: "127.0.0.1", port: 0 })
      const { port } = server.address() as { readonly port: number }
      const failure = yield* Effect.flip(Listening.listen(createServer(), { host: "127.0.0.1", port }))
      assert.strictEqual(failure._tag, "ServeError")
    }).pipe(Effect.scoped)
  )
})
