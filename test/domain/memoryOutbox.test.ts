/**
 * What the outbox in memory keeps, and forgets.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryClock from "@turnout/adapters/internal/memory/MemoryClock"
import * as MemoryLog from "@turnout/adapters/internal/memory/journal/MemoryLog"
import * as MemoryOutbox from "@turnout/adapters/internal/memory/delivery/MemoryOutbox"
import * as MemorySinks from "@turnout/adapters/internal/memory/delivery/MemorySinks"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"

const layer = MemoryOutbox.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(MemoryLog.layer, MemorySinks.layer, MemoryClock.layer))
)

describe("the outbox in memory", () => {
  it.effect("forgets relays that are gone, those of the sink", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const sinks = yield* MemorySinks.Sinks
      const kept = (sink: string) => [...sinks.get(sink)!.relays.keys()]
      for (const sink of ["one", "other"]) {
        yield* outbox.register(sink, "now")
        for (const owner of ["gone", "here"]) yield* outbox.announce(sink, owner, owner === "gone" ? 1_000 : 60_000)
      }
      yield* TestClock.adjust(1_000)
      assert.strictEqual(yield* outbox.announce("one", "new", 60_000), 2)
      assert.deepStrictEqual(
        [kept("one"), kept("other")],
        [
          ["here", "new"],
          ["gone", "here"]
        ]
      )
    }).pipe(Effect.provide(Layer.fresh(layer)))
  )
})
