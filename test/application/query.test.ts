/**
 * Pages of lists by key: where one ends, and whether there is another.
 */
import { assert, describe, it } from "@effect/vitest"
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import { Effect } from "effect"

/** So many numbers, listed behind one of them. */
const listOf =
  (count: number) =>
  ({ after, limit }: { readonly after: number | null; readonly limit: number }) =>
    Effect.succeed(
      Array.from({ length: count }, (_, n) => n + 1)
        .filter((n) => after === null || n > after)
        .slice(0, limit)
    )

const LIMIT = 3

describe("pages by key", () => {
  it.effect.each([
    [0, [0]],
    [LIMIT - 1, [2]],
    [LIMIT, [3]],
    [LIMIT + 1, [3, 1]],
    [2 * LIMIT, [3, 3]],
    [2 * LIMIT + 1, [3, 3, 1]]
  ] as const)("of a list of %i have no empty one at the end", ([count, expected]) =>
    Effect.gen(function* () {
      const found: Array<number> = []
      const sizes: Array<number> = []
      let after: number | null = null
      do {
        const page: { readonly items: ReadonlyArray<number>; readonly next: number | null } = yield* pageByKey(
          listOf(count),
          { after, limit: LIMIT },
          (last) => last
        )
        found.push(...page.items)
        sizes.push(page.items.length)
        after = page.next
      } while (after !== null)
      assert.deepStrictEqual(sizes, [...expected])
      assert.deepStrictEqual(
        found,
        Array.from({ length: count }, (_, n) => n + 1)
      )
    })
  )
})
