/**
 * The contract of an outbox about the keys of what operators see and decide.
 */
import { assert, describe } from "@effect/vitest"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect } from "effect"
import {
  LONG,
  use,
  operate,
  streamIn,
  newSink,
  blockOf,
  block,
  blockedOf,
  statusOf,
  sorted,
  type It
} from "./KeysGiven.ts"

export const operatorKeys = (it: It): void => {
  describe("for its operators", () => {
    /** Two sinks, each of which has the same two streams parked, from different versions on. */
    const parked = Effect.gen(function* () {
      const [one, other] = [yield* newSink, yield* newSink]
      const streams = [yield* streamIn(12), yield* streamIn(13)] as const
      for (const [index, held] of [one, other].entries())
        for (const [n, stream] of streams.entries())
          yield* block(held, 12 + n, [blockOf(stream, 2 + index, { attempts: 9, retryAfterMillis: null })])
      return { one: one.sink, other: other.sink, streams }
    })

    type Decide = (sink: string, stream: EventId) => Effect.Effect<unknown, unknown, OutboxOperations>
    it.effect.each<readonly [string, Decide, version: number]>([
      ["retry", (sink, stream) => operate((operations) => operations.retry(sink, stream, "ada")), 2],
      ["skip", (sink, stream) => operate((operations) => operations.skip(sink, stream, 2, "ada")), 3],
      ["discard", (sink, stream) => operate((operations) => operations.discard(sink, stream, "ada")), 6]
    ])("%s is about one stream of one sink", ([, decide, version]) =>
      Effect.gen(function* () {
        const { one, other, streams } = yield* parked
        const [stream, left] = streams
        yield* decide(one, stream)
        assert.sameDeepMembers(
          [...(yield* blockedOf(one))],
          [
            [stream, version, 0, false],
            [left, 2, 9, true]
          ]
        )
        assert.sameDeepMembers(
          [...(yield* blockedOf(other))],
          streams.map((own) => [own, 3, 9, true])
        )
        for (const [sink, own, expected] of [
          [one, stream, version],
          [one, left, 2],
          [other, stream, 3]
        ] as const) {
          const shown = yield* operate((operations) => operations.blockedStream(sink, own, 100))
          assert.deepStrictEqual([shown.block.sink, shown.block.stream, shown.block.version], [sink, own, expected])
          assert.deepStrictEqual(
            shown.waiting.map((entry) => [entry.eventId, entry.version]),
            [1, 2, 3, 4, 5].filter((n) => n >= expected).map((n) => [own, n])
          )
        }
        const refused = yield* Effect.flip(operate((operations) => operations.skip(other, stream, 2, "ada")))
        assert.deepInclude(refused, { _tag: "StreamMovedOn", version: 3 })
      })
    )

    it.effect("every parked stream of a sink is tried again, and none that is tried again anyway, or another's", () =>
      Effect.gen(function* () {
        const held = yield* newSink
        const { one, other, streams } = yield* parked
        assert.strictEqual(yield* operate((operations) => operations.retryAll(one, "ada")), streams.length)
        assert.sameDeepMembers(
          [...(yield* blockedOf(one))],
          streams.map((stream) => [stream, 2, 0, false])
        )
        assert.sameDeepMembers(
          [...(yield* blockedOf(other))],
          streams.map((stream) => [stream, 3, 9, true])
        )
        const [waits, stands] = [yield* streamIn(14), yield* streamIn(14)]
        yield* block(held, 14, [
          blockOf(waits, 1, { attempts: 4, retryAfterMillis: LONG }),
          blockOf(stands, 1, { retryAfterMillis: null })
        ])
        assert.strictEqual(yield* operate((operations) => operations.retryAll(held.sink, "ada")), 1)
        assert.sameDeepMembers(
          [...(yield* blockedOf(held.sink))],
          [
            [waits, 1, 4, false],
            [stands, 1, 0, false]
          ]
        )
      })
    )

    it.effect("blocked streams are listed page by page, those of the sink, each once", () =>
      Effect.gen(function* () {
        const [held, other] = [yield* newSink, yield* newSink]
        const streams: Array<EventId> = []
        for (let n = 0; n < 4; n++) streams.push(yield* streamIn(15))
        for (const { claims, sink } of [held, other])
          yield* block(
            { claims, sink },
            15,
            streams.map((stream, n) => blockOf(stream, 1, { retryAfterMillis: n % 2 === 0 ? null : LONG }))
          )
        const list = Effect.fnUntraced(function* (isParked: boolean | null, limit: number) {
          const found: Array<EventId> = []
          let after: EventId | null = null
          while (true) {
            const page: ReadonlyArray<{ readonly sink: string; readonly stream: EventId }> = yield* operate(
              (operations) => operations.blocked(held.sink, isParked, { limit, after })
            )
            assert.isTrue(page.every(({ sink }) => sink === held.sink))
            assert.isAtMost(page.length, limit)
            found.push(...page.map(({ stream }) => stream))
            if (page.length < limit) return found
            after = found.at(-1)!
          }
        })
        for (const limit of [1, 2, 3, 4, 5]) {
          assert.deepStrictEqual(yield* list(null, limit), sorted(streams))
          assert.deepStrictEqual(yield* list(true, limit), sorted([streams[0]!, streams[2]!]))
          assert.deepStrictEqual(yield* list(false, limit), sorted([streams[1]!, streams[3]!]))
        }
      })
    )

    it.effect("a sink that is forgotten takes nothing of another with it, and begins anew if it comes back", () =>
      Effect.gen(function* () {
        const [gone, stays] = [yield* newSink, yield* newSink]
        const stream = yield* streamIn(16)
        const replaying = (sink: string) =>
          Replays.use((replays) =>
            replays.start({ sink, selection: { ...everything, stream }, perSecond: null, who: "ada" })
          )
        for (const held of [gone, stays]) {
          yield* use((outbox) => outbox.announce(held.sink, "worker", LONG))
          yield* block(held, 16, [blockOf(stream, 2, { retryAfterMillis: null })])
          yield* replaying(held.sink)
        }
        const before = yield* statusOf(stays.sink)
        yield* operate((operations) => operations.forget(gone.sink, "ada"))
        assert.deepStrictEqual(yield* statusOf(stays.sink), before)
        assert.deepInclude(before, { relays: 1, parked: 1 })
        assert.deepStrictEqual(yield* blockedOf(stays.sink), [[stream, 2, 1, true]])
        assert.strictEqual((yield* use((outbox) => outbox.renew(stays.sink, stays.claims, LONG))).length, SLOTS)
        const held = yield* Replays.use((replays) => replays.claim(stays.sink, "worker", LONG))
        assert.strictEqual(held?.replay.sink, stays.sink)

        yield* use((outbox) => outbox.register(gone.sink, "now"))
        const again = yield* statusOf(gone.sink)
        assert.deepInclude(again, { relays: 0, retrying: 0, parked: 0, parkedSince: null, backlog: 0 })
        assert.deepStrictEqual(
          again.slots.map(({ epoch, owner, slot }) => [slot, epoch, owner]),
          Array.from({ length: SLOTS }, (_, slot) => [slot, 0, null])
        )
        assert.deepStrictEqual(yield* blockedOf(gone.sink), [])
        assert.isUndefined(yield* Replays.use((replays) => replays.claim(gone.sink, "worker", LONG)))
      })
    )
  })
}
