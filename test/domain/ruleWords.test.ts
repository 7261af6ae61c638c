/**
 * The words of the rules that input breaks.
 */
import * as Queries from "@turnout/core/admission/application/Queries"
import { EventInput } from "@turnout/core/admission/domain/model/Event"
import { GuestInput } from "@turnout/core/admission/domain/model/Register"
import { CorrectionInput, RegistrationInput } from "@turnout/core/admission/domain/model/Registration"
import { EventWriteOptions, WriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import { decoder } from "@turnout/core/kernel/application/InvalidInput"
import { Effect, Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

/** What is wrong with an input, by field. */
const rulesOf = <T, E>(schema: Schema.Codec<T, E>, input: unknown): Readonly<Record<string, string>> => {
  const decoded = Effect.runSync(Effect.result(decoder(schema)(input)))
  return Result.isFailure(decoded)
    ? Object.fromEntries(decoded.failure.issues.map(({ field, rule }) => [field, rule]))
    : {}
}

const VALUES: ReadonlyArray<unknown> = [
  null,
  1,
  -1,
  1.5,
  NaN,
  Infinity,
  2_000_000,
  true,
  10n,
  Symbol("x"),
  "",
  " ",
  "x",
  "a".repeat(10_000),
  [],
  ["x"],
  [1],
  {},
  { a: 1 },
  new Date(NaN),
  new Date(0)
]

describe("the rules that input breaks", () => {
  it("are in the words of the field", () => {
    assert.deepStrictEqual(
      rulesOf(EventInput, {
        title: 7,
        organiser: "Ada",
        capacity: 1_000_001,
        startsAt: new Date(NaN),
        endsAt: "tomorrow",
        timeZone: "Berlin",
        waitlist: "maybe",
        waitlistLimit: "none",
        description: "x".repeat(4_001)
      }),
      {
        organiser: "is not a field here",
        title: "must be a string",
        organizer: "is required",
        capacity: "must be between 0 and 1000000",
        startsAt: "must be a valid date",
        endsAt: "must be a valid date",
        timeZone: "must be an IANA time zone, such as Europe/Berlin",
        waitlist: 'must be "open" or "closed"',
        waitlistLimit: "must be a number or null",
        description: "must have a length of at most 4000"
      }
    )
    assert.deepStrictEqual(rulesOf(EventInput, null), { "": "must be an object" })
    assert.deepStrictEqual(rulesOf(RegistrationInput, { attendee: {} }), { "attendee.email": "is required" })
  })

  it("ask for a version of an event that somebody can have seen, which is 1 or more", () => {
    for (const seen of [0, -1]) {
      assert.deepStrictEqual(rulesOf(EventWriteOptions, { expectedVersion: seen }), {
        expectedVersion: "must be a version of an event, which is 1 or more"
      })
    }
    const read = Effect.runSync(decoder(EventWriteOptions)({ expectedVersion: 1 }))
    assert.deepStrictEqual(read, { expectedVersion: 1 })
  })

  it.each([
    ["two things", Schema.NullOr(Schema.String), "must be a string or null"],
    ["three things", Schema.Union([Schema.String, Schema.Number, Schema.Null]), "must be a string, a number or null"],
    ["a number within bounds", Schema.Number.check(Schema.isBetween({ minimum: 2, maximum: 9 })), "must be a number"],
    ["Base64", Schema.StringFromBase64Url, "must be a string"]
  ] as ReadonlyArray<readonly [string, Schema.Codec<unknown, unknown>, string]>)(
    "name all that is expected: %s",
    (_what, schema, rule) => assert.deepStrictEqual(rulesOf(schema, true), { "": rule })
  )

  it("leave out that a value is expected only where a schema begins with that", () => {
    const isBetween = Schema.isBetween({ minimum: 2, maximum: 9 })
    const isHalf = Schema.makeFilter<number>((number) => number > 4, { expected: "half of a value between 2 and 9" })
    assert.deepStrictEqual(rulesOf(Schema.Number.check(isBetween), 1), { "": "must be between 2 and 9" })
    assert.deepStrictEqual(rulesOf(Schema.Number.check(isHalf), 1), { "": "must be half of a value between 2 and 9" })
  })

  it("tell what a text is not, if it cannot be read", () => {
    assert.deepStrictEqual(rulesOf(Schema.StringFromBase64Url, "*"), { "": "must be a valid Base64Url string" })
    assert.deepStrictEqual(rulesOf(Schema.fromJsonString(Schema.Unknown), "{"), { "": "must be a valid JSON string" })
  })

  it.each([
    ["an event", EventInput, "title"],
    ["a registration", RegistrationInput, "notes"],
    ["a guest", GuestInput, "beyond"],
    ["a correction", CorrectionInput, "notes"],
    ["a list of events", Queries.EventQuery, "cursor"],
    ["a list of registrations", Queries.RegistrationQuery, "cursor"],
    ["the options of a write", WriteOptions, "idempotencyKey"]
  ] as ReadonlyArray<readonly [string, Schema.Codec<unknown, unknown>, string]>)(
    "are never in the words of schemas: %s",
    (_what, schema, known) => {
      const names = new Set(
        [known, "unheardOf", "attendee"].concat(Object.keys("fields" in schema ? (schema.fields as object) : {}))
      )
      const inputs = [...VALUES, ...[...names].flatMap((name) => VALUES.map((value) => ({ [name]: value })))]
      const rules = new Set(inputs.flatMap((input) => Object.values(rulesOf(schema, input))))
      assert.isAbove(rules.size, 2)
      for (const rule of rules) assert.match(rule, /^(?:must (?:be|have|not) |is required$|is not a field here$)/)
    }
  )
})
