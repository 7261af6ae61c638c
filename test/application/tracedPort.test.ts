import { it } from "@effect/vitest"
import * as TracedPort from "@turnout/core/kernel/application/TracedPort"
import { Context, Effect, Exit, Layer, Tracer } from "effect"
import { assert, describe } from "vitest"
import * as ListeningTracer from "../support/ListeningTracer.ts"

class Shelf extends Context.Service<
  Shelf,
  {
    readonly size: number
    readonly count: Effect.Effect<number>
    readonly take: (title: string, copies: number) => Effect.Effect<string, "gone">
    readonly describe: (title: string) => string
  }
>()("@turnout/Shelf") {}

const shelf: Shelf["Service"] = {
  size: 3,
  count: Effect.succeed(3),
  take: (title, copies) => (copies > 3 ? Effect.fail("gone") : Effect.succeed(`${copies} of ${title}`)),
  describe: (title) => `the book ${title}`
}
const traced = TracedPort.layer(Shelf).pipe(Layer.provide(Layer.succeed(Shelf, shelf)))

describe("a traced port", () => {
  it.effect("makes a span of each operation, named by port and operation, with what became of it", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      const work = Effect.gen(function* () {
        const service = yield* Shelf
        assert.strictEqual(yield* service.count, 3)
        assert.strictEqual(yield* service.take("Emma", 2), "2 of Emma")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(service.take("Emma", 4))))
      })
      yield* work.pipe(Effect.provide(traced), Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(
        spans.map(({ kind, name, status }) => [
          name,
          kind,
          status._tag === "Ended" ? (Exit.isSuccess(status.exit) ? "success" : "failure") : "open"
        ]),
        [
          ["Shelf.count", "client", "success"],
          ["Shelf.take", "client", "success"],
          ["Shelf.take", "client", "failure"]
        ]
      )
    })
  )

  it.effect("makes no span while the tracer is Effect's own", () =>
    Effect.gen(function* () {
      const service = yield* Shelf
      const current = Effect.option(Effect.currentSpan)
      const inner = TracedPort.trace("@turnout/Inner", { ask: () => current })
      assert.strictEqual((yield* inner.ask())._tag, "None")
      assert.strictEqual(yield* service.take("Emma", 1), "1 of Emma")
    }).pipe(Effect.provide(traced))
  )

  it.effect("leaves alone what is no operation", () =>
    Effect.gen(function* () {
      const service = yield* Shelf
      assert.strictEqual(service.size, 3)
      assert.strictEqual(service.describe("Emma"), "the book Emma")
    }).pipe(Effect.provide(traced))
  )
})
