/**
 * Defects of the service, each answered as a failure of the server: the details are in the log alone, and the server goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Http from "../support/HttpServerFixture.ts"

const path = `/events/${randomUUID()}`

/** Looks at an event while the store does this, and checks that the server goes on. */
const asked = (event: () => Effect.Effect<never>) =>
  Effect.gen(function* () {
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* Http.replaceInStore(() => ({ event }))
        const reply = yield* Http.call("GET", path)
        Http.assertProblem(reply, 500, "internal_error")
        assert.notInclude(JSON.stringify(reply.body), "hunter2")
      })
    )
    assert.strictEqual((yield* Http.call("GET", path)).status, 404)
    const { logged } = yield* Http.TestServer
    return logged.filter((line) => line.startsWith("Error"))
  })

describe("a defect", () => {
  it.live("that the store dies of is logged, and told to nobody", () =>
    Effect.gen(function* () {
      const lines = yield* asked(() => Effect.die(new Error("hunter2")))
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "a request failed unexpectedly")
      assert.include(lines[0], "hunter2")
    }).pipe(Effect.provide(Http.layer()))
  )

  it.live("that is thrown where an effect should be given is one, too", () =>
    Effect.gen(function* () {
      const lines = yield* asked(() => {
        throw new Error("hunter2")
      })
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "a request failed unexpectedly")
    }).pipe(Effect.provide(Http.layer()))
  )

  it.live("of an answer that is not what its definition says is one, too", () =>
    Effect.gen(function* () {
      const lines = yield* asked(() => Effect.succeed({ id: "hunter2", status: "published" } as never))
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "an answer is not what its definition says")
    }).pipe(Effect.provide(Http.layer()))
  )
})
