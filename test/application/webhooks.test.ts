/**
 * Making and removing webhooks, on the store in memory, when something fails in between.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Webhooks from "@turnout/core/application/Webhooks"
import { Outbox } from "@turnout/core/ports/Outbox"
import { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import * as StoreError from "@turnout/core/ports/StoreError"
import { WebhookStore } from "@turnout/core/ports/WebhookStore"
import { Effect, Layer } from "effect"

const down = Effect.fail(
  new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("down") }) })
)
const input = { url: "https://example.com/hooks" }
const sinks = OutboxOperations.use(({ status }) => Effect.map(status, (all) => all.sinks.map(({ name }) => name)))

/** The webhooks of stores of which some operations are done otherwise. */
const webhooks = (change: {
  readonly store?: Partial<WebhookStore["Service"]>
  readonly operations?: Partial<OutboxOperations["Service"]>
}) =>
  Effect.gen(function* () {
    const store = Layer.succeed(WebhookStore, { ...(yield* WebhookStore), ...change.store })
    const operations = Layer.succeed(OutboxOperations, { ...(yield* OutboxOperations), ...change.operations })
    const outbox = Layer.succeed(Outbox, yield* Outbox)
    return yield* Effect.provide(
      Webhooks.Webhooks,
      Webhooks.layer.pipe(Layer.provide(Layer.mergeAll(store, operations, outbox)))
    )
  })

describe("a webhook", () => {
  it.effect("has no place in the journal if it could not be made", () =>
    Effect.gen(function* () {
      const { create } = yield* webhooks({ store: { create: () => down } })
      const error = yield* Effect.flip(create(input, { who: "ada" }))
      assert.strictEqual(error._tag, "StoreError")
      assert.deepStrictEqual(yield* sinks, [])
    }).pipe(Effect.provide(Layer.fresh(Memory.layer)))
  )

  it.effect("is gone with its place once removing it has succeeded, or is tried again", () =>
    Effect.gen(function* () {
      const working = yield* webhooks({})
      const { webhook } = yield* working.create(input, { who: "ada" })
      assert.lengthOf(yield* sinks, 1)
      const failing = yield* webhooks({ operations: { forget: () => down } })
      assert.strictEqual((yield* Effect.flip(failing.remove(webhook.id, "ada")))._tag, "StoreError")
      assert.lengthOf(yield* sinks, 1)
      assert.strictEqual((yield* Effect.flip(working.remove(webhook.id, "ada")))._tag, "WebhookNotFound")
      assert.deepStrictEqual(yield* sinks, [])
    }).pipe(Effect.provide(Layer.fresh(Memory.layer)))
  )
})
