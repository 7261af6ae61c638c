/**
 * The contract of dead letters, as a suite. One line runs it on a queue:
 *
 * ```ts
 * suite("my queue", bury => …)
 * ```
 */
import { assert, describe, it } from "@effect/vitest"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { toJson } from "@turnout/core/delivery/domain/Message"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import { Effect, type Scope } from "effect"
import { randomUUID } from "node:crypto"

/** A body, and the group that it is in. */
export type Buried = readonly [body: string, group: string]

/** Makes a new queue with these dead letters. Gives them, and the messages in the queue that they are moved to. */
export type Bury = (letters: ReadonlyArray<Buried>) => Effect.Effect<
  {
    readonly letters: DeadLetters
    readonly live: Effect.Effect<ReadonlyArray<Buried>>
  },
  unknown,
  Scope.Scope
>

/** Makes a message as the library writes it, and gives its body and its message id. */
export const makeMessage = (): { readonly id: string; readonly body: string } => {
  const delivery: StoredEntry = {
    id: randomUUID(),
    eventId: randomUUID() as StoredEntry["eventId"],
    version: 3,
    type: "EventPublished",
    schemaVersion: 1,
    payload: "{}",
    metadata: { actor: "ada", correlationId: null, causationId: null },
    occurredAt: new Date(0)
  }
  return { id: delivery.id, body: toJson(delivery) }
}

export const suite = (name: string, bury: Bury): void => {
  describe(`dead letters: ${name}`, { timeout: 60_000 }, () => {
    it.live("are shown, and left where they are", () =>
      Effect.gen(function* () {
        const ours = makeMessage()
        const { letters, live } = yield* bury([
          [ours.body, "a"],
          ["no message of ours", "b"]
        ])
        const shown = yield* letters.list(10)
        assert.deepStrictEqual(
          shown.map(({ body, group, message }) => [body, group, message?.id ?? null]),
          [
            [ours.body, "a", ours.id],
            ["no message of ours", "b", null]
          ]
        )
        assert.strictEqual(new Set(shown.map(({ id }) => id)).size, 2)
        for (const { receiveCount, sentAt } of shown) {
          assert.isAtLeast(receiveCount, 1)
          assert.isBelow(Math.abs(Date.now() - sentAt.getTime()), 60_000)
        }
        assert.strictEqual((yield* letters.list(1)).length, 1)
        assert.deepStrictEqual(
          (yield* letters.list(10)).map(({ id }) => id),
          shown.map(({ id }) => id)
        )
        assert.deepStrictEqual([yield* letters.count, yield* live], [2, []])
      }).pipe(Effect.scoped)
    )

    it.live("are moved if they are asked for, by the id of the queue or of the message", () =>
      Effect.gen(function* () {
        const [ours, other] = [makeMessage(), makeMessage()]
        const { letters, live } = yield* bury([
          [ours.body, "a"],
          ["first", "b"],
          [other.body, "c"]
        ])
        const first = (yield* letters.list(10)).find(({ body }) => body === "first")!
        assert.strictEqual(yield* letters.redrive({ only: [ours.id, first.id, randomUUID()] }), 2)
        assert.sameDeepMembers(
          [...(yield* live)],
          [
            [ours.body, "a"],
            ["first", "b"]
          ]
        )
        assert.deepStrictEqual(
          (yield* letters.list(10)).map(({ body }) => body),
          [other.body]
        )
        assert.strictEqual(yield* letters.redrive({ only: [ours.id] }), 0)
      }).pipe(Effect.scoped)
    )

    it.live("are moved up to a number, those of a group in order, and the number of those moved is given", () =>
      Effect.gen(function* () {
        const all = Array.from({ length: 13 }, (_, n): Buried => [`letter ${n}`, "group"])
        const { letters, live } = yield* bury(all)
        const told: Array<number> = []
        assert.strictEqual(yield* letters.redrive({ most: 5, onMoved: (moved) => told.push(moved) }), 5)
        assert.deepStrictEqual(told, [1, 2, 3, 4, 5])
        assert.deepStrictEqual(yield* live, all.slice(0, 5))
        assert.strictEqual(yield* letters.count, 8)
        assert.strictEqual(yield* letters.redrive({}), 8)
        assert.deepStrictEqual(yield* live, all)
        assert.deepStrictEqual([yield* letters.count, yield* letters.list(10)], [0, []])
      }).pipe(Effect.scoped)
    )

    it.live("that are not there are none", () =>
      Effect.gen(function* () {
        const { letters, live } = yield* bury([])
        assert.deepStrictEqual([yield* letters.count, yield* letters.list(10), yield* letters.redrive({})], [0, [], 0])
        assert.deepStrictEqual(yield* live, [])
      }).pipe(Effect.scoped)
    )
  })
}
