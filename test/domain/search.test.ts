/**
 * Finding by text: how texts are compared, and the keys by which an index finds what `begins` finds.
 */
import { afterAll } from "@turnout/adapters/internal/postgres/admission/registrations/PeopleIndex"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import { brokenRules } from "@turnout/core/kernel/domain/rules/RuleWords"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

/** Names as people have them, and worse ones. */
const text = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(..."aAnÄäßıİøŁ'’-. 李🦊%_\\Ⅷﬁ\u0301\u0308\u10fd\u{10ffff}\ud7ff\ue000Σςσ".split("")),
      maxLength: 12
    }),
    fc.string({ unit: "grapheme", maxLength: 40 })
  )
  .map((drawn) => drawn.toWellFormed().trim().normalize("NFC"))

const codePointOrder = (one: string, other: string): number => {
  const [a, b] = [Array.from(one, (c) => c.codePointAt(0)!), Array.from(other, (c) => c.codePointAt(0)!)]
  for (const [index, point] of a.entries()) {
    const another = b[index]
    if (another === undefined) return 1
    if (point !== another) return point - another
  }
  return a.length - b.length
}

describe("folding for a search", () => {
  it("changes nothing that is folded", () => {
    fc.assert(fc.property(text, (drawn) => assert.strictEqual(Search.fold(Search.fold(drawn)), Search.fold(drawn))))
  })

  it("is lower case for every ASCII text, as the databases take it to be", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii" }).map((drawn) => drawn.replaceAll(/[^ -~]/g, "")),
        (drawn) => assert.strictEqual(Search.fold(drawn), drawn.toLowerCase())
      )
    )
  })

  it.each([
    ["Zoë", "zoe"],
    ["STRAßE", "strasse"],
    ["Łódź", "lodz"],
    ["Jørgen Þór", "jorgen thor"],
    ["İstanbul Iğdır", "istanbul igdir"],
    ["Ѐлка", "елка"],
    ["ﬁsh Ⅷ", "fish viii"],
    ["ガ", "ガ"],
    ["हिन्दी", "हिन्दी"],
    ["한국", "한국"]
  ])("of %s is %s", (written, folded) => assert.strictEqual(Search.fold(written), folded.normalize("NFC")))

  it("takes a search apart at white space", () => {
    assert.deepStrictEqual(Search.terms("  Anna\u3000 von  Ö "), ["anna", "von", "o"])
  })
})

describe("a search", () => {
  /** The search that a text is, or the rules that it breaks. */
  const decoded = (text: string) =>
    Result.match(Schema.decodeUnknownResult(Search.Search, { errors: "all" })(text), {
      onSuccess: (search) => search,
      onFailure: ({ issue }) => brokenRules(issue).map(({ rule }) => rule)
    })

  it.each([
    [" Anna  Lovelace ", "Anna  Lovelace"],
    ["%", "%"],
    ["\u00b4", "\u00b4"],
    ["a".repeat(100), "a".repeat(100)]
  ])("may be %j", (text, search) => assert.strictEqual(decoded(text), search))

  it.each([
    ["", "must have something to see"],
    [" ", "must have something to see"],
    ["a".repeat(101), "must have a length of at most 100"],
    ["a\nb", "must not contain control characters"]
  ])("is told the one rule that it breaks: %j", (text, rule) => assert.deepStrictEqual(decoded(text), [rule]))

  it("is told that there is nothing to see and nothing to look for, if all of it is invisible", () => {
    assert.deepStrictEqual(decoded("\u200b"), ["must have something to see", "must have something to look for"])
  })
})

describe("looking for a term anywhere", () => {
  it.each([
    ["lace", ["Ada Lovelace", ""]],
    ["LÖVE", ["Ada Lovelace", ""]],
    ["hall", ["Concert", "Town Hall"]],
    ["con hall", ["Concert", "Town Hall"]],
    ["100%", ["100% Ada"]]
  ])("finds %j in %j", (search, texts) => assert.isTrue(Search.contains(Search.terms(search), ...texts)))

  it.each([
    ["bob", ["Ada Lovelace", "London"]],
    ["concert garden", ["Concert", "Town Hall"]],
    ["concerttown", ["Concert", "Town Hall"]],
    ["a%a", ["Ada"]]
  ])("does not find %j in %j", (search, texts) => assert.isFalse(Search.contains(Search.terms(search), ...texts)))
})

describe("looking for the beginning of a word", () => {
  const ADDRESS = "countess@example.com"
  const begins = (search: string, name: string) => Search.begins(Search.terms(search), name, ADDRESS)

  it.each([
    ["Ada", "Ada Lovelace"],
    ["lov", "Ada Lovelace"],
    ["love a", "Ada Lovelace"],
    ["lena", "Anna-Lena"],
    ["ann", "Joann Ann"],
    ["-lena", "Anna-Lena"],
    ["野", "東 野"],
    ["count", "Ada Lovelace"],
    ["count ada", "Ada Lovelace"]
  ])("finds %j in %j", (search, name) => assert.isTrue(begins(search, name)))

  it.each([
    ["bob", "Ada Lovelace"],
    ["ove", "Ada Lovelace"],
    ["ann", "Joann"],
    ["野", "東野"],
    ["b", "𠮷b"],
    ["ada bob", "Ada Lovelace"],
    ["example", "Ada Lovelace"]
  ])("does not find %j in %j", (search, name) => assert.isFalse(begins(search, name)))
})

describe("the keys of a person", () => {
  it("are the words of the name, and the address", () => {
    assert.deepStrictEqual(Search.keys("Anna-Lena O'Brien", "Anna@Example.com"), [
      "anna@example.com",
      "anna-lena",
      "lena",
      "o'brien",
      "brien"
    ])
  })

  it("have at most 32 characters each", () => {
    assert.deepStrictEqual(Search.keys("a".repeat(33), "b".repeat(33)), ["b".repeat(32), "a".repeat(32)])
    assert.strictEqual(Search.keyOfTerm("a".repeat(33)), "a".repeat(32))
  })

  it("have no character that is cut in two, and keep those that are whole", () => {
    assert.deepStrictEqual(Search.keys(`${"a".repeat(31)}𠮷`, "𠮷野@example.com"), ["𠮷野@example.com", "a".repeat(31)])
    assert.deepStrictEqual(Search.keys(`${"a".repeat(30)}𠮷`, ""), ["", `${"a".repeat(30)}𠮷`])
  })

  it("are begun by the key of every term by which the person is found", () => {
    let found = 0
    fc.assert(
      fc.property(text, text, fc.nat(40), fc.nat(40), (name, address, from, length) => {
        const folded = Search.fold(name)
        for (const term of [
          ...Search.terms(folded.slice(from, from + length).toWellFormed()),
          ...Search.terms(address)
        ]) {
          const key = Search.keyOfTerm(term)
          if (key === undefined || !Search.begins([term], name, address)) continue
          found += 1
          assert.isTrue(
            Search.keys(name, address).some((one) => one.startsWith(key)),
            JSON.stringify({ name, address, term })
          )
        }
      }),
      { numRuns: 5_000 }
    )
    assert.isAbove(found, 1_000)
  })

  it("are in the range of what they begin with, in the order of code points", () => {
    let beyond = 0
    fc.assert(
      fc.property(
        text.filter((drawn) => /^[\p{L}\p{N}]/u.test(drawn)),
        text,
        (begin, rest) => {
          const end = afterAll(begin)
          assert.isBelow(codePointOrder(begin + rest, end), 0, JSON.stringify({ begin, rest, end }))
          if (codePointOrder(rest, begin) >= 0 && !rest.startsWith(begin)) {
            beyond += 1
            assert.isAtLeast(codePointOrder(rest, end), 0, JSON.stringify({ begin, rest, end }))
          }
        }
      ),
      { numRuns: 5_000 }
    )
    assert.isAbove(beyond, 500)
  })
})
