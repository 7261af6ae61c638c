/**
 * Instants: the dates and the texts that they are made of, and the texts that they are written as.
 */
import { earlier, Instant, toText } from "@turnout/core/kernel/domain/Instant"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

/** What is wrong with a value; nothing, if it is accepted. */
const problem = (schema: Schema.Codec<unknown, unknown>, value: unknown): string => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  return Result.isSuccess(decoded) ? "" : String(decoded.failure)
}

describe("an instant in JSON", () => {
  const json = () => Schema.toCodecJson(Instant)

  it.each([
    ["2027-05-01T18:00:00Z", "2027-05-01T18:00:00.000Z"],
    ["2027-05-01T20:00:00.1234+02:00", "2027-05-01T18:00:00.123Z"],
    ["2028-02-29T00:00:00-00:00", "2028-02-29T00:00:00.000Z"]
  ])("may be %s", (text, utc) => {
    assert.strictEqual(Schema.decodeUnknownSync(json())(text).toISOString(), utc)
  })

  it.each([
    "2027-05-01",
    "2027-05-01T18:00:00",
    "2027-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2027-05-01T24:00:00Z",
    "2027-05-01T18:60:00Z",
    "May 1, 2027",
    "tomorrow",
    "",
    "+010000-01-01T00:00:00Z"
  ])("may not be %j", (text) => {
    assert.strictEqual(
      problem(json(), text),
      "SchemaError(must be an RFC 3339 date-time with an offset, such as 2027-05-01T18:00:00Z)"
    )
  })

  it("may not be before the year 1900, and not a number", () => {
    assert.include(problem(json(), "1899-12-31T23:59:59Z"), "must be a date in the years 1900 to 9999")
    assert.include(problem(json(), 1_800_000_000_000), "Expected string")
  })

  it("is written in UTC with milliseconds, whichever moment was written before", () => {
    for (const text of ["2027-05-01T18:00:00.000Z", "2027-05-01T18:00:00.001Z", "1970-01-01T00:00:00.000Z"]) {
      assert.strictEqual(toText(new Date(text)), text)
      assert.strictEqual(Schema.encodeSync(json())(new Date(text)), text)
    }
  })
})

describe("an instant", () => {
  it("is a copy of the date that was given", () => {
    const given = new Date("2027-05-01T18:00:00Z")
    const decoded = Schema.decodeSync(Instant)(given)
    given.setUTCFullYear(1999)
    assert.strictEqual(decoded.getUTCFullYear(), 2027)
  })

  it.each(["1900-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])("may be %s", (text) => {
    assert.strictEqual(problem(Instant, new Date(text)), "")
  })

  it.each([
    ["before the year 1900", new Date("1899-12-31T23:59:59.999Z")],
    ["after the year 9999", new Date("+010000-01-01T00:00:00.000Z")]
  ])("may not be %s", (_what, date) => {
    assert.include(problem(Instant, date), "must be a date in the years 1900 to 9999")
  })

  it.each([
    ["no date", new Date(Number.NaN)],
    ["only made to look like a date", Object.create(Date.prototype)],
    ["text", "2027-05-01T18:00:00Z"],
    ["a number", 0]
  ])("may not be %s", (_what, value) => assert.include(problem(Instant, value), "Expected a valid Date"))
})

describe("the earlier of two moments", () => {
  const [first, second] = [new Date("2027-05-01T18:00:00Z"), new Date("2027-05-01T18:00:01Z")]

  it("is the one that is before the other, and the second if there is no first", () => {
    assert.deepStrictEqual(earlier(first, second), first)
    assert.deepStrictEqual(earlier(second, first), first)
    assert.deepStrictEqual(earlier(null, second), second)
  })
})
