/**
 * The contract of an outbox about what keeps entries from being pruned.
 */
import { assert, describe } from "@effect/vitest"
import type { Keeper } from "@turnout/core/delivery/domain/Keeper"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { another, blockedStream, type It, stream } from "./OutboxGiven.ts"

const soon = (): Date => new Date(Date.now() + 60_000)

const keepers = (before: Date) => OutboxOperations.use((operations) => operations.keepers(before))

/** What keeps something for a sink. */
const keepersOf = (sink: string, before: Date = soon()) =>
  Effect.map(keepers(before), (all) => all.filter((keeper) => keeper._tag !== "Store" && keeper.sink === sink))

const newSink = (from: "beginning" | "now") =>
  Effect.gen(function* () {
    const sink = `sink ${randomUUID()}`
    yield* Outbox.use((outbox) => outbox.register(sink, from))
    return sink
  })

const the = <Tag extends Keeper["_tag"]>(all: ReadonlyArray<Keeper>, tag: Tag): Extract<Keeper, { _tag: Tag }> =>
  (all.find(({ _tag }) => _tag === tag) as never) ?? assert.fail(`nothing is kept by ${tag}`)

export const keeping = (it: It): void => {
  describe("what keeps entries from being pruned", () => {
    it.effect("is a sink that has not been given them, with their number, and the age of the oldest", () =>
      Effect.gen(function* () {
        const sink = yield* newSink("now")
        assert.deepStrictEqual(yield* keepersOf(sink), [])
        const begun = Date.now() - 1_000
        yield* stream(3)
        const before = soon()
        const [keeper, ...others] = yield* keepersOf(sink, before)
        assert.deepStrictEqual(others, [])
        assert.deepInclude(keeper, { _tag: "Sink", sink, relays: 0, entries: 5, isMore: false })
        assert.isAbove(keeper!.oldest.getTime(), begun)
        assert.isBelow(keeper!.oldest.getTime(), Date.now() + 1_000)
        assert.deepStrictEqual(yield* keepersOf(sink, new Date(begun)), [], "it was given all from before")
      })
    )

    it.effect("tells how many relays of the sink run, and nothing any more once the sink is forgotten", () =>
      Effect.gen(function* () {
        const sink = yield* newSink("now")
        yield* stream(1)
        yield* Outbox.use((outbox) => outbox.announce(sink, "relay" as never, 60_000))
        assert.strictEqual(the(yield* keepersOf(sink), "Sink").relays, 1)
        yield* OutboxOperations.use((operations) => operations.forget(sink, "ada"))
        assert.deepStrictEqual(yield* keepersOf(sink), [])
      })
    )

    it.effect("is a stream that is blocked, since it was", () =>
      Effect.gen(function* () {
        const begun = Date.now() - 1_000
        const { eventId, sink } = yield* blockedStream()
        yield* another(eventId, 4)
        const keeper = the(yield* keepersOf(sink), "BlockedStreams")
        assert.deepInclude(keeper, { sink, streams: 1, parked: 0, stream: eventId })
        for (const time of [keeper.since, keeper.oldest]) {
          assert.isAbove(time.getTime(), begun)
          assert.isBelow(time.getTime(), Date.now() + 1_000)
        }
        yield* OutboxOperations.use((operations) => operations.forget(sink, "ada"))
        assert.deepStrictEqual(yield* keepersOf(sink), [])
      })
    )

    it.effect("is the store itself, which keeps the latest", () =>
      Effect.gen(function* () {
        yield* stream(1)
        const { entries, oldest } = the(yield* keepers(soon()), "Store")
        assert.isAtLeast(entries, 3)
        assert.isBelow(oldest.getTime(), Date.now() + 1_000)
        assert.isUndefined((yield* keepers(new Date(0))).find(({ _tag }) => _tag === "Store"))
      })
    )
  })
}
