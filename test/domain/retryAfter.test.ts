/**
 * For how long a server asks to be left alone, in each form that HTTP has for it.
 */
import { parseHttpDate, retryAfterMillis } from "@turnout/core/webhooks/domain/RetryAfter"
import { assert, describe, it } from "vitest"

const NOW = Date.parse("2027-05-01T18:00:00.000Z")

const millis = (retryAfter: ReadonlyArray<string>, date: ReadonlyArray<string> = []) =>
  retryAfterMillis({ retryAfter, date }, NOW)

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 120 ", 120_000],
    ["0120", 120_000],
    ["1", 1_000],
    ["Sat, 01 May 2027 18:02:00 GMT", 120_000],
    ["Saturday, 01-May-27 18:02:00 GMT", 120_000],
    ["Sat May  1 18:02:00 2027", 120_000],
    ["Sat, 01 May 2027 18:00:60 GMT", 60_000],
    ["Thu, 01 Jan 2099 00:00:00 GMT", Date.UTC(2099, 0, 1) - NOW]
  ])("%j is heeded", (value, expected) => assert.strictEqual(millis([value]), expected))

  it("is heeded however long it is", () => {
    assert.strictEqual(millis(["99999999999"]), 99_999_999_999_000)
    assert.strictEqual(millis(["9".repeat(400)]), Infinity)
    assert.isAbove(millis(["Fri, 31 Dec 9999 23:59:59 GMT"])!, 1e14)
  })

  it.each([
    "",
    "0",
    "-5",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "soon",
    "in 5",
    "120 seconds",
    "120, 60",
    "2 minutes",
    "Jan 1 2099",
    "2099-01-01T00:00:00Z",
    "Thu, 01 Jan 2099 00:00:00",
    "Thu, 01 Jan 2099 00:00:00 +0200",
    "Thu, 31 Feb 2099 00:00:00 GMT",
    "Thu, 00 Jan 2099 00:00:00 GMT",
    "Thu, 01 Jan 2099 24:00:00 GMT",
    "Thu, 01 Jan 2099 00:60:00 GMT",
    "Thu, 01 Jan 2099 00:00:61 GMT",
    "Sat, 01 May 2027 17:59:59 GMT",
    "Sat, 01 May 2027 18:00:00 GMT"
  ])("%j is not heeded", (value) => assert.isUndefined(millis([value])))

  it("that was sent several times means the longest time", () => {
    assert.strictEqual(millis(["10", "120", "soon"]), 120_000)
    assert.isUndefined(millis([]))
  })

  it("means a date of the server's clock, if the answer has one", () => {
    const later = ["Sun, 02 May 2027 18:02:00 GMT"]
    for (const date of ["Sun, 02 May 2027 18:00:00 GMT", " Sun, 02 May 2027 18:00:00 GMT\t"])
      assert.strictEqual(millis(later, [date]), 120_000)
    for (const date of [[], ["yesterday"], ["Sun, 02 May 2027 18:00:00 GMT", "Sun, 02 May 2027 18:01:00 GMT"]])
      assert.strictEqual(millis(later, date), 24 * 3_600_000 + 120_000)
    assert.strictEqual(millis(["120"], ["Sun, 02 May 2027 18:00:00 GMT"]), 120_000)
  })
})

it("a year of two digits is at most 50 years in the future", () => {
  for (const [year, full] of [
    ["27", 2027],
    ["77", 2077],
    ["78", 1978],
    ["00", 2000]
  ] as const)
    assert.strictEqual(parseHttpDate(`Saturday, 01-May-${year} 18:00:00 GMT`, NOW), Date.UTC(full, 4, 1, 18))
})
