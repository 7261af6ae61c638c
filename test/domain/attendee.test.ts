import {
  asAddress,
  type Attendee,
  AttendeeChanges,
  type AttendeeId,
  AttendeeInput,
  correct,
  correctedId,
  fromInput,
  GivenAttendeeId,
  nameOf
} from "@turnout/core/admission/domain/model/Attendee"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

const decodeInput = Schema.decodeUnknownResult(AttendeeInput)
const decode = (input: typeof AttendeeInput.Encoded) => fromInput(Schema.decodeSync(AttendeeInput)(input))
const problem = (input: unknown): string => {
  const decoded = decodeInput(input)
  return Result.isSuccess(decoded) ? "" : String(decoded.failure)
}

const EMAIL = "ada@example.com"

describe("an attendee", () => {
  it("is known by the e-mail address unless there is an id, and has no name unless there is one", () => {
    assert.deepStrictEqual({ ...decode({ email: " Ada@Example.com " }) } as unknown, {
      id: "mailto:ada@example.com",
      name: "",
      email: "Ada@example.com"
    })
    assert.deepStrictEqual({ ...decode({ id: "U-1", name: " Ada ", email: EMAIL }) } as unknown, {
      id: "u-1",
      name: "Ada",
      email: EMAIL
    })
  })

  it.each([
    ["V-1", "V-1\u200b", "\ufeffV-1", "V\u00ad-1", "V\u2060-\u{e0031}1", "v-1\ufe0f", "\u3164V-1"],
    ["क्ष", "क्\u200dष", "क्\u200cष"],
    ["Ｕ-１", "u-1", "U-1\u2800"]
  ])("is one person under %s, in whatever way that is written", (...ids) => {
    assert.strictEqual(new Set(ids.map((id) => decode({ id, email: EMAIL }).id)).size, 1)
  })

  it.each(["", " ", "\u200b", "\u2800", "\u0301", "\u3164\u115f", "\u00a8"])("may not have the id %j", (id) => {
    assert.include(problem({ id, email: EMAIL }), "must have something to see")
    assert.include(problem({ id, email: EMAIL }), '["id"]')
  })

  it("may not have an id that is too long once it is folded", () => {
    assert.strictEqual(problem({ id: "a".repeat(254), email: EMAIL }), "")
    assert.include(problem({ id: "\ufdfa".repeat(20), email: EMAIL }), '["id"]')
  })

  it.each(["mailto:ada@example.com", "MAILTO:x", "mail\u200bto:", "ｍａｉｌｔｏ：ada@example.com", "\ufeffmailto:a"])(
    "may not have an id of the kind that addresses make: %j",
    (id) => {
      assert.include(
        problem({ id, email: EMAIL }),
        "must not begin with mailto:, as the ids of people who are known by their"
      )
    }
  )

  it.each(["ada@example.com", "mail", "mailto", "x mailto:ada@example.com"])(
    "may have the id %j, which no address makes",
    (id) => {
      assert.strictEqual(decode({ id, email: EMAIL }).id, id as never)
      assert.notStrictEqual(
        decode({ id, email: EMAIL }).id,
        decode({ email: id.includes("@") ? EMAIL : "b@example.com" }).id
      )
    }
  )

  it("may have an empty name, and none of which nothing is shown", () => {
    assert.strictEqual(decode({ name: " ", email: EMAIL }).name, "")
    assert.include(problem({ name: "\u200b", email: EMAIL }), "must have something to see")
    assert.strictEqual(decode({ name: "👩\u200d💻 می\u200cخواهم", email: EMAIL }).name, "👩\u200d💻 می\u200cخواهم")
  })
})

describe("the id of a person as people know it", () => {
  it.each([
    ["mailto:ada@example.com", "ada@example.com"],
    ["u-1", "u-1"],
    ["x mailto:", "x mailto:"]
  ])("of %s is %s", (id, name) => assert.strictEqual(nameOf(id as AttendeeId), name))
})

describe("a correction", () => {
  const ADA = { id: "mailto:ada@example.com", name: "Ada", email: EMAIL } as Attendee
  const changes = Schema.decodeSync(AttendeeChanges)
  const corrected = (id: string, given: typeof AttendeeChanges.Encoded) => ({
    ...correct({ ...ADA, id: id as AttendeeId }, changes(given))
  })

  it.each([
    ["mailto:ada@example.com", { email: "Ada@Example.org" }, "mailto:ada@example.org"],
    ["mailto:ada@example.com", { id: "U-1" }, "u-1"],
    ["mailto:ada@example.com", { id: "U-1", email: "ada@example.org" }, "u-1"],
    ["mailto:ada@example.com", { name: "Ada Lovelace" }, "mailto:ada@example.com"],
    ["u-1", { email: "ada@example.org" }, "u-1"],
    ["u-1", { id: "U-2", email: "ada@example.org" }, "u-2"],
    ["x mailto:", { email: "ada@example.org" }, "x mailto:"]
  ])("makes of the id %s, by %j, the id %s", (id, given, after) => {
    assert.strictEqual(corrected(id, given).id as string, after)
  })

  it("changes the name and the address that it names, and no others", () => {
    assert.deepStrictEqual(corrected("u-1", { name: "Ada Lovelace" }) as unknown, {
      id: "u-1",
      name: "Ada Lovelace",
      email: EMAIL
    })
    assert.deepStrictEqual(corrected("u-1", { email: "ada@example.org" }) as unknown, {
      id: "u-1",
      name: "Ada",
      email: "ada@example.org"
    })
  })

  it.each([
    [{ id: "U-1", email: EMAIL }, "u-1"],
    [{ id: "U-1" }, "u-1"],
    [{ email: "Ada@Example.com" }, "mailto:ada@example.com"],
    [{ name: "Ada" }, undefined]
  ])("names a person by the id, or else by the address: %j is %s", (given, id) => {
    assert.strictEqual(correctedId(changes(given)) as string | undefined, id)
  })
})

describe("an id that a person is looked up by", () => {
  const given = Schema.decodeUnknownResult(GivenAttendeeId)
  const found = (id: string) => Result.getOrThrow(given(id)) as string
  const refused = (id: string) => String(Result.getOrThrow(Result.flip(given(id))))

  it.each([
    ["U-1\u200b", "u-1"],
    ["ada@example.com", "ada@example.com"],
    ["mailto:ada@example.com", "mailto:ada@example.com"],
    [" MailTo:Ada@EXAMPLE.com\u200b", "mailto:ada@example.com"],
    ["mailto:Ada@Straße.de", "mailto:ada@xn--strae-oqa.de"],
    ["ｍａｉｌｔｏ：ada＠münchen.de", "mailto:ada@xn--mnchen-3ya.de"],
    ["ᵐailto:ada@example.com", "mailto:ada@example.com"],
    ["mailto\ufe55ada@münchen.de", "mailto:ada@xn--mnchen-3ya.de"],
    ["x mailto\ufe55", "x mailto:"]
  ])("is folded as ids and addresses are: %j", (id, stored) => assert.strictEqual(found(id), stored))

  it("is the id of the person who has registered by that address", () => {
    for (const email of [
      "Ada@Straße.de",
      "ADA+x@example.com",
      "Zoë@example.com",
      `${"a".repeat(64)}@${"b".repeat(60)}.de`
    ])
      assert.strictEqual(found(`mailto:${email}`), decode({ email }).id)
  })

  it.each(["mailto:", "mailto:ada", "mailto:'ada@example.com'", "mailto:a b@example.com", "mailto:a@1.2.3.4"])(
    "may not be %s, which no address makes",
    (id) => assert.include(refused(id), "after mailto: must ")
  )

  it("may be as long as an id, or as an address with mailto:", () => {
    const address = `${"a".repeat(64)}@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.efghij`
    assert.lengthOf(address, 254)
    assert.lengthOf(found(`mailto:${address}`), 261)
    assert.lengthOf(found("a".repeat(254)), 254)
    assert.include(refused("a".repeat(255)), "must have at most 254 characters")
  })

  it.each(["", " ", "\u200b", "\u00a8"])("must have something to see: %j", (id) => {
    assert.include(refused(id), "must have something to see")
  })

  it("is asked about if it reads as an address without mailto:", () => {
    assert.strictEqual(asAddress("Ada@münchen.de" as never) as unknown, "mailto:ada@xn--mnchen-3ya.de")
    for (const id of ["u-1", "mailto:ada@example.com", "ada@", "@ada", "a b@example.com"])
      assert.isUndefined(asAddress(id as never))
  })
})
