/**
 * Finding by text: how texts are compared, and the keys by which an index finds what `begins` finds.
 */
import { afterAll } from "@turnout/adapters/internal/postgres/admission/registrations/PeopleIndex"
import * as Search from "@turnout/core/kernel/domain/text/Search"
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
