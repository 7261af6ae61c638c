/**
 * Members and their subjects: the texts of subjects, what may become of a member, and the memberships of one person.
 */
import {
  LastOwner,
  type Member,
  MemberExists,
  MemberId,
  MemberNotFound,
  refusal,
  strongest
} from "@turnout/core/access/domain/Member"
import type { Membership } from "@turnout/core/access/domain/policy/Principal"
import { givableBy, MayNotGive, MemberRole, permissionsOf, Role } from "@turnout/core/access/domain/policy/Role"
import { read, Subject, textOf } from "@turnout/core/access/domain/Subject"
import { foldedOf } from "@turnout/core/kernel/domain/text/EmailAddress"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const ISSUER = "https://id.example.com"

describe("the text of a subject", () => {
  it.each([
    [{ address: "ada@example.com" }, "mailto:ada@example.com"],
    [{ address: "a#b@example.com" }, "mailto:a#b@example.com"],
    [{ issuer: ISSUER, subject: "248289761001" }, `${ISSUER}#248289761001`],
    [{ issuer: ISSUER, subject: "a#b@example.com" }, `${ISSUER}#a#b@example.com`],
    [{ issuer: "accounts.example.com", subject: " A b " }, "accounts.example.com# A b "]
  ] as ReadonlyArray<readonly [Subject, string]>)("of %j is %s, and is read as that", (subject, text) => {
    assert.strictEqual(textOf(subject), text)
    assert.deepStrictEqual(read(text), subject)
  })

  it.each([
    ["Ada@München.DE", { address: "ada@xn--mnchen-3ya.de" }],
    ["mailto:Ada@example.com", { address: "ada@example.com" }],
    ["", undefined],
    ["ada", undefined],
    ["mailto:", undefined],
    ["mailto:ada", undefined],
    ["#1", undefined],
    [`${ISSUER}#`, undefined],
    ["an issuer#1", undefined],
    [`${ISSUER}#\u0000`, undefined],
    [`${ISSUER}#\ud800`, undefined],
    [`${ISSUER}#${"1".repeat(256)}`, undefined],
    [`${"i".repeat(501)}#1`, undefined]
  ])("%j is read as %j", (text, subject) => assert.deepStrictEqual(read(text), subject as Subject | undefined))

  it("is that of one subject", () => {
    const decode = Schema.decodeUnknownResult(Subject)
    const text = fc.string({ unit: fc.constantFrom(..."a#@.: mMito"), minLength: 1, maxLength: 14 })
    const inputs = fc.oneof(
      fc.record({ issuer: text, subject: text }),
      text.map((local) => ({ address: `${local}@example.com` }))
    )
    let met = 0
    fc.assert(
      fc.property(inputs, (input) => {
        const decoded = Result.getOrUndefined(decode(input))
        if (decoded === undefined) return
        met += 1
        assert.deepStrictEqual(read(textOf(decoded)), decoded)
      }),
      { numRuns: 3_000 }
    )
    assert.isAbove(met, 100)
  })
})

describe("an address from elsewhere", () => {
  it.each([
    [" Ada@Example.COM ", "ada@example.com"],
    ["ada", null],
    ["", null],
    ["ada@example.com\u0000", null],
    ["ada@exa\ud800mple.com", null],
    [`${"a".repeat(65)}@example.com`, null]
  ])("%j is known as %j", (text, folded) => assert.strictEqual(foldedOf(text), folded))
})

describe("a member", () => {
  const member = (role: MemberRole): Member => ({
    id: MemberId.make("01a1fc98-aa31-70bb-aea8-a708368a1d5e"),
    organizationId: DEFAULT_ORGANIZATION,
    subject: { address: "ada@example.com" },
    role,
    addedAt: new Date(0),
    changedAt: new Date(0)
  })
  const every = MemberRole.literals

  it.each([
    ["owner", "owner", false, every, undefined],
    ["owner", "organizer", false, every, "LastOwner"],
    ["owner", null, false, every, "LastOwner"],
    ["owner", "organizer", true, every, undefined],
    ["owner", null, true, every, undefined],
    ["owner", null, true, ["viewer"], "MayNotGive"],
    ["owner", null, false, ["viewer"], "MayNotGive"],
    ["organizer", null, false, every, undefined],
    ["organizer", "owner", false, every, undefined],
    ["organizer", "viewer", true, ["checkin"], "MayNotGive"],
    ["viewer", "checkin", false, ["viewer"], undefined]
  ] as ReadonlyArray<readonly [MemberRole, MemberRole | null, boolean, ReadonlyArray<MemberRole>, string | undefined]>)(
    "%s that becomes %s, with another owner: %s, by one who may give %j: %s",
    (before, after, hasOtherOwner, givable, refused) =>
      assert.strictEqual(refusal(member(before), after, { hasOtherOwner, givable })?._tag, refused)
  )

  it("is refused in words", () => {
    const organization = "o"
    assert.strictEqual(
      new LastOwner({ organization, member: "m" }).message,
      "Member m is the last owner of the organization o: make another one first."
    )
    assert.strictEqual(
      new MemberExists({ organization, subject: "mailto:ada@example.com" }).message,
      "mailto:ada@example.com is a member of the organization o already."
    )
    assert.strictEqual(new MemberNotFound({ organization, member: "m" }).message, "The organization o has no member m.")
    assert.strictEqual(
      new MayNotGive({ role: "owner" }).message,
      "The role owner has permissions that you lack: you can neither give it nor take it away."
    )
  })
})

describe("the roles that somebody may give", () => {
  it("are those that their own includes", () => {
    for (const [index, role] of MemberRole.literals.entries())
      assert.deepStrictEqual(givableBy(permissionsOf(role), Role.literals), MemberRole.literals.slice(index), role)
    assert.deepStrictEqual(givableBy(permissionsOf("operator"), Role.literals), Role.literals)
    assert.deepStrictEqual(givableBy(new Set(), Role.literals), [])
  })
})

describe("the memberships of one person", () => {
  it("are one in each organization, with the role that includes the others", () => {
    const [first, second] = [DEFAULT_ORGANIZATION, OrganizationId.make("ffffffff-ffff-4fff-8fff-ffffffffffff")]
    const given: ReadonlyArray<Membership> = [
      { organizationId: second, role: "owner" },
      { organizationId: first, role: "viewer" },
      { organizationId: first, role: "organizer" },
      { organizationId: first, role: "checkin" }
    ]
    const expected: ReadonlyArray<Membership> = [
      { organizationId: first, role: "organizer" },
      { organizationId: second, role: "owner" }
    ]
    assert.deepStrictEqual(strongest(given), expected)
    assert.deepStrictEqual(strongest(given.toReversed()), expected)
    assert.deepStrictEqual(strongest([]), [])
  })
})
