/**
 * Spans that tell nothing about people.
 */
import { assert, describe, it } from "@effect/vitest"
import * as DiscreetTracer from "@turnout/core/kernel/application/tracing/DiscreetTracer"
import * as Spans from "@turnout/core/kernel/application/tracing/Spans"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Cause, Effect, Exit, Fiber, Tracer } from "effect"
import * as ListeningTracer from "../support/ListeningTracer.ts"

const failureOf = ({ status }: Tracer.NativeSpan): Error => {
  if (status._tag !== "Ended" || Exit.isSuccess(status.exit)) return assert.fail("the span has not failed")
  return Cause.squash(status.exit.cause) as Error
}

const SECRET = "ada@example.com"

describe("a discreet tracer", () => {
  it.effect("keeps no attribute but those of the list, no event, and of a failure the name", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      const failing = Effect.gen(function* () {
        const span = yield* Effect.orDie(Effect.currentSpan)
        span.attribute("http.route", "/events/:eventId")
        span.attribute("url.query", SECRET)
        span.event(SECRET, 0n)
        const reason = new StoreError.Unexpected({ cause: new Error(SECRET) })
        return yield* new StoreError.StoreError({ reason })
      })
      yield* failing.pipe(
        Effect.withSpan("work", { attributes: { email: SECRET } }),
        Effect.exit,
        Effect.provideService(Tracer.Tracer, DiscreetTracer.make(tracer))
      )
      const [span] = spans
      assert.deepStrictEqual([...span!.attributes], [["http.route", "/events/:eventId"]])
      assert.deepStrictEqual(span!.events, [])
      const { message, name, stack } = failureOf(span!)
      assert.deepStrictEqual(
        [name, message, stack],
        Array.from({ length: 3 }, () => "StoreError.Unexpected")
      )
    })
  )

  it("leaves it that a span was interrupted, or has succeeded, whatever with", () => {
    const interrupted = Exit.failCause(Cause.interrupt(1))
    assert.isTrue(Exit.hasInterrupts(DiscreetTracer.exitOf(interrupted)))
    assert.deepStrictEqual(DiscreetTracer.exitOf(Exit.succeed(SECRET)), Exit.void)
  })
})

describe("a span of Turnout", () => {
  it.effect("tells of a failure the name, whatever the tracer is, and the failure itself stays", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      const failed = yield* Spans.within(Effect.fail(new Error(SECRET)), "work", () => ({})).pipe(
        Effect.flip,
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.strictEqual(failed.message, SECRET)
      assert.strictEqual(failureOf(spans[0]!).message, "Error")
    })
  )

  it.effect("ends when it is interrupted", () =>
    Effect.gen(function* () {
      const { spans, tracer } = ListeningTracer.make()
      const fiber = yield* Spans.within(Effect.never, "work", () => ({})).pipe(
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.forkChild({ startImmediately: true })
      )
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(spans[0]!.status._tag, "Ended")
    })
  )

  it.effect("is not made while nobody reads spans, and a trace from elsewhere goes on", () =>
    Effect.gen(function* () {
      const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      const inside = Effect.withFiber<string | undefined>((fiber) => Effect.succeed(Spans.traceParentOf(fiber)))
      const options = () => assert.fail("a span was made")
      const within = Spans.within(inside, "work", options)
      assert.isUndefined(yield* within)
      assert.strictEqual(yield* Spans.continuing(within, Spans.spanOf(parent)), parent)
      assert.isUndefined(yield* Spans.continuing(within, Spans.spanOf("none that is valid")))
    })
  )
})
