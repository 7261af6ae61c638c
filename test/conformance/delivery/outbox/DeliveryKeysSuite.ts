/**
 * The contract of an outbox about the keys of what relays do: retries, their outcomes, leases and relays.
 */
import { assert, describe } from "@effect/vitest"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { type Settlement } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { Effect } from "effect"
import {
  LONG,
  use,
  streamIn,
  newSink,
  type Held,
  leaseOf,
  endOf,
  blockOf,
  block,
  due,
  blockedOf,
  statusOf,
  sorted,
  type It
} from "./KeysGiven.ts"

export const deliveryKeys = (it: It): void => {
  describe("retries that are due", () => {
    it.effect("are those of the sink, also if another sink is blocked with the same stream", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* newSink, yield* newSink]
        const stream = yield* streamIn(3)
        const position = yield* block(one, 3, [blockOf(stream, 2)])
        yield* block(other, 3, [blockOf(stream, 4, { attempts: 7 })])
        assert.deepStrictEqual(yield* due(one.sink, [{ slot: 3, position }]), [
          { attempts: 1, slot: 3, stream, version: 2, waiting: [2, 3, 4, 5] }
        ])
        assert.deepStrictEqual(yield* due(other.sink, [{ slot: 3, position }]), [
          { attempts: 7, slot: 3, stream, version: 4, waiting: [4, 5] }
        ])
      })
    )

    it.effect("are those of the slots that were asked for", () =>
      Effect.gen(function* () {
        const held = yield* newSink
        const [stream, elsewhere] = [yield* streamIn(4), yield* streamIn(5)]
        const position = yield* block(held, 4, [blockOf(stream, 1)])
        const behind = yield* block(held, 5, [blockOf(elsewhere, 1)])
        const ofSlot = (at: ReadonlyArray<{ slot: number; position: Position }>) =>
          Effect.map(due(held.sink, at), (retries) => retries.map((retry) => retry.stream))
        assert.deepStrictEqual(yield* ofSlot([{ slot: 4, position }]), [stream])
        assert.deepStrictEqual(yield* ofSlot([{ slot: 5, position: behind }]), [elsewhere])
        assert.deepStrictEqual(
          yield* ofSlot([
            { slot: 4, position },
            { slot: 5, position: behind }
          ]),
          sorted([stream, elsewhere])
        )
      })
    )

    it.effect("are up to a number of each slot, those that have been due for longest first", () =>
      Effect.gen(function* () {
        const held = yield* newSink
        const streams = [yield* streamIn(6), yield* streamIn(6), yield* streamIn(6)]
        const others = [yield* streamIn(7), yield* streamIn(7)]
        const position = yield* endOf(held, 6)
        for (const stream of streams.toReversed()) {
          yield* block(held, 6, [blockOf(stream, 1)])
          yield* Effect.sleep(20)
        }
        const elsewhere = yield* block(
          held,
          7,
          others.map((stream) => blockOf(stream, 1))
        )
        yield* Effect.sleep(5)
        const at = [
          { slot: 6, position },
          { slot: 7, position: elsewhere }
        ]
        for (const [limit, expected] of [
          [1, [streams[2]!]],
          [2, [streams[2]!, streams[1]!]],
          [3, streams],
          [4, streams]
        ] as const) {
          const retries = yield* due(held.sink, at, limit)
          const ofSlot = (slot: number) => retries.filter((retry) => retry.slot === slot).map(({ stream }) => stream)
          assert.deepStrictEqual(ofSlot(6), sorted(expected))
          assert.strictEqual(ofSlot(7).length, Math.min(limit, 2))
        }
      })
    )

    it.effect("have entries of a stream up to a number: one fewer, as many, or one more than there are", () =>
      Effect.gen(function* () {
        const held = yield* newSink
        const stream = yield* streamIn(8)
        const position = yield* block(held, 8, [blockOf(stream, 2)])
        for (const [depth, versions] of [
          [3, [2, 3, 4]],
          [4, [2, 3, 4, 5]],
          [5, [2, 3, 4, 5]]
        ] as const) {
          const [retry] = yield* use((outbox) => outbox.due(held.sink, [{ slot: 8, position }], { limit: 10, depth }))
          assert.deepStrictEqual(
            retry!.deliveries.map(({ version }) => version),
            [...versions]
          )
        }
      })
    )
  })

  describe("the outcome of a retry", () => {
    const settle = (held: Held, settlements: ReadonlyArray<Omit<Settlement, "slot" | "epoch" | "owner">>) =>
      use((outbox) =>
        outbox.settle(
          held.sink,
          settlements.map((one) => {
            const { epoch, owner, slot } = leaseOf(held, slotOf(one.stream))
            return { slot, epoch, owner, ...one }
          })
        )
      )

    it.effect("is noted of its stream and of no other, of its sink and of no other", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* newSink, yield* newSink]
        const streams = [yield* streamIn(9), yield* streamIn(9), yield* streamIn(9)]
        const [ended, changed, left] = streams
        for (const held of [one, other])
          yield* block(
            held,
            9,
            streams.map((stream) => blockOf(stream, 2))
          )
        yield* settle(one, [
          { stream: ended!, version: 2, block: null },
          { stream: changed!, version: 2, block: blockOf(changed!, 4, { attempts: 3, retryAfterMillis: null }) }
        ])
        assert.sameDeepMembers(
          [...(yield* blockedOf(one.sink))],
          [
            [changed!, 4, 3, true],
            [left!, 2, 1, false]
          ]
        )
        assert.sameDeepMembers(
          [...(yield* blockedOf(other.sink))],
          streams.map((stream) => [stream, 2, 1, false])
        )
      })
    )

    it.effect("L1: is noted for slots whose lease is held, and not for others, in one call", () =>
      Effect.gen(function* () {
        const held = yield* newSink
        const [kept, lost] = [yield* streamIn(10), yield* streamIn(11)]
        const before = yield* block(held, 10, [blockOf(kept, 2)])
        const position = yield* block(held, 11, [blockOf(lost, 2)])
        yield* use((outbox) => outbox.release(held.sink, [leaseOf(held, 11)]))
        const both = [kept, lost].map((stream) => ({ stream, version: 2, block: null }))
        assert.deepStrictEqual(yield* settle(held, both), [10])
        assert.deepStrictEqual(yield* blockedOf(held.sink), [[lost, 2, 1, false]])
        const late = yield* streamIn(11)
        const acknowledged = yield* use((outbox) =>
          outbox.acknowledge(held.sink, [
            { ...leaseOf(held, 10), acknowledged: before, position: before, blocked: [] },
            { ...leaseOf(held, 11), acknowledged: position, position, blocked: [blockOf(late, 1)] }
          ])
        )
        assert.deepStrictEqual(acknowledged, [10])
        assert.deepStrictEqual(yield* blockedOf(held.sink), [[lost, 2, 1, false]])
      })
    )
  })

  describe("leases and relays", () => {
    it.effect("L1: of one sink are given back, and those of another are held as before", () =>
      Effect.gen(function* () {
        const [one, other] = [yield* newSink, yield* newSink]
        assert.strictEqual((yield* use((outbox) => outbox.release(one.sink, one.claims))).length, SLOTS)
        const claim = { owner: "another", ttlMillis: LONG, limit: SLOTS }
        assert.deepStrictEqual(yield* use((outbox) => outbox.claim(other.sink, claim)), [])
        // The epochs are those of the other sink too, whose leases are held.
        assert.deepStrictEqual(yield* use((outbox) => outbox.renew(one.sink, one.claims, LONG)), [])
        const acknowledgements = one.claims.map((lease) => ({ ...lease, blocked: [] }))
        assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(one.sink, acknowledgements)), [])
        assert.strictEqual((yield* use((outbox) => outbox.renew(other.sink, other.claims, LONG))).length, SLOTS)
      })
    )

    it.effect("of one name, at two sinks, come and go by themselves", () =>
      Effect.gen(function* () {
        const [{ sink: one }, { sink: other }] = [yield* newSink, yield* newSink]
        const announce = (sink: string, owner: string) => use((outbox) => outbox.announce(sink, owner, LONG))
        for (const owner of ["first", "second", "third"]) for (const sink of [one, other]) yield* announce(sink, owner)
        yield* use((outbox) => outbox.depart(one, "first"))
        assert.strictEqual(yield* announce(one, "second"), 2)
        assert.strictEqual(yield* announce(other, "second"), 3)
        assert.deepStrictEqual([(yield* statusOf(one)).relays, (yield* statusOf(other)).relays], [2, 3])
      })
    )
  })
}
