/**
 * The contract of an outbox about blocked streams and their retries.
 */
import { assert, describe } from "@effect/vitest"
import type { Block } from "@turnout/core/delivery/domain/Block"
import { Effect } from "effect"
import {
  SHORT,
  use,
  stream,
  another,
  readAll,
  versions,
  upTo,
  blockOf,
  blockedStream,
  due,
  type It
} from "./OutboxGiven.ts"

export const blockedStreams = (it: It): void => {
  describe("blocked streams", () => {
    it.effect("N3: waits with a blocked stream, and goes on with the others", () =>
      Effect.gen(function* () {
        const { claims, eventId, sink, position, slot } = yield* blockedStream()
        const other = yield* stream(1)
        yield* another(eventId, 4)
        const positions = claims.map((one) => (one.slot === slot ? { ...one, position } : one))
        const { deliveries } = yield* readAll(sink, positions)
        assert.deepStrictEqual(versions(deliveries, eventId), [])
        assert.deepStrictEqual(versions(deliveries, other), upTo(3))
      })
    )

    it.effect("O3: tries a stream again from the entry that failed, as far as the position has passed", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { eventId, position, sink, slot } = lease
        yield* another(eventId, 4)
        const [retry, ...others] = yield* due(sink, { slot, position })
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(
          { ...retry, deliveries: retry!.deliveries.map(({ version }) => version) },
          { slot, stream: eventId, version: 3, attempts: 1, deliveries: [3, 4, 5] }
        )
        const { positionOf } = yield* readAll(sink, [lease])
        const [later] = yield* due(sink, { slot, position: positionOf(slot) }, 2)
        assert.deepStrictEqual(
          later!.deliveries.map(({ version }) => version),
          [3, 4]
        )
        const [further] = yield* due(sink, { slot, position: positionOf(slot) })
        assert.deepStrictEqual(
          further!.deliveries.map(({ version }) => version),
          [3, 4, 5, 6]
        )
      })
    )

    it.effect("does not try a stream again before its time, and a parked one never", () =>
      Effect.gen(function* () {
        const waiting = yield* blockedStream({ retryAfterMillis: SHORT })
        const parked = yield* blockedStream({ retryAfterMillis: null })
        assert.deepStrictEqual(yield* due(waiting.sink, waiting), [])
        yield* Effect.sleep(SHORT * 2)
        assert.strictEqual((yield* due(waiting.sink, waiting)).length, 1)
        assert.deepStrictEqual(yield* due(parked.sink, parked), [])
      })
    )

    it.effect("moves a block on, and ends it", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { claims, eventId, position, sink, slot } = lease
        const settle = (version: number, block: Block | null) =>
          use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version, block }]))

        assert.deepStrictEqual(yield* settle(3, blockOf(eventId, 5, { attempts: 7 })), [slot])
        const [retry] = yield* due(sink, { slot, position })
        assert.deepStrictEqual([retry!.version, retry!.attempts, retry!.deliveries.length], [5, 7, 1])

        assert.deepStrictEqual(yield* settle(5, null), [slot])
        assert.deepStrictEqual(yield* due(sink, { slot, position }), [])
        yield* another(eventId, 4)
        const { deliveries } = yield* readAll(
          sink,
          claims.map((one) => (one.slot === slot ? lease : one))
        )
        assert.deepStrictEqual(versions(deliveries, eventId), [6])
      })
    )

    it.effect("leaves a block alone that was changed since it was read", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { eventId, position, sink, slot } = lease
        const settle = (version: number, block: Block | null) =>
          use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version, block }]))
        yield* settle(3, blockOf(eventId, 4))
        yield* settle(3, null)
        yield* settle(3, blockOf(eventId, 5))
        const [retry] = yield* due(sink, { slot, position })
        assert.strictEqual(retry?.version, 4)
      })
    )

    it.effect("stay parked after a settlement that is carried out twice, late", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { eventId, position, sink, slot } = lease
        const settle = (rest: Partial<Block>) =>
          use((outbox) =>
            outbox.settle(sink, [{ ...lease, stream: eventId, version: 3, block: blockOf(eventId, 3, rest) }])
          )
        const failedAgain = settle({ attempts: 2 })
        assert.deepStrictEqual(yield* failedAgain, [slot])
        assert.deepStrictEqual(yield* settle({ attempts: 3, retryAfterMillis: null }), [slot])
        assert.deepStrictEqual(yield* failedAgain, [slot])
        assert.deepStrictEqual(yield* due(sink, { slot, position }), [])
      })
    )

    it.effect("O2: are not there again after an acknowledgement that is carried out twice, late", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { before, blocked, eventId, position, sink, slot } = lease
        const settled = { ...lease, stream: eventId, version: 3, block: null }
        assert.deepStrictEqual(yield* use((outbox) => outbox.settle(sink, [settled])), [slot])
        const again = { ...lease, acknowledged: before, position, blocked }
        const acknowledge = use((outbox) => outbox.acknowledge(sink, [again]))
        assert.deepStrictEqual(yield* acknowledge, [slot], "its answer may have been lost")
        assert.deepStrictEqual(yield* due(sink, { slot, position }), [])

        yield* another(eventId, 4)
        const { positionOf } = yield* readAll(sink, [lease])
        const next = { ...lease, position: positionOf(slot), blocked: [] }
        assert.deepStrictEqual(yield* use((outbox) => outbox.acknowledge(sink, [next])), [slot])
        assert.deepStrictEqual(yield* acknowledge, [], "the position has moved on")
        assert.deepStrictEqual(yield* due(sink, { slot, position: next.position }), [])
      })
    )

    it.effect("L1: refuses to settle under a superseded lease", () =>
      Effect.gen(function* () {
        const lease = yield* blockedStream()
        const { claims, eventId, position, sink, slot } = lease
        yield* use((outbox) => outbox.release(sink, claims))
        const settlement = { ...lease, stream: eventId, version: 3, block: null }
        assert.deepStrictEqual(yield* use((outbox) => outbox.settle(sink, [settlement])), [])
        assert.strictEqual((yield* due(sink, { slot, position }))[0]?.version, 3)
      })
    )

    it.effect("keeps the text of an error, with any characters", () =>
      Effect.gen(function* () {
        const error = `"quoted" \\ {braces}, NULL\n\u2028 and 👋`
        const lease = yield* blockedStream({ error })
        const { eventId, position, sink, slot } = lease
        const block = blockOf(eventId, 3, { error, attempts: 2 })
        yield* use((outbox) => outbox.settle(sink, [{ ...lease, stream: eventId, version: 3, block }]))
        assert.strictEqual((yield* due(sink, { slot, position }))[0]?.attempts, 2)
      })
    )
  })
}
