import { AttendeeInput, fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { Email, fold, problemOf } from "@turnout/core/kernel/domain/text/EmailAddress"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const decodeResult = Schema.decodeUnknownResult(Email)
const stored = (text: string): string => Result.getOrThrow(decodeResult(text))
const problem = (text: string): string => {
  const decoded = decodeResult(text)
  return Result.isSuccess(decoded) ? "" : String(decoded.failure)
}
const idOf = (email: string) => fromInput(Schema.decodeSync(AttendeeInput)({ email })).id as string

const label = (length: number) => "a".repeat(length)

describe("an e-mail address", () => {
  it.each([
    ["a@b", "a@b"],
    ["ada@localhost", "ada@localhost"],
    ["a.b+c@sub.example.com", "a.b+c@sub.example.com"],
    ["O'Brien@Example.COM", "O'Brien@example.com"],
    ["a`b@example.com", "a`b@example.com"],
    ["!#$%&*+/=?^_{|}~-@example.com", "!#$%&*+/=?^_{|}~-@example.com"],
    ["Zoe\u0308@example.com", "Zo\u00eb@example.com"],
    ["ﬁ@example.com", "ﬁ@example.com"],
    ["用户@例え.jp", "用户@xn--r8jz45g.jp"],
    ["ada@München.de", "ada@xn--mnchen-3ya.de"],
    ["ada@XN--MNCHEN-3YA.de", "ada@xn--mnchen-3ya.de"],
    ["ada@straße.de", "ada@xn--strae-oqa.de"],
    ["ada@example。com", "ada@example.com"],
    ["ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"],
    ["ada@r3---sn-4g5e.example.com", "ada@r3---sn-4g5e.example.com"],
    ["ada@3com.com", "ada@3com.com"],
    ["ada@1.2.3.4.example", "ada@1.2.3.4.example"],
    ["ada@نامه\u200cای.com", "ada@xn--mgba3gch31f060k.com"],
    ["ada@עברית.com", "ada@xn--5dbqzzl.com"],
    [`ada@${label(63)}.de`, `ada@${label(63)}.de`],
    [`${label(64)}@example.com`, `${label(64)}@example.com`],
    ["\u200b ada@example.com\ufeff\u202c ", "ada@example.com"]
  ])("is kept as mail is sent to it: %j", (text, kept) => {
    assert.strictEqual(stored(text), kept)
    assert.strictEqual(stored(kept), kept)
  })

  it.each([
    ["ada@münchen.de", "ada@xn--mnchen-3ya.de", "ADA@MÜNCHEN.DE", "ada@mu\u0308nchen.de", "ada@xn--MNCHEN-3ya.DE"],
    ["Zoë@example.com", "zoe\u0308@EXAMPLE.com", "ZOË@example.com"],
    ["ada@example.com", "Ada@Example.com", "ａda@example.com", "ada＠example.com", "ada@example.com\u200b"],
    ["straße@example.com", "STRASSE@example.com", "strasse@example.com"],
    ["ada@straße.de", "ada@STRAẞE.de", "ada@xn--strae-oqa.de"]
  ])("is one with its other spellings: %s", (...spellings) => {
    assert.strictEqual(new Set(spellings.map(idOf)).size, 1)
    assert.strictEqual(new Set(spellings.map((text) => fold(stored(text)))).size, 1)
  })

  it.each([
    ["ada@straße.de", "ada@strasse.de"],
    ["ada@example.com", "ada@example.org"],
    ["kır@example.com", "kir@example.com"],
    ["a.da@example.com", "ada@example.com"]
  ])("is another than one at another mailbox: %s, %s", (one, other) => assert.notStrictEqual(idOf(one), idOf(other)))

  const alone = "must be the address alone, without quote marks, brackets or a name, such as ada@example.com"
  const pasted = [..."'\"‘’“”„‚«»‹›`´′″<>「」『』＂＇"]

  it.each(pasted)("has no %s around it", (mark) => {
    const other = { "<": ">", "«": "»", "‘": "’", "“": "”", "「": "」" }[mark] ?? mark
    for (const text of [
      `${mark}ada@example.com${other}`,
      `${mark}ada@example.com`,
      `ada@example.com${mark}`,
      `${mark}ada${other}@example.com`
    ])
      assert.include(problem(text), alone, text)
  })

  it.each([
    "Ada <ada@example.com>",
    "(ada@example.com)",
    "[ada@example.com]",
    "ada@example.com (Ada)",
    "o’brien@example.com",
    'a"b@example.com'
  ])("stands alone: %s", (text) => assert.include(problem(text), alone))

  it.each([
    ["a\u200bda@example.com", "U+200B"],
    ["a\u00adda@example.com", "U+00AD"],
    ["ada@exam\u2060ple.com", "U+2060"],
    ["ada@exam\u00adple.com", "U+00AD"],
    ["ada\ufe0f@example.com", "U+FE0F"],
    ["a\u202eda@example.com", "U+202E"],
    ["a\u3164da@example.com", "U+3164"],
    ["نامه\u200cای.com", "U+200C"],
    ["ada\u{e0041}@example.com", "U+E0041"]
  ])("has nothing invisible in it: %j", (text, code) => {
    assert.include(problem(text), `must not contain the invisible character ${code}`)
  })

  it.each([
    "ada",
    "@b",
    "a@",
    "a@b@c",
    "a b@c",
    ".a@b",
    "a..b@c",
    "a.@b",
    "a,b@c",
    "a:b@c",
    "mailto:a@b",
    "a\\b@c",
    "a\u00a8@example.com",
    "a\u2024\u2024b@c",
    "a\u2025@c"
  ])("has a name, one @ and a domain: %j", (text) =>
    assert.include(problem(text), "must be an e-mail address, such as ada@example.com")
  )

  const domain = "must have a domain of letters, digits and hyphens (UTS 46) after the @, such as example.com"

  it.each([
    ["a@example.com…", domain],
    ["a@exam‑ple.com", domain],
    ["a@example.com!", domain],
    ["a@b.", domain],
    ["a@.b", domain],
    ["a@b..c", domain],
    ["a@a_b.de", domain],
    ["a@b:80", domain],
    ["a@b/c", domain],
    ["a@b?c", domain],
    ["a@b#c", domain],
    ["a@a%41.de", domain],
    ["a@℀.de", domain],
    ["a@☃\u0085.de", "must not contain control characters"],
    ["a@\u0301a.de", domain],
    ["a@xn--a.com", domain],
    ["a@xn--.de", domain],
    ["a@xn--strasse-.de", domain],
    ["a@1א.de", domain],
    ["a@אa.de", domain],
    ["a@b\u200dc.de", domain],
    ["a@-b.de", "must not have a hyphen at the beginning or the end of a part of its domain"],
    ["a@b.c-.de", "must not have a hyphen at the beginning or the end of a part of its domain"],
    ["a@1.2.3.4", "must not have a domain that ends in a number"],
    ["a@127", "must not have a domain that ends in a number"],
    ["a@example.٣", domain],
    [`a@${label(64)}.de`, "must have at most 63 characters in each part of its domain, in ASCII"],
    [`a@${"ü".repeat(60)}.de`, "must have at most 63 characters in each part of its domain, in ASCII"],
    [
      `a@${Array.from({ length: 21 }, () => "ü12345").join(".")}`,
      "must have a domain of at most 253 characters, in ASCII"
    ],
    [`${"é".repeat(10)}${label(44)}@${label(63)}.${label(63)}.${label(60)}.de`, "must have at most 254 bytes"],
    [`${label(65)}@b.de`, "must have at most 64 bytes before the @"],
    [`${"é".repeat(33)}@b.de`, "must have at most 64 bytes before the @"],
    [
      `${"㌖".repeat(21)}@${label(60)}.${label(60)}.${label(60)}.de`,
      "must have at most 254 characters once it is folded"
    ],
    [`${label(250)}@b.de`, "length of at most 254"],
    ["a\ud800@b", "must be well-formed Unicode (it has a lone surrogate)"],
    ["a\0@b", "must not contain control characters"]
  ])("is refused with the rule that it breaks: %j", (text, rule) => assert.include(problem(text), rule))

  it("has the domain that UTS 46 makes of it, however plain it is", () => {
    const parts = fc.stringMatching(/^[a-c0-9-]{1,5}$/)
    const domains = fc.array(parts, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."))
    let plain = 0
    fc.assert(
      fc.property(domains, (domain) => {
        const url = `http://${domain}.ü`
        const decoded = decodeResult(`a@${domain}`)
        if (Result.isFailure(decoded)) return
        plain += 1
        assert.strictEqual(decoded.success, `a@${new URL(url).hostname.slice(0, -".xn--tda".length)}`)
      }),
      { numRuns: 2_000 }
    )
    assert.isAbove(plain, 100)
  })

  it("is too long with a domain of 253 characters, which is not too long for a domain", () => {
    const longest = [label(63), label(63), label(63), label(61)].join(".")
    assert.lengthOf(longest, 253)
    assert.strictEqual(problemOf(`a@${longest}`), "must have at most 254 bytes, with its domain in ASCII")
    assert.strictEqual(problemOf(`a@${longest}a`), "must have a domain of at most 253 characters, in ASCII")
  })
})
