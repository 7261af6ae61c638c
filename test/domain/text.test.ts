import { Email } from "@turnout/core/kernel/domain/text/EmailAddress"
import { EventInput } from "@turnout/core/admission/domain/model/Event"
import { KEYWORDS } from "@turnout/core/kernel/domain/document/Documented"
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
    [line, "\u200b", "must have something to see"],
    [Text.line({ minLength: 1, maxLength: 5 }), " ", "must have something to see"],
    [Email, "ada", "must be an e-mail address, such as ada@example.com"]
  ])("%#: %o", (schema, value, rule) => {
    assert.include(problem(schema as Schema.Codec<unknown, unknown>, value), rule)
  })
})

describe("a text that is too short", () => {
  const told = (minLength: number) => problem(Text.line({ minLength, maxLength: 5 }), "")

  it("is told to have something to see, if one character would do", () => {
    assert.strictEqual(told(1), "SchemaError(must have something to see)")
  })

  it("is told the length otherwise", () => {
    assert.strictEqual(told(2), "SchemaError(Expected a value with a length of at least 2)")
  })
})

describe("a document", () => {
  const shown = (schema: Schema.Codec<string>) =>
    Schema.toJsonSchemaDocument(schema, { includeAnnotationKey: (key) => KEYWORDS.includes(key) }).schema

  /** Text that begins and ends with what is not trimmed, and has nothing that composes with another character. */
  const COUNTED_AS_SENT = { pattern: "^[!-~\u00a1-\u02ff](?:[\\s!-\u02ff]*[!-~\u00a1-\u02ff])?$" }

  it("bounds the length only of text that is counted as it is sent", () => {
    assert.deepStrictEqual(shown(Text.line({ maxLength: 1_000 })), {
      type: "string",
      description:
        "One line of at most 1,000 characters, counted in Unicode normal form C and without white space around it",
      if: COUNTED_AS_SENT,
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, whose value is no function
      then: { maxLength: 1_000 }
    })
    assert.deepStrictEqual(shown(Text.paragraphs({ maxLength: 500 })), {
      type: "string",
      description:
        "Text, also of several lines, of at most 500 characters, counted in Unicode normal form C and without white space around it",
      if: COUNTED_AS_SENT,
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, whose value is no function
      then: { maxLength: 500 }
    })
  })

  it("asks for more than white space of text that may not be empty", () => {
    assert.deepStrictEqual(shown(Text.line({ minLength: 2, maxLength: 100 })), {
      type: "string",
      description:
        "One line of 2 to 100 characters, counted in Unicode normal form C and without white space around it",
      minLength: 2,
      pattern: "\\S",
      if: COUNTED_AS_SENT,
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, whose value is no function
      then: { maxLength: 100 }
    })
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

  it("leaves out every code point that is not shown, wherever it stands", () => {
    let ignorable = 0
    for (let point = 0; point <= 0x10ffff; point++) {
      const char = String.fromCodePoint(point)
      if (!/\p{Default_Ignorable_Code_Point}/u.test(char)) continue
      ignorable += 1
      for (const text of [`${char}V-1`, `V${char}-1`, `V-1${char}`, `V-1${char}${char} `])
        if (Text.fold(text) !== "v-1") assert.fail(`U+${point.toString(16)} makes ${JSON.stringify(text)} another`)
    }
    assert.isAbove(ignorable, 4_000)
  })

  it("counts a blank of Braille as white space", () => {
    assert.strictEqual(Text.fold("\u2800V\u28001\u2800"), "v 1")
  })

  it("keeps the dotless i apart", () => {
    assert.notStrictEqual(Text.fold("kır"), Text.fold("kir"))
  })
})

describe("comparing", () => {
  it.each([
    ["Zo\u00eb", "Zoe\u0308"],
    ["no  nuts\n\tplease", " no nuts please "],
    ["Ada\u00a0Lovelace", "Ada Lovelace"],
    ["A\u200bda\ufff9", "Ada"]
  ])("%j says the same as %j", (a, b) => assert.strictEqual(Text.comparable(a), Text.comparable(b)))

  it.each([
    ["Ada", "ada"],
    ["\uff21da", "Ada"],
    ["ab", "a b"]
  ])("%j says something else than %j", (a, b) => assert.notStrictEqual(Text.comparable(a), Text.comparable(b)))
})

describe("text", () => {
  const title = Text.line({ minLength: 1, maxLength: 5 })

  it.each(["a", "12345", " 12345 ", "é"])("may be %j", (text) => assert.isTrue(accepts(title, text)))
  it("is put into Unicode normal form C", () => {
    assert.strictEqual(Schema.decodeSync(title)("e\u0301"), "\u00e9")
  })
  it.each(["❤\ufe0f", "a\u200db", "🏳\ufe0f", "क्\u200dष", "a\u0301", "\ue000", "?"])(
    "is kept as it is written: %j",
    (text) => {
      assert.strictEqual(Schema.decodeSync(title)(text), text.normalize("NFC"))
    }
  )
  it.each([
    ["a zero-width space", "\u200b"],
    ["two joiners", "\u200c\u200d"],
    ["a filler of Hangul", "\u3164"],
    ["a blank of Braille", "\u2800"],
    ["a soft hyphen between blanks", "\u00a0\u00ad\u2003"],
    ["a combining mark with nothing to combine with", "\u0301"],
    ["a variation selector", "\ufe0f"],
    ["marks of the direction of writing", "\u202e\u2069"],
    ["a tag", "\u{e0041}"],
    ["a code point that is no character", "\ufffe"]
  ])("must have something to see, which %s is not", (_what, text) => {
    assert.strictEqual(problem(title, text), "SchemaError(must have something to see)")
    assert.include(problem(Text.line({ maxLength: 5 }), text), "must have something to see")
  })
  it("may be empty where it is not needed", () => assert.isTrue(accepts(Text.line({ maxLength: 5 }), "  ")))
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
