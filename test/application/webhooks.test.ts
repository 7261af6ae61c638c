/**
 * Webhooks that are removed as relays begin with them, on the store in memory.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

const services = Layer.fresh(Webhooks.layer.pipe(Layer.provideMerge(Memory.layer)))
const input = { url: "https://example.com/hooks" }
const sinks = OutboxOperations.use(({ status }) => Effect.map(status, (all) => all.sinks.map(({ name }) => name)))
const settle = Effect.repeat(Effect.yieldNow, { times: 300 })

describe("a webhook", () => {
  it.effect("O8: that is removed when a relay has just begun with it leaves no sink", () =>
    Effect.gen(function* () {
      const webhooks = yield* Webhooks.Webhooks
      const { webhook } = yield* webhooks.create(input, { who: "ada" })
      assert.deepStrictEqual(yield* sinks, [`webhook:${webhook.id}`])
      const outbox = yield* Outbox
      const isRemoved = yield* Deferred.make<void>()
      const asked = yield* Deferred.make<void>()
      const register: typeof outbox.register = (...args) =>
        Deferred.succeed(asked, undefined).pipe(
          Effect.andThen(Deferred.await(isRemoved)),
          Effect.andThen(outbox.register(...args))
        )
      const relaying = yield* Effect.forkChild(
        WebhookRelays.run({ refreshMillis: 5_000 }).pipe(
          Effect.scoped,
          Effect.provideService(Outbox, { ...outbox, register }),
          Effect.provideService(WebhookPost, () => Effect.succeed({ status: 204, read: () => Effect.void }))
        )
      )
      yield* Deferred.await(asked)
      yield* webhooks.remove(webhook.id, "ada")
      yield* Deferred.succeed(isRemoved, undefined)
      for (let n = 0; n < 20; n++) {
        yield* settle
        assert.deepStrictEqual(yield* sinks, [])
        yield* TestClock.adjust(1_000)
      }
      yield* Fiber.interrupt(relaying)
      assert.deepStrictEqual(yield* sinks, [])
    }).pipe(Effect.provide(services))
  )
})
