/**
 * The settings of token issuers, and what is read from the claims of their tokens: paths, roles, addresses and names.
 */
import {
  type RoleRule,
  TokenIssuerInput,
  TokenIssuers,
  fromInput
} from "@turnout/core/access/domain/credentials/TokenIssuer"
import {
  type Claims,
  claimAt,
  fromClaims,
  grantsOf,
  valuesAt
} from "@turnout/core/access/domain/credentials/VerifiedToken"
import { decoder } from "@turnout/core/kernel/application/InvalidInput"
import { repeatsAName } from "@turnout/adapters/internal/tokens/RepeatedNames"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const ISSUER = { issuer: "https://login.example.com/realms/events", audience: "https://tickets.example.com" }

const issuesOf = (input: object): Record<string, string> => {
  const decoded = Effect.runSync(Effect.result(decoder(TokenIssuers)([{ ...ISSUER, ...input }])))
  return Result.isSuccess(decoded)
    ? {}
    : Object.fromEntries(decoded.failure.issues.map(({ field, rule }) => [field.replace(/^0\./, ""), rule]))
}

describe("the settings of an issuer", () => {
  it("have defaults but for the issuer and the audience", () => {
    assert.deepStrictEqual(issuesOf({}), {})
    const decoded = Effect.runSync(decoder(TokenIssuerInput)(ISSUER))
    assert.deepStrictEqual(fromInput(decoded), {
      ...ISSUER,
      algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
      clockToleranceSeconds: 5,
      type: null,
      jwksUrl: null,
      addressClaim: "email",
      verifiedClaim: "email_verified",
      nameClaim: "name",
      roles: []
    })
    assert.deepStrictEqual(Object.keys(issuesOf({ issuer: undefined, audience: undefined })), ["issuer", "audience"])
  })

  it.each([
    "https://login.example.com",
    "https://login.example.com/",
    "https://login.example.com:8443/realms/events",
    "http://127.0.0.1:8080",
    "http://localhost:8080/realms/events",
    "http://[::1]:8080"
  ])("take the issuer %s", (issuer) => assert.deepStrictEqual(issuesOf({ issuer, jwksUrl: issuer }), {}))

  it.each([
    ["login.example.com", /must be a URL/],
    ["", /must be a URL/],
    [" https://login.example.com", /must be a URL/],
    ["https://login.example.com\n", /must be a URL/],
    ["https://münchen.example.com", /must be a URL/],
    ["http://login.example.com", /must begin with https/],
    ["http://127.0.0.1.example.com", /must begin with https/],
    ["http://localhost.example.com", /must begin with https/],
    ["http://10.0.0.1", /must begin with https/],
    ["ftp://login.example.com", /must begin with https/],
    ["file:///keys", /must begin with https/],
    ["https://ada@login.example.com", /must have no user/],
    ["https://:secret@login.example.com", /must have no user/],
    ["https://login.example.com/#x", /must have no fragment/],
    ["https://login.example.com/#", /must have no fragment/]
  ] as const)("refuse the issuer %j", (issuer, rule) => {
    const { issuer: ofIssuer, jwksUrl } = issuesOf({ issuer, jwksUrl: issuer })
    assert.match(ofIssuer!, rule)
    assert.match(jwksUrl!, rule)
  })

  it("take a query in the URL of the keys only", () => {
    const withQuery = "https://login.example.com/keys?app=1"
    assert.deepStrictEqual(issuesOf({ jwksUrl: withQuery }), {})
    assert.deepStrictEqual(issuesOf({ issuer: withQuery }), { issuer: "must have no query" })
  })

  it.each([
    [{ algorithms: ["HS256"] }, "algorithms.0"],
    [{ algorithms: ["RS256", "none"] }, "algorithms.1"],
    [{ algorithms: [] }, "algorithms"],
    [{ algorithms: ["RS256", "RS256"] }, "algorithms"],
    [{ audience: "" }, "audience"],
    [{ audience: ["a"] }, "audience"],
    [{ clockToleranceSeconds: 31 }, "clockToleranceSeconds"],
    [{ clockToleranceSeconds: -1 }, "clockToleranceSeconds"],
    [{ clockToleranceSeconds: 0.5 }, "clockToleranceSeconds"],
    [{ type: "JWT" }, "type"],
    [{ addressClaim: " " }, "addressClaim"],
    [{ secret: "x" }, "secret"],
    [{ roles: [{ claim: "groups", value: "x", role: "king" }] }, "roles.0.role"],
    [{ roles: [{ claim: "", value: "x", role: "operator" }] }, "roles.0.claim"],
    [{ roles: [{ claim: "groups", value: "x", role: "viewer" }] }, "roles.0.organization"],
    [{ roles: [{ claim: "groups", value: "x", role: "viewer", organization: "No Slug" }] }, "roles.0.organization"],
    [{ roles: [{ claim: "groups", value: "x", role: "operator", organization: "a" }] }, "roles.0.organization"]
  ])("refuse %j, and name the field", (input, field) => assert.deepStrictEqual(Object.keys(issuesOf(input)), [field]))

  it("are those of issuers that differ, of which there are twenty at most", () => {
    const decode = decoder(TokenIssuers)
    const other = { ...ISSUER, issuer: `${ISSUER.issuer}/` }
    assert.lengthOf(Effect.runSync(decode([ISSUER, other])), 2)
    const twice = Effect.runSync(Effect.flip(decode([ISSUER, other, ISSUER])))
    assert.deepStrictEqual(twice.issues, [{ field: "2.issuer", rule: "must be that of no other issuer" }])
    const many = Array.from({ length: 21 }, (_, n) => ({ ...ISSUER, issuer: `https://${n}.example.com` }))
    assert.lengthOf(Effect.runSync(decode(many.slice(1))), 20)
    assert.isTrue(Result.isFailure(Effect.runSync(Effect.result(decode(many)))))
  })
})

describe("the claim at a path", () => {
  const claims: Claims = {
    "cognito:groups": ["staff"],
    "https://example.com/roles": ["door"],
    "realm_access.roles": ["by its own name"],
    realm_access: { roles: ["by its path"] },
    resource_access: { tickets: { roles: ["organizer"] } },
    "a.b": null,
    groups: "staff",
    list: [{ roles: ["x"] }],
    count: 3
  }

  it.each([
    ["cognito:groups", ["staff"]],
    ["https://example.com/roles", ["door"]],
    ["realm_access.roles", ["by its own name"]],
    ["resource_access.tickets.roles", ["organizer"]],
    ["groups", "staff"],
    ["a.b", null],
    ["list.0.roles", undefined],
    ["list.length", undefined],
    ["groups.length", undefined],
    ["count.toFixed", undefined],
    ["resource_access.tickets", { roles: ["organizer"] }],
    ["resource_access..roles", undefined],
    ["resource_access.", undefined],
    ["missing", undefined],
    ["missing.roles", undefined],
    ["__proto__", undefined],
    ["constructor.name", undefined],
    ["hasOwnProperty", undefined]
  ])("%s", (path, value) => assert.deepStrictEqual(claimAt(claims, path), value))

  it("is found by its own name, whichever it is, and by the names on the way", () => {
    const names = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(names, fc.jsonValue(), (name, value) => {
        fc.pre(name !== "__proto__")
        assert.deepStrictEqual(claimAt({ [name]: value }, name), value)
      })
    )
    const parts = fc.array(
      names.filter((name) => !name.includes(".") && name !== "__proto__"),
      { minLength: 1, maxLength: 5 }
    )
    fc.assert(
      fc.property(parts, fc.jsonValue(), (parts, value) => {
        const claims = parts.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
        assert.deepStrictEqual(claimAt(claims as Claims, parts.join(".")), value)
      })
    )
  })
})

describe("the values of a claim", () => {
  it.each([
    ["groups", "staff", ["staff"]],
    ["groups", "box office", ["box office"]],
    ["groups", ["a", "b c", 1, null, ["d"], { e: "f" }], ["a", "b c"]],
    ["groups", { staff: true }, []],
    ["groups", true, []],
    ["scope", "openid tickets:door", ["openid", "tickets:door"]],
    ["scp", "door", ["door"]],
    ["scope", ["a b"], ["a b"]]
  ])("%s: %j", (name, value, values) => assert.deepStrictEqual(valuesAt({ [name]: value }, name), values))

  it("are a list with blanks in between where the path leads to a scope", () => {
    assert.deepStrictEqual(valuesAt({ access: { scope: "a b" } }, "access.scope"), ["a", "b"])
  })
})

describe("the roles that claims give", () => {
  const rules: ReadonlyArray<RoleRule> = [
    { claim: "realm_access.roles", value: "box-office", role: "organizer", organization: "music-society" },
    { claim: "realm_access.roles", value: "door", role: "checkin", organization: "music-society" },
    { claim: "cognito:groups", value: "box-office", role: "organizer", organization: "music-society" },
    { claim: "cognito:groups", value: "box-office", role: "organizer", organization: "drama-club" },
    { claim: "cognito:groups", value: "admins", role: "operator" }
  ]

  it.each([
    [{}, []],
    [{ realm_access: { roles: ["door"] } }, [{ role: "checkin", organization: "music-society" }]],
    [{ realm_access: { roles: "door" } }, [{ role: "checkin", organization: "music-society" }]],
    [{ realm_access: { roles: ["DOOR", "doors", " door", "door box-office"] } }, []],
    [
      { realm_access: { roles: ["box-office"] }, "cognito:groups": ["box-office"] },
      [
        { role: "organizer", organization: "music-society" },
        { role: "organizer", organization: "drama-club" }
      ]
    ],
    [{ "cognito:groups": ["admins", "admins"] }, [{ role: "operator" }]],
    [{ realm_access: { roles: { door: true } }, "cognito:groups": { admins: true } }, []]
  ])("%j", (claims, grants) => assert.deepStrictEqual(grantsOf(claims, rules), grants as never))

  it("are none but those of a rule whose value is among the values of its claim", () => {
    const values = fc.array(fc.constantFrom("box-office", "door", "admins", "x"), { maxLength: 4 })
    fc.assert(
      fc.property(values, values, (roles, groups) => {
        const grants = grantsOf({ realm_access: { roles }, "cognito:groups": groups }, rules)
        const has = (role: string) => grants.some((grant) => grant.role === role)
        assert.strictEqual(has("operator"), groups.includes("admins"))
        assert.strictEqual(has("checkin"), roles.includes("door"))
        assert.strictEqual(has("organizer"), [...roles, ...groups].includes("box-office"))
        assert.strictEqual(new Set(grants.map((grant) => JSON.stringify(grant))).size, grants.length)
      })
    )
  })
})

describe("what a token says of its bearer", () => {
  const exp = 1_900_000_000
  const read = (claims: Claims, settings: Partial<TokenIssuerInput> = {}) =>
    fromClaims({ sub: "ada", exp, ...claims }, fromInput({ ...ISSUER, ...settings }), (text) =>
      text.includes("@") ? text.toLowerCase() : null
    )
  const bearerOf = (...parameters: Parameters<typeof read>) => Result.getOrThrow(read(...parameters))

  it("is the subject, the issuer and the end, and nothing that the claims do not have", () => {
    assert.deepStrictEqual(bearerOf({}), {
      issuer: ISSUER.issuer,
      subject: "ada",
      address: null,
      name: null,
      grants: [],
      expiresAt: new Date(exp * 1_000)
    })
  })

  it.each([
    [true, "ada@example.com"],
    ["true", "ada@example.com"],
    [false, null],
    ["false", null],
    ["TRUE", null],
    [1, null],
    [null, null],
    [undefined, null],
    [["true"], null]
  ])("is an address if it is verified: %j", (email_verified, address) => {
    assert.strictEqual(bearerOf({ email: "Ada@Example.com", email_verified }).address, address)
  })

  it("is no address if the claim is none", () => {
    for (const email of ["ada", "", null, 1, ["ada@example.com"]])
      assert.isNull(bearerOf({ email, email_verified: true }).address)
  })

  it("is at the claims that the settings name", () => {
    const claims = { profile: { mail: "ada@example.com", ok: true, full: "  Ada Lovelace " }, email: "eve@example.com" }
    const settings = { addressClaim: "profile.mail", verifiedClaim: "profile.ok", nameClaim: "profile.full" }
    assert.deepInclude(bearerOf(claims, settings), { address: "ada@example.com", name: "Ada Lovelace" })
  })

  it.each([["a\u0000"], [" "], ["x".repeat(201)], [1], [["Ada"]]])("is no name if it is %j", (name) =>
    assert.isNull(bearerOf({ name }).name)
  )

  it("is nothing without a subject and an end", () => {
    assert.deepStrictEqual(read({ sub: "" }), Result.fail("sub"))
    assert.deepStrictEqual(read({ exp: "never" }), Result.fail("exp"))
    assert.deepStrictEqual(read({ exp: 1e15 }), Result.fail("exp"))
  })
})

describe("names that a JSON text has twice", () => {
  it("are found in no text that is made from a value, and in one that has a name added", () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true })
    fc.assert(
      fc.property(value, fc.nat(), fc.constantFrom(undefined, 2, "\t"), (value, at, space) => {
        const text = JSON.stringify(value, null, space)
        assert.isFalse(repeatsAName(text))
        const names = Object.keys(value)
        const name = JSON.stringify(names[at % names.length])
        assert.isTrue(repeatsAName(`{${name}: 1,${text.slice(1)}`))
        assert.isTrue(repeatsAName(`[1,{"x":${text.slice(0, -1)},${name} :{}}}]`))
      })
    )
  })
})
