import { AttendeeId, AttendeeInput, Email, fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { EventInput } from "@turnout/core/admission/domain/model/Event"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import * as Text from "@turnout/core/kernel/domain/Text"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

/** What is wrong with a value; nothing, if it is accepted. */
const problem = (schema: Schema.Codec<unknown, unknown>, value: unknown): string => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  return Result.isSuccess(decoded) ? "" : String(decoded.failure)
}
const accepts = (schema: Schema.Codec<unknown, unknown>, value: unknown) => problem(schema, value) === ""

describe("what is refused is told the rule", () => {
  const line = Text.line({ maxLength: 5 })

  it.each([
    [line, "a\ud800", "must be well-formed Unicode (it has a lone surrogate)"],
    [line, "a\nb", "must not contain control characters"],
    [Email, "ada", "must be an e-mail address, such as ada@example.com"],
    [Instant, new Date(8.64e15), "must be a date in the years 1900 to 9999"],
    [
      Schema.toCodecJson(Instant),
      "tomorrow",
      "must be an RFC 3339 date-time with an offset, such as 2027-05-01T18:00:00Z"
    ]
  ])("%#: %o", (schema, value, rule) => {
    assert.include(problem(schema as Schema.Codec<unknown, unknown>, value), rule)
  })
})

describe("folding", () => {
  it("is the same for every code point however often it is done, alone and within a word", () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue
      for (const text of [String.fromCodePoint(point), `a${String.fromCodePoint(point)}b`]) {
        const folded = Text.fold(text)
        if (Text.fold(folded) !== folded) assert.fail(`U+${point.toString(16)} folds on`)
        if (Text.fold(text.normalize("NFD")) !== folded) assert.fail(`U+${point.toString(16)} depends on its form`)
      }
    }
  })

  it.each([
    ["STRASSE", "straße", "STRAẞE"],
    ["ΟΔΥΣΣΕΥΣ", "οδυσσευς", "οδυσσευσ"],
    ["Zoe\u0308", "ZOË"],
    ["ﬁne", "FINE"],
    ["ａｄａ", "ADA"]
  ])("makes %s and its spellings one", (...spellings) => {
    assert.strictEqual(new Set(spellings.map(Text.fold)).size, 1)
  })

  it("trims, whatever the white space is", () => {
    for (const text of [" Ada", "ada ", "\u00a0ada\u3000", "\tADA\n", "ada"]) assert.strictEqual(Text.fold(text), "ada")
  })

  it("keeps the dotless i apart", () => {
    assert.notStrictEqual(Text.fold("kır"), Text.fold("kir"))
  })
})

describe("an attendee", () => {
  const decode = (input: typeof AttendeeInput.Encoded) => fromInput(Schema.decodeSync(AttendeeInput)(input))

  it("has the e-mail address as id unless there is another, and no name unless there is one", () => {
    assert.deepStrictEqual({ ...decode({ email: " Ada@Example.com " }) }, {
      id: "ada@example.com",
      name: "",
      email: "ada@example.com"
    } as never)
    assert.deepStrictEqual({ ...decode({ id: "U-1", name: " Ada ", email: "ada@example.com" }) }, {
      id: "u-1",
      name: "Ada",
      email: "ada@example.com"
    } as never)
  })

  it("is decoded to the same again", () => {
    const once = decode({ id: "Ｕ-１", name: "e\u0301", email: "É@EXAMPLE.com" })
    assert.deepStrictEqual(decode(once), once)
  })

  it.each(["a@b", "a.b+c@sub.example.com", "ünï@exämple.com", "a'b@example.com"])(
    "may have the address %s",
    (email) => {
      assert.isTrue(accepts(Email, email))
    }
  )

  it.each([
    "",
    "a",
    "@b",
    "a@",
    "a@b@c",
    "a b@c",
    ".a@b",
    "a..b@c",
    "a@b.",
    "a@.b",
    "a\u200b@b",
    "a\0@b",
    "a\ud800@b",
    "<a@b>",
    `${"a".repeat(250)}@b.de`,
    `a@${"㌖".repeat(50)}.jp`
  ])("may not have the address %j", (email) => {
    assert.isFalse(accepts(Email, email))
  })

  it("may not have an address that is too long an id once it is folded", () => {
    assert.isTrue(accepts(Email, `${"ß".repeat(124)}a@x.de`))
    assert.include(problem(Email, `${"ß".repeat(125)}@x.de`), "must have at most 254 characters once it is folded")
    const { id } = fromInput(Schema.decodeSync(AttendeeInput)({ email: `${"ß".repeat(124)}@x.de` }))
    assert.isTrue(accepts(AttendeeId, id))
  })

  it("may not have an id that is too long once it is folded", () => {
    assert.isTrue(accepts(AttendeeId, "a".repeat(254)))
    assert.isFalse(accepts(AttendeeId, "\ufdfa".repeat(20)))
  })
})

describe("text", () => {
  const title = Text.line({ minLength: 1, maxLength: 5 })

  it.each(["a", "12345", " 12345 ", "é"])("may be %j", (text) => assert.isTrue(accepts(title, text)))
  it("is put into Unicode normal form C", () => {
    assert.strictEqual(Schema.decodeSync(title)("e\u0301"), "\u00e9")
  })
  it.each(["", "  ", "123456", "a\u2028b", "a\nb", "a\0b", "a\u0085b", "\ud800", 1, null, undefined, {}, []])(
    "may not be %j",
    (text) => assert.isFalse(accepts(title, text))
  )
  it("of several lines may have line breaks and tabs, but no other control characters", () => {
    const notes = Text.paragraphs({ maxLength: 10 })
    assert.isTrue(accepts(notes, "a\r\n\tb"))
    assert.isFalse(accepts(notes, "a\u0007b"))
  })
})

describe("a UUID", () => {
  it("is put into lower case", () => {
    const upper = "01A1FC97-EB54-7219-944C-D65E860D0BD8"
    assert.strictEqual(Schema.decodeSync(Uuid)(upper), upper.toLowerCase())
  })
})

describe("an instant in JSON", () => {
  const json = Schema.toCodecJson(Instant)

  it.each([
    ["2027-05-01T18:00:00Z", "2027-05-01T18:00:00.000Z"],
    ["2027-05-01T20:00:00.1234+02:00", "2027-05-01T18:00:00.123Z"],
    ["2028-02-29T00:00:00-00:00", "2028-02-29T00:00:00.000Z"]
  ])("may be %s", (text, utc) => {
    assert.strictEqual(Schema.decodeUnknownSync(json)(text).toISOString(), utc)
  })

  it.each([
    "2027-05-01",
    "2027-05-01T18:00:00",
    "2027-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2027-05-01T24:00:00Z",
    "2027-05-01T18:60:00Z",
    "1899-12-31T23:59:59Z",
    "+010000-01-01T00:00:00Z",
    "May 1, 2027",
    "",
    1_800_000_000_000
  ])("may not be %j", (text) => assert.isFalse(accepts(json, text)))

  it("is a copy of the date that was given", () => {
    const given = new Date("2027-05-01T18:00:00Z")
    const decoded = Schema.decodeSync(Instant)(given)
    given.setUTCFullYear(1999)
    assert.strictEqual(decoded.getUTCFullYear(), 2027)
  })

  it.each([
    ["no date", new Date(Number.NaN)],
    ["beyond the year 9999", new Date(8.64e15)],
    ["only made to look like a date", Object.create(Date.prototype)],
    ["text", "2027-05-01T18:00:00Z"],
    ["a number", 0]
  ])("as a value may not be %s", (_what, value) => assert.isFalse(accepts(Instant, value)))
})

describe("a new event", () => {
  const valid = {
    title: "Conference",
    organizer: "Ada",
    startsAt: new Date("2030-05-01T18:00:00Z"),
    endsAt: new Date("2030-05-01T23:00:00Z"),
    timeZone: "Europe/Berlin",
    capacity: 100
  }
  const problems = (changes: object) => {
    const decoded = Schema.decodeUnknownResult(EventInput, { errors: "all" })({ ...valid, ...changes })
    return Result.isSuccess(decoded) ? "" : String(decoded.failure)
  }

  it.each([0, 1_000_000])("may have %i seats", (capacity) => assert.strictEqual(problems({ capacity }), ""))
  it.each(["UTC", "America/Argentina/Buenos_Aires", "Asia/Kolkata"])("may be in the time zone %s", (timeZone) =>
    assert.strictEqual(problems({ timeZone }), "")
  )
  it("is refused when registration closes as it opens", () => {
    const registrationOpensAt = new Date("2030-01-01T00:00:00Z")
    const registrationClosesAt = new Date(registrationOpensAt)
    const found = problems({ registrationOpensAt, registrationClosesAt })
    assert.include(found, '["registrationClosesAt"]')
    assert.include(found, "must be after registrationOpensAt")
  })
  it.each([
    ["timeZone", "Europe/Nowhere", "must be an IANA time zone, such as Europe/Berlin"],
    ["endsAt", valid.startsAt, "must be after startsAt"],
    ["registrationOpensAt", valid.endsAt, "must be before endsAt"]
  ])("is told the rule that %s breaks when it is %j", (field, value, rule) => {
    assert.include(problems({ [field]: value }), rule)
  })
  it.each([
    ["capacity", -1],
    ["capacity", 1_000_001],
    ["capacity", 1.5],
    ["capacity", "10"],
    ["capacity", Number.NaN],
    ["timeZone", "+02:00"],
    ["timeZone", " Europe/Berlin"],
    ["timeZone", "1Europe"],
    ["timeZone", "Europe/Nowhere"],
    ["timeZone", ""],
    ["endsAt", valid.startsAt],
    ["registrationOpensAt", valid.endsAt],
    ["description", "a".repeat(4_001)],
    ["location", "a".repeat(501)],
    ["organizer", " "],
    ["waitlist", "maybe"],
    ["waitlistLimit", -1]
  ])("is refused with the field %s when it is %j", (field, value) => {
    assert.include(problems({ [field]: value }), `["${field}"]`)
  })
})
