/**
 * The inbox in memory is swept in bounded steps, while it is used.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { Effect, Layer } from "effect"

const once = (key: string) => Inbox.use((inbox) => inbox.once("mail", key, Effect.void))
const forget = Inbox.use((inbox) => inbox.forget("mail", 0))

describe("a sweep in memory", () => {
  it.effect("looks at a bounded number of records in a step, and comes to those that are added meanwhile", () =>
    Effect.gen(function* () {
      for (let n = 0; n < 12_000; n++) yield* once(`message ${n}`)
      assert.deepStrictEqual(yield* forget, { deleted: 5_000, isThrough: false })
      yield* once("another")
      assert.isTrue(yield* once("message 0"), "it was forgotten")
      assert.isFalse(yield* once("message 11999"), "it was not")
      assert.deepStrictEqual(yield* forget, { deleted: 5_000, isThrough: false })
      assert.deepStrictEqual(yield* forget, { deleted: 2_002, isThrough: true })
      assert.deepStrictEqual(yield* forget, { deleted: 0, isThrough: true })
    }).pipe(Effect.provide(Layer.fresh(MemoryInbox.layer)))
  )
})
