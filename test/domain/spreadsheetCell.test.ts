/**
 * Text in the cells of spreadsheets: no formula, and the same text afterwards.
 */
import { guarded, plain } from "@turnout/core/kernel/domain/text/SpreadsheetCell"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uFF1D1", "\uFF0B1", "\uFF0D1", "\uFF201"]

describe("guarded", () => {
  it.each(FORMULAS)("puts an apostrophe before %j", (text) => {
    assert.isTrue(guarded(text).startsWith("'"))
    assert.strictEqual(plain(guarded(text)), text)
  })

  it("guards what other programs take for the beginning of a cell", () => {
    assert.strictEqual(guarded("x;=1+1"), "x;'=1+1")
    assert.strictEqual(guarded("x\n=1+1"), "x\n'=1+1")
    assert.strictEqual(guarded("x\t@SUM(A1)"), "x\t'@SUM(A1)")
  })

  it.each(["Ada", "O'Brien", "'t Hooft", "'Ada'", "a=b", "a-b", "two\n\nlines", "", "'"])(
    "leaves %j as it is",
    (text) => {
      assert.strictEqual(guarded(text), text)
      assert.strictEqual(plain(text), text)
    }
  )

  it("tells a guarded formula from a text with an apostrophe", () => {
    assert.deepStrictEqual(["=1", "'=1", "''=1"].map(guarded), ["'=1", "''=1", "'''=1"])
  })

  it("is undone by plain, whatever the text", () => {
    const text = fc.string({
      unit: fc.constantFrom("'", "=", "+", "@", "-", ";", "\n", "\t", "\r", "a", ",", '"', "\uFF1D")
    })
    fc.assert(
      fc.property(text, (text) => {
        const cell = guarded(text)
        assert.strictEqual(plain(cell), text)
        assert.notMatch(cell, /^[=+\-@\t\r\n\uFF1D]|[;\t\r\n][=+\-@\uFF1D]/)
      }),
      { numRuns: 5_000 }
    )
  })
})
