/**
 * API keys: what is entered for one, for how long it is valid, and what is said of one that is not there.
 */
import {
  type ApiKey,
  ApiKeyId,
  ApiKeyInput,
  ApiKeyNotFound,
  ApiKeyNotReplaceable,
  validMillis
} from "@turnout/core/access/domain/credentials/ApiKey"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Effect, Result, Schema } from "effect"
import { assert, describe, it } from "vitest"

const ID = "01a1fc98aa3170bbaea8a708368a1d5e"

describe("the id of an API key", () => {
  const problemOf = (id: string) => {
    const decoded = Schema.decodeUnknownResult(ApiKeyId)(id)
    return Result.isSuccess(decoded) ? undefined : String(decoded.failure)
  }
  it("is 32 lower-case hexadecimal digits", () => {
    assert.isUndefined(problemOf(ID))
    for (const id of ["", ID.slice(1), `${ID}0`, ID.toUpperCase(), `${ID.slice(1)}g`, `g${ID}`])
      assert.include(problemOf(id), "must be 32 lower-case hexadecimal digits", id)
  })
})

describe("what is entered for an API key", () => {
  const decode = decoder(ApiKeyInput)
  const issuesOf = (input: object): InvalidInput["issues"] => {
    const decoded = Effect.runSync(Effect.result(decode(input as never)))
    return Result.isSuccess(decoded) ? [] : decoded.failure.issues
  }

  it("is the role of an operator, or another one in an organization", () => {
    assert.deepStrictEqual(issuesOf({ name: "x", role: "operator" }), [])
    assert.deepStrictEqual(issuesOf({ name: "x", role: "operator", organizationId: null }), [])
    assert.deepStrictEqual(issuesOf({ name: "x", role: "viewer", organizationId: DEFAULT_ORGANIZATION }), [])
    assert.deepStrictEqual(issuesOf({ name: "x", role: "operator", organizationId: DEFAULT_ORGANIZATION }), [
      { field: "organizationId", rule: "must be absent for the role operator" }
    ])
    for (const organization of [{}, { organizationId: null }]) {
      assert.deepStrictEqual(issuesOf({ name: "x", role: "owner", ...organization }), [
        { field: "organizationId", rule: "must be there for the role owner" }
      ])
    }
  })
})

describe("an API key", () => {
  const now = new Date("2030-01-01T00:00:00Z")
  const key = (rest: Partial<ApiKey>): ApiKey => ({
    id: ID,
    name: "Door",
    role: "checkin",
    organizationId: DEFAULT_ORGANIZATION,
    createdAt: new Date(0),
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    replacedBy: null,
    ...rest
  })

  it("is valid until it ends or is revoked", () => {
    assert.isNull(validMillis(key({}), now))
    assert.strictEqual(validMillis(key({ expiresAt: new Date(now.getTime() + 1_500) }), now), 1_500)
    assert.strictEqual(validMillis(key({ expiresAt: now }), now), 0)
    assert.strictEqual(validMillis(key({ expiresAt: new Date(now.getTime() - 1) }), now), 0)
    assert.strictEqual(validMillis(key({ revokedAt: now }), now), 0)
    assert.strictEqual(validMillis(key({ revokedAt: now, expiresAt: new Date(now.getTime() + 1) }), now), 0)
  })

  it("that is not there, or cannot be replaced, is named", () => {
    assert.strictEqual(new ApiKeyNotFound({ id: ID }).message, `There is no API key ${ID}.`)
    assert.strictEqual(
      new ApiKeyNotReplaceable({ id: ID, replacedBy: null }).message,
      `API key ${ID} has ended: make a new one.`
    )
    assert.strictEqual(
      new ApiKeyNotReplaceable({ id: ID, replacedBy: "0".repeat(32) }).message,
      `API key ${ID} is being replaced by ${"0".repeat(32)}: replace that one, or make a new one.`
    )
  })
})
