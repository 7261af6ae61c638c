/**
 * The contract of dead letters that are more, each in a group of its own, than the queue gives at once, as a suite. One
 * line runs it on a queue:
 *
 * ```ts
 * suite("my queue", bury => …)
 * ```
 */
import { assert, describe, it } from "@effect/vitest"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import { Effect } from "effect"
import type { Buried, Bury } from "./DeadLettersSuite.ts"

/** The most messages that a queue gives at once. */
const AT_ONCE = 10

const bodies = (letters: DeadLetters, limit = 100) =>
  Effect.map(letters.list(limit), (shown) => shown.map(({ body }) => body).toSorted())

export const suite = (name: string, bury: Bury): void => {
  describe(`many dead letters: ${name}`, { timeout: 120_000 }, () => {
    it.live.each([AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 3])("%i are all shown, again and again", (count) =>
      Effect.gen(function* () {
        const all = Array.from({ length: count }, (_, n): Buried => [`letter ${n}`, `group ${n}`])
        const { letters, live } = yield* bury(all)
        const expected = all.map(([body]) => body).toSorted()
        assert.deepStrictEqual(yield* bodies(letters), expected)
        assert.deepStrictEqual(yield* bodies(letters), expected, "letters that were listed can be listed again")
        assert.strictEqual((yield* bodies(letters, count - 1)).length, count - 1)
        assert.deepStrictEqual([yield* letters.count, yield* live], [count, []])
      }).pipe(Effect.scoped)
    )

    it.live("those that are asked for are moved from any place, and the others can be seen at once", () =>
      Effect.gen(function* () {
        const all = Array.from({ length: 2 * AT_ONCE + 3 }, (_, n): Buried => [`letter ${n}`, `group ${n}`])
        const { letters, live } = yield* bury(all)
        const shown = yield* letters.list(100)
        const wanted = [shown[0]!, shown[AT_ONCE]!, shown.at(-1)!]
        assert.strictEqual(yield* letters.redrive({ only: wanted.map(({ id }) => id) }), wanted.length)
        const moved = wanted.map(({ body }) => body)
        assert.sameMembers(
          (yield* live).map(([body]) => body),
          moved
        )
        const rest = all.map(([body]) => body).filter((body) => !moved.includes(body))
        assert.deepStrictEqual(yield* bodies(letters), rest.toSorted())
        assert.strictEqual(yield* letters.redrive({ most: AT_ONCE }), AT_ONCE)
        assert.strictEqual(yield* letters.count, AT_ONCE)
        assert.strictEqual((yield* bodies(letters)).length, AT_ONCE)
        assert.strictEqual(yield* letters.redrive({}), AT_ONCE)
        assert.strictEqual((yield* live).length, all.length)
      }).pipe(Effect.scoped)
    )
  })
}
