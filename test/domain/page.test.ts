/**
 * Pages of lists: what is on them, and what asks for the next one.
 */
import { cursorOf, toPage } from "@turnout/core/kernel/domain/Page"
import { Schema } from "effect"
import { assert, describe, it } from "vitest"

const BY_NUMBER = cursorOf(Schema.Int)
const numbered = (...numbers: ReadonlyArray<number>) => numbers.map((number) => ({ number }))

/** The page of at most three items, of a list whose cursors are numbers. */
const pageOf = (...found: ReadonlyArray<number>) => toPage(numbered(...found), 3, BY_NUMBER, ({ number }) => number)

describe("a page", () => {
  it("has as many items as were asked for, and the cursor of the last one, if the store has found one more", () => {
    const cursorAfter3 = Buffer.from("3").toString("base64url")
    assert.deepStrictEqual(pageOf(1, 2, 3, 4), { items: numbered(1, 2, 3), nextCursor: cursorAfter3 })
    assert.strictEqual(Schema.decodeSync(BY_NUMBER)(cursorAfter3), 3)
  })

  it.each([[[1, 2, 3]], [[1, 2]], [[]]])("is the last one if the store has found no more than %j", (found) => {
    assert.deepStrictEqual(pageOf(...found), { items: numbered(...found), nextCursor: null })
  })
})
