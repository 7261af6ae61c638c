/**
 * Who listens to the commits of an outbox, and for how long.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Context, Effect, Fiber, Layer, Stream } from "effect"

const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

describe("the signal of a commit", () => {
  it.effect("is not listened to any more by relays and subscriptions that have ended", () =>
    Effect.gen(function* () {
      const listeners = new Set<() => void>()
      const onCommit = (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
      const outbox = Outbox.of({ ...(yield* Outbox), onCommit })
      const journal = JournalReader.of({ ...(yield* JournalReader), onCommit })
      const told = Context.make(Outbox, outbox).pipe(Context.add(JournalReader, journal))
      const sink = { name: "sink", deliver: () => Effect.succeed([delivered]) }
      const work: ReadonlyArray<Effect.Effect<unknown, unknown, Outbox | JournalReader | Replays>> = [
        Relay.run(sink),
        Relay.run({ ...sink, name: "other" }),
        Stream.runDrain(Subscription.subscribe())
      ]
      const fibers = yield* Effect.forEach(work, (one) =>
        Effect.forkChild(Effect.provide(one, told), { startImmediately: true })
      )
      yield* settle
      assert.strictEqual(listeners.size, work.length)
      for (const [index, fiber] of fibers.entries()) {
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(listeners.size, work.length - index - 1)
      }
    }).pipe(Effect.provide(Layer.fresh(Memory.layer)))
  )
})
