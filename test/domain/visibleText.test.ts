/**
 * Text from elsewhere: whatever it is, its visible form has no character that a terminal obeys or hides.
 */
import { visible, visibleJson } from "@turnout/core/kernel/domain/text/VisibleText"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

/** Everything that is escaped, written out: what is tested has it from the properties of Unicode. */
const HIDDEN: ReadonlyArray<readonly [what: string, from: number, to: number]> = [
  ["C0", 0x00, 0x1f],
  ["DEL and C1", 0x7f, 0x9f],
  ["soft hyphen", 0xad, 0xad],
  ["combining grapheme joiner", 0x34f, 0x34f],
  ["Arabic letter mark", 0x61c, 0x61c],
  ["Hangul fillers", 0x115f, 0x1160],
  ["Khmer vowels that are not shown", 0x17b4, 0x17b5],
  ["Mongolian variation selectors and vowel separator", 0x180b, 0x180f],
  ["zero width space, joiners, marks of direction", 0x200b, 0x200f],
  ["separators, embeddings and overrides", 0x2028, 0x202e],
  ["word joiner, invisible operators, isolates, deprecated formats", 0x2060, 0x206f],
  ["Hangul filler", 0x3164, 0x3164],
  ["surrogates", 0xd800, 0xdfff],
  ["private use", 0xe000, 0xf8ff],
  ["variation selectors", 0xfe00, 0xfe0f],
  ["byte order mark", 0xfeff, 0xfeff],
  ["half-width Hangul filler", 0xffa0, 0xffa0],
  ["interlinear annotations", 0xfff0, 0xfffb],
  ["noncharacters", 0xfffe, 0xffff],
  ["musical format characters", 0x1d173, 0x1d17a],
  ["tags and more variation selectors", 0xe0000, 0xe0fff]
]
const isHidden = (character: string) => {
  const point = character.codePointAt(0)!
  return HIDDEN.some(([, from, to]) => point >= from && point <= to)
}

const FAMILY = "👨\u200d👩\u200d👧"
const HEART = "❤\ufe0f"
const SCOTLAND = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"

/** Text of characters of all kinds, with many of those that are escaped, and parts of emoji. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
    fc
      .constantFrom(...HIDDEN)
      .chain(([, min, max]) => fc.integer({ min, max }).map((one) => String.fromCodePoint(one))),
    fc.constantFrom("a", "\\", '"', "é", FAMILY, HEART, SCOTLAND, "👩", "\u200d", "\ufe0f", "1\ufe0f\u20e3", "\u20e3"),
    fc.constantFrom("\u001b[2J", "\r\n", "\u202eevil\u202c", "\u009b2J")
  ),
  maxLength: 30
})
const EMOJI = new RegExp(String.raw`\p{RGI_Emoji}`, "gv")

describe("visible text", () => {
  it("never has a character that is obeyed or hidden, outside of an emoji", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.deepStrictEqual([...visible(text).replaceAll(EMOJI, "")].filter(isHidden), [])
      })
    )
  })

  it("is the same when it is made visible again, alone and within a text", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, other) => {
        const whole = `${visible(text)} ${visible(other)}`
        assert.strictEqual(visible(whole), whole)
      })
    )
  })

  it.each(HIDDEN)("escapes every one: %s", (_what, from, to) => {
    for (let point = from; point <= to; point++) {
      const text = `a${String.fromCodePoint(point)}b`
      assert.match(visible(text), /^a\\(?:[nrt]|x[\da-f]{2}|u[\da-f]{4}|u\{[\da-f]{5}\})b$/, point.toString(16))
    }
  })

  it.each([
    ["\u001b[2J", String.raw`\x1b[2J`],
    ["a\nb\r\n\tc", String.raw`a\nb\r\n\tc`],
    ["\u0000\u007f\u009b", String.raw`\x00\x7f\x9b`],
    ["gnp.\u202eexe", String.raw`gnp.\u202eexe`],
    ["V-1\u200b", String.raw`V-1\u200b`],
    ["a\ud83d", String.raw`a\ud83d`],
    ["علی\u200cرضا", String.raw`علی\u200cرضا`],
    [SCOTLAND, String.raw`🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}`],
    ["V\ufe0f-\u200d1", String.raw`V\ufe0f-\u200d1`],
    [`👩\u200d\u200d👩`, String.raw`👩\u200d\u200d👩`]
  ])("shows %j as %s", (text, shown) => {
    assert.strictEqual(visible(text), shown)
  })

  it.each([
    "Zoë & Søn",
    "e\u0301",
    "Soirée\u00a0: 20\u202f000",
    "東京　ライブ",
    "قصيدة",
    "שלום",
    String.raw`C:\new\x1b`,
    FAMILY,
    HEART,
    "1\ufe0f\u20e3",
    "🏳\ufe0f\u200d🌈"
  ])("leaves %s as it is", (text) => {
    assert.strictEqual(visible(text), text)
  })
})

describe("visible JSON", () => {
  it("parses to the same value, and never has a character that is obeyed or hidden", () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText))), (value) => {
        const json = visibleJson(JSON.stringify(value))
        assert.deepStrictEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)))
        assert.deepStrictEqual([...json].filter(isHidden), [])
      })
    )
  })

  it("escapes in UTF-16, as JSON does", () => {
    assert.strictEqual(visibleJson('"\u009b\u2028\u202e"'), String.raw`"\u009b\u2028\u202e"`)
    assert.strictEqual(visibleJson('"\u{e0041}"'), String.raw`"\udb40\udc41"`)
  })
})
