/**
 * Idempotency keys: what is one, whose it is, and what is remembered under it.
 */
import {
  expiryOf,
  IdempotencyKey,
  type IdempotencyRecord,
  isIdempotencyKey,
  recall,
  scope
} from "@turnout/core/admission/domain/state/Idempotency"
import { IdempotencyKeyReused } from "@turnout/core/admission/domain/model/Rejection"
import { EventNotFound } from "@turnout/core/admission/domain/model/Event"
import { type RegistrationId, RegistrationNotFound } from "@turnout/core/admission/domain/model/Registration"
import { CapacityFull } from "@turnout/core/admission/domain/model/Seats"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { BEFORE, DURING, EVENT, id } from "./Deciding.ts"

const keyOf = Schema.decodeUnknownResult(IdempotencyKey)

describe("an idempotency key", () => {
  it.each(["a", " ", "~", "order 7!", "x".repeat(255)])("may be %j", (key) => {
    assert.isTrue(isIdempotencyKey(key))
    assert.deepStrictEqual(keyOf(key), Result.succeed(key))
  })

  it.each(["", "x".repeat(256), "a\n", "\na", "a\u007f", "\u001fa", "é", "a\u0000b"])("cannot be %j", (key) => {
    assert.isFalse(isIdempotencyKey(key))
    const refused = keyOf(key)
    assert.isTrue(Result.isFailure(refused))
    assert.include(String(refused), "must be 1 to 255 printable ASCII characters")
  })

  it("I4: belongs to a principal and an operation", () => {
    const scopes = [
      scope("ada", "Register", "k"),
      scope("bob", "Register", "k"),
      scope("ada", "CancelRegistration", "k"),
      scope("ada", "Register", "l")
    ]
    assert.strictEqual(new Set(scopes.map((one) => one.id)).size, scopes.length)
    assert.strictEqual(scope("ada", "Register", "k").id, scopes[0]!.id)
    assert.deepInclude(scopes[0], { principal: "ada", operation: "Register", key: "k" })
  })
})

describe("what is remembered under a key", () => {
  const asked = { scope: scope("ada", "Register", "k"), fingerprint: "f", ttlMillis: 3_000, refusalTtlMillis: 2_000 }
  const answer = Result.fail(new EventNotFound({ eventId: EVENT }))
  const record: IdempotencyRecord = {
    scope: asked.scope,
    fingerprint: "f",
    expiresAt: DURING,
    requestId: id(1),
    answer,
    createdAt: BEFORE
  }

  it("I1: is given to the same command", () => {
    assert.deepStrictEqual(recall(record, asked, BEFORE), Result.succeed(record))
    assert.isUndefined(recall(undefined, asked, BEFORE))
  })

  it("I2: is not given to another one, which is refused", () => {
    const refused = new IdempotencyKeyReused({ operation: "Register", key: "k" })
    assert.deepStrictEqual(recall(record, { ...asked, fingerprint: "g" }, BEFORE), Result.fail(refused))
  })

  it("I6: counts until it expires, and not from then on", () => {
    assert.isDefined(recall(record, asked, new Date(DURING.getTime() - 1)))
    assert.isUndefined(recall(record, asked, DURING))
    assert.isUndefined(recall(record, { ...asked, fingerprint: "g" }, DURING))
  })

  it("I7: lasts for an effect, and for a refusal as long as a retry may be on its way", () => {
    const effect = Result.succeed({} as never)
    const after = (millis: number) => new Date(BEFORE.getTime() + millis)
    assert.deepStrictEqual(expiryOf(asked, effect, BEFORE), after(3_000))
    const refusal = Result.fail(new CapacityFull({ eventId: EVENT, capacity: 1, waitlistLength: 0 }))
    assert.deepStrictEqual(expiryOf(asked, refusal, BEFORE), after(2_000))
    assert.isUndefined(
      expiryOf({ ...asked, refusalTtlMillis: 0 }, refusal, BEFORE),
      "a time of zero remembers no refusal"
    )
  })

  it("I7: is nothing where a row was not found", () => {
    assert.isUndefined(expiryOf(asked, Result.fail(new EventNotFound({ eventId: EVENT })), BEFORE))
    const registrationId = id(1) as RegistrationId
    assert.isUndefined(
      expiryOf(asked, Result.fail(new RegistrationNotFound({ eventId: EVENT, registrationId })), BEFORE)
    )
  })
})
