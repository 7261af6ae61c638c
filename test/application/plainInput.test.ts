import { decoder } from "@turnout/core/kernel/application/InvalidInput"
import * as PlainInput from "@turnout/core/admission/application/PlainInput"
import { WriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import { Attendee, fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { RegistrationInput } from "@turnout/core/admission/domain/model/Registration"
import { Effect, Exit, Schema } from "effect"
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "vitest"

const RUNS = 6_000

const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => String.fromCharCode(from + n))
const PRINTABLE = all(0x20, 0x7e)
const LOWER_CASE = PRINTABLE.filter((char) => char === char.toLowerCase())
const ALPHANUMERIC = [...all(0x61, 0x7a), ...all(0x30, 0x39)]
/** What stands at the edge of some rule: white space, controls, marks, letters that fold, halves of a pair. */
const NASTY = [
  " ",
  "A",
  "Z",
  "\t",
  "\n",
  "\r",
  "\0",
  "\u001f",
  "\u007f",
  "\u0085",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "é",
  "e\u0301",
  "\u0301",
  "ı",
  "İ",
  "ß",
  "ﬁ",
  "ａ",
  "\u{1f39f}",
  "\u00ad",
  "\u200b",
  "\u200d",
  "\u2800",
  "\u3164",
  "\ufe0f",
  "\ud800",
  "\udc00"
]

const textOf = (units: ReadonlyArray<string>, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...units), minLength, maxLength })

/** Printable ASCII without spaces around it. */
const plainLine = (maxLength: number, units: ReadonlyArray<string> = PRINTABLE) =>
  fc
    .oneof(
      { weight: 9, arbitrary: textOf(units, 1, 30) },
      { weight: 1, arbitrary: textOf(units, maxLength, maxLength) }
    )
    .map((text) => text.replace(/^ +/, "!").replace(/ +$/, "!"))

const LETTERS = all(0x61, 0x7a)
const word = textOf(ALPHANUMERIC, 1, 9)

/** Up to three texts, with one of these between any two of them. */
const joined = (texts: fc.Arbitrary<string>, between: string) =>
  fc
    .array(fc.tuple(texts, fc.constantFrom(...between)), { minLength: 1, maxLength: 3 })
    .map((drawn) => drawn.map(([text, sign], index) => (index === 0 ? text : sign + text)).join(""))

const plainEmail = fc
  .tuple(
    joined(textOf([...ALPHANUMERIC, ..."!#$%&*+/=?^_{|}~-"], 1, 12), ".'"),
    joined(word, ".-"),
    fc.constantFrom(...LETTERS),
    word
  )
  .map(([local, domain, letter, end]) => `${local}@${domain}.${letter}${end}`)

/** What has most of the characters of a plain address, in any order. */
const nearlyPlainEmail = fc
  .tuple(
    joined(textOf([...ALPHANUMERIC, ..."!#$%&'*+/=?^_`{|}~-"], 1, 12), ".'`"),
    joined(textOf([...ALPHANUMERIC, "-"], 1, 12), ".-"),
    fc.constantFrom("", ".1", ".0x1f", ".xn--mnchen-3ya", ".xn--a", ".a--b", ".-a", ".a-", ".", ".a1")
  )
  .map(([local, domain, end]) => `${local}@${domain}${end}`)

/** Addresses of which a part is about as long as it may be. */
const longEmail = fc
  .tuple(fc.integer({ min: 62, max: 66 }), fc.integer({ min: 58, max: 66 }), fc.constantFrom("", ".de", ".b.de"))
  .map(([local, domain, end]) => `${"a".repeat(local)}@${"b".repeat(domain)}${end}`)

/** A text with a unit put in somewhere. */
const spoilt = (text: fc.Arbitrary<string>, units: ReadonlyArray<string>) =>
  fc.tuple(text, fc.nat(300), fc.constantFrom(...units)).map(([text, place, unit]) => {
    const at = place % (text.length + 1)
    return text.slice(0, at) + unit + text.slice(at)
  })

/** Any text: much like a plain one, or not at all, or of a length at the limit. */
const anyLine = (maxLength: number, units: ReadonlyArray<string> = PRINTABLE) =>
  fc.oneof(
    { weight: 40, arbitrary: plainLine(maxLength, units) },
    { weight: 3, arbitrary: textOf([...units, ...NASTY, ...NASTY], 0, 6) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: maxLength - 1, max: maxLength + 1 }).map((length) => "a".repeat(length))
    },
    { weight: 4, arbitrary: spoilt(plainLine(maxLength, units), NASTY) }
  )

const EMAIL_UNITS = [...'abc01..@@!+-_~"(),:;<>[\\] |`{}\n', "A", "é", "ı", "ﬁ", "\0", "\u200b"]
const anyEmail = fc.oneof(
  { weight: 40, arbitrary: plainEmail },
  {
    weight: 4,
    arbitrary: fc.tuple(textOf(EMAIL_UNITS, 0, 5), textOf(EMAIL_UNITS, 0, 5)).map((parts) => parts.join("@"))
  },
  { weight: 5, arbitrary: spoilt(plainEmail, [...EMAIL_UNITS, ...NASTY]) },
  { weight: 3, arbitrary: spoilt(plainEmail, [".", "@", "..", "-", "--", "xn--", "'", "`", "1", "."]) },
  { weight: 8, arbitrary: nearlyPlainEmail },
  { weight: 3, arbitrary: longEmail },
  { weight: 1, arbitrary: fc.integer({ min: 250, max: 253 }).map((length) => `${"a".repeat(length)}@b`) },
  { weight: 1, arbitrary: anyLine(254) }
)

const notText = fc.constantFrom<Array<unknown>>(
  undefined,
  null,
  0,
  true,
  1n,
  [],
  ["a"],
  {},
  new Date(0),
  Symbol("text"),
  () => "text",
  new String("text")
)

const anyId = fc.oneof(
  { weight: 20, arbitrary: anyLine(254, LOWER_CASE) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("mailto:", "mailto:ada@example.com", "mailto", "mail:to", "ada@example.com")
  },
  { weight: 1, arbitrary: spoilt(fc.constant("mailto:ada@example.com"), [...NASTY, "a"]) }
)

const usuallyText = (text: fc.Arbitrary<string>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: text }, { weight: 1, arbitrary: notText })

class Person {
  greeting() {
    return "hello"
  }
}

/** The fields, and one that object literals do not make. */
const hiding = (fields: object, name: string, enumerable: boolean) =>
  Object.defineProperty({ ...fields }, name, { value: "text", enumerable })

/** The fields, of which only so many are the object's own. */
const inheriting = (fields: object, own: number) => {
  const entries = Object.entries(fields)
  const inherited = Object.fromEntries(entries.slice(own)) as object
  return Object.assign(Object.create(inherited) as object, Object.fromEntries(entries.slice(0, own)))
}

/** Now and then an object that is no plain one, or has something that does not belong there. */
const usuallyPlain = (object: fc.Arbitrary<object>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 60, arbitrary: object },
    { weight: 1, arbitrary: object.map((fields) => Object.assign(new Person(), fields)) },
    { weight: 1, arbitrary: object.map((fields) => Object.assign(Object.create(null) as object, fields)) },
    { weight: 1, arbitrary: object.map((fields) => inheriting(fields, 0)) },
    { weight: 1, arbitrary: object.map((fields) => inheriting(fields, 1)) },
    { weight: 1, arbitrary: object.map((fields) => Object.freeze({ ...fields })) },
    { weight: 1, arbitrary: object.map((fields) => Object.assign([], fields)) },
    { weight: 1, arbitrary: object.map((fields) => ({ ...fields, unknown: "field" })) },
    { weight: 1, arbitrary: object.map((fields) => ({ ...fields, unknown: undefined })) },
    { weight: 1, arbitrary: object.map((fields) => ({ ...fields, [Symbol("field")]: "text" })) },
    { weight: 1, arbitrary: object.map((fields) => hiding(fields, "__proto__", true)) },
    { weight: 1, arbitrary: object.map((fields) => hiding(fields, "unknown", false)) },
    { weight: 1, arbitrary: notText }
  )

const maybe = { freq: 3, nil: undefined }
/** An object of some of these fields; a field that is not there is no field that is `undefined`. */
const someOf = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          fc.option(
            value.map((v) => [v]),
            maybe
          )
        ])
      )
    )
    .map((drawn) =>
      Object.fromEntries(
        Object.entries(drawn).flatMap(([name, value]) => (value === undefined ? [] : [[name, value[0]]]))
      )
    )

const anyAttendee = fc
  .tuple(usuallyText(anyEmail), someOf({ name: usuallyText(anyLine(200)), id: usuallyText(anyId) }))
  .map(([email, others]) => ({ email, ...others }))

const anyRegistration = usuallyPlain(
  fc
    .tuple(usuallyPlain(anyAttendee), someOf({ notes: usuallyText(anyLine(1_000)) }))
    .map(([attendee, others]) => ({ attendee, ...others }))
)

const anyOptions = usuallyPlain(
  someOf({
    idempotencyKey: usuallyText(anyLine(255)),
    actor: usuallyText(anyLine(200)),
    correlationId: usuallyText(anyLine(200)),
    causationId: usuallyText(anyLine(200))
  })
)

const plainAttendee = fc
  .tuple(plainEmail, someOf({ name: fc.oneof(fc.constant(""), plainLine(200)), id: plainLine(254, LOWER_CASE) }))
  .map(([email, others]) => ({ email, ...others }))
const plainRegistration = fc
  .tuple(plainAttendee, someOf({ notes: fc.oneof(fc.constant(""), plainLine(1_000)) }))
  .map(([attendee, others]) => ({ attendee, ...others }))
const plainOptions = someOf({
  idempotencyKey: textOf(PRINTABLE, 1, 255),
  actor: plainLine(200),
  correlationId: plainLine(200),
  causationId: plainLine(200)
})

/**
 * Whatever is recognised as plain is what the schema makes of the input. Gives the part of the inputs that were recognised.
 */
const agrees = <A>(
  inputs: fc.Arbitrary<unknown>,
  recognise: (input: unknown) => A | undefined,
  schema: Schema.Codec<A, unknown>
) => {
  const decode = decoder(schema)
  let recognised = 0
  fc.assert(
    fc.property(inputs, (input) => {
      const plain = recognise(input)
      if (plain === undefined) return
      recognised += 1
      const decoded = Effect.runSyncExit(decode(input))
      if (!Exit.isSuccess(decoded)) assert.fail("the schema refuses it")
      if (!isDeepStrictEqual(plain, decoded.value)) assert.deepStrictEqual(plain, decoded.value)
    }),
    { numRuns: RUNS }
  )
  return recognised / RUNS
}

const decodeAttendee = Schema.decodeSync(Attendee)

describe("input that is recognised as plain", () => {
  it("is what the schema makes of it: registrations", () => {
    const part = agrees(anyRegistration, PlainInput.registration, RegistrationInput)
    assert.isTrue(0.3 < part && part < 0.7, `${part} of the inputs are plain`)
  })

  it("is what the schema makes of it: options", () => {
    const part = agrees(anyOptions, PlainInput.options, WriteOptions)
    assert.isTrue(0.3 < part && part < 0.7, `${part} of the inputs are plain`)
  })

  it("is what the schema makes of it: ids of events", () => {
    const nearly = fc
      .tuple(
        fc.oneof(fc.uuid(), fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)),
        fc.constantFrom(
          (id: string) => id,
          (id: string) => id.toUpperCase(),
          (id: string) => ` ${id}`,
          (id: string) => `${id}\n`,
          (id: string) => `{${id}}`,
          (id: string) => id.replaceAll("-", ""),
          (id: string) => id.replaceAll(/[0-9a-f]/g, "0"),
          (id: string) => id.replaceAll(/[0-9a-f]/g, "f")
        )
      )
      .map(([id, spell]) => spell(id))
    const ids = fc.oneof(
      { weight: 4, arbitrary: fc.uuid() },
      { weight: 5, arbitrary: nearly },
      { weight: 1, arbitrary: notText }
    )
    const part = agrees(ids, PlainInput.eventId, EventId)
    assert.isTrue(0.3 < part && part < 0.7, `${part} of the inputs are plain`)
  })

  it("is a person as the schema of attendees has them", () => {
    let people = 0
    fc.assert(
      fc.property(fc.oneof(plainRegistration, anyRegistration), (input) => {
        const plain = PlainInput.registration(input)
        if (plain === undefined) return
        people += 1
        const decoded = Effect.runSync(decoder(RegistrationInput)(input))
        assert.deepStrictEqual(fromInput(plain.attendee), fromInput(decoded.attendee))
        assert.deepStrictEqual(decodeAttendee(fromInput(plain.attendee)), fromInput(plain.attendee))
      }),
      { numRuns: 2_000 }
    )
    assert.isAbove(people, 800)
  })
})

describe("typical input", () => {
  it("is recognised as plain", () => {
    fc.assert(
      fc.property(plainRegistration, plainOptions, (registration, options) => {
        assert.deepStrictEqual(PlainInput.registration(registration), registration as never)
        assert.deepStrictEqual(PlainInput.options(options), options)
      }),
      { numRuns: 2_000 }
    )
  })

  it.each([
    { attendee: { email: "ada@example.com" } },
    { attendee: { name: "Ada Lovelace", email: "ada.lovelace+conf@sub.example.com" }, notes: "" },
    { attendee: { id: "user-7", name: "", email: "a'b@example.co.uk" }, notes: 'vegan, "no nuts"' }
  ])("is recognised as plain: %j", (input) => {
    assert.deepStrictEqual(PlainInput.registration(input), input as never)
  })

  it.each(["o'brien", "a".repeat(64), "!#$%&*+/=?^_{|}~-"])("is recognised as plain: the name %s", (local) => {
    assert.isDefined(PlainInput.registration({ attendee: { email: `${local}@example.com` } }))
  })

  it.each([
    "'ada@example.com",
    "ada'@example.com",
    "`ada@example.com",
    "ada@xn--mnchen-3ya.de",
    "ada@a.1",
    "ada@a-.de",
    "Ada@example.com"
  ])("is left to the schema where it is not plain: %s", (email) =>
    assert.isUndefined(PlainInput.registration({ attendee: { email } }))
  )

  it("is left to the schema where the id begins as those of addresses do", () => {
    const attendee = { id: "mailto:ada@example.com", email: "ada@example.com" }
    assert.isUndefined(PlainInput.registration({ attendee }))
  })

  it.each([{}, { idempotencyKey: "order 42" }, { actor: "web", correlationId: "r-1", causationId: "m-1" }])(
    "is recognised as plain: the options %j",
    (input) => {
      assert.deepStrictEqual(PlainInput.options(input), input)
    }
  )

  it("is recognised as plain: the id of an event", () => {
    const id = "01a1fc97-eb54-7219-944c-d65e860d0bd8"
    assert.strictEqual(PlainInput.eventId(id), id)
  })
})

describe("a field that changes whenever it is read", () => {
  /** An object with fields that are this at first and that ever after, and how often each has been read. */
  const changing = (first: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) => {
    const reads: Record<string, number> = {}
    const object = {}
    for (const name of Object.keys(first)) {
      reads[name] = 0
      const get = () => ((reads[name]! += 1) === 1 ? first[name] : after[name])
      Object.defineProperty(object, name, { enumerable: true, get })
    }
    return { object, reads }
  }

  const plain = { email: "ada@example.com", name: "Ada", id: "user-7" }
  const evil = { email: "<script>", name: "a\0b", id: "ADMIN" }

  it.each([[["email"]], [["email", "name"]], [["email", "id"]], [["email", "name", "id"]]] as const)(
    "is read once, as a field of an attendee: %j",
    (names) => {
      const some = Object.fromEntries(names.map((name) => [name, plain[name]]))
      const { object, reads } = changing(some, evil)
      const decoded = PlainInput.registration({ attendee: object })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(decoded)), { attendee: some })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(decoded)), { attendee: some })
      assert.deepStrictEqual(reads, Object.fromEntries(names.map((name) => [name, 1])))
    }
  )

  it("is read once, as a field of a registration", () => {
    const { object, reads } = changing({ attendee: plain, notes: "vegan" }, { attendee: evil, notes: "a\0b" })
    const decoded = PlainInput.registration(object)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(decoded)), { attendee: plain, notes: "vegan" })
    assert.deepStrictEqual(reads, { attendee: 1, notes: 1 })
  })

  it("is read once, as an option", () => {
    const first = { idempotencyKey: "k", actor: "web", correlationId: "r-1", causationId: "m-1" }
    const { object, reads } = changing(first, { idempotencyKey: "", actor: " ", correlationId: "\n", causationId: 1 })
    const decoded = PlainInput.options(object)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(decoded)), first)
    assert.deepStrictEqual(reads, { idempotencyKey: 1, actor: 1, correlationId: 1, causationId: 1 })
  })

  it("shows in nothing that was decoded before", () => {
    const attendee = { ...plain }
    const input = { attendee, notes: "vegan" }
    const options = { actor: "web" }
    const decoded = [PlainInput.registration(input), PlainInput.options(options)]
    Object.assign(attendee, evil)
    Object.assign(input, { notes: "a\0b" })
    Object.assign(options, { actor: "" })
    assert.deepStrictEqual(decoded, [{ attendee: plain, notes: "vegan" }, { actor: "web" }] as never)
  })
})
