/**
 * The queue in memory: a receipt is good for one reception.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import { Effect } from "effect"
import { TestClock } from "effect/testing"

describe("a receipt of the queue in memory", () => {
  it.effect("is void once its message has been received again, and the later one counts", () =>
    Effect.gen(function* () {
      const queue = yield* MemoryQueue.make({ visibilityMillis: 1_000, waitMillis: 0 })
      yield* queue.send("one", "group")
      const [first] = yield* queue.receive(1)
      yield* TestClock.adjust(1_000)
      const [second] = yield* queue.receive(1)
      const receipts = [first!.receipt, second!.receipt]
      assert.deepStrictEqual(yield* queue.hide(receipts, 1_000), [first!.receipt])
      assert.deepStrictEqual(yield* queue.remove([first!.receipt]), [first!.receipt])
      assert.strictEqual(queue.size(), 1)
      assert.deepStrictEqual(yield* queue.remove(receipts), [first!.receipt])
      assert.strictEqual(queue.size(), 0)
    })
  )
})
