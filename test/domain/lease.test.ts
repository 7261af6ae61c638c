/**
 * The lease of a slot, step by step.
 */
import { check, claim, free, isHeld, LeaseHeld, release, renew, StaleLease } from "@turnout/core/delivery/domain/Lease"
import { Result } from "effect"
import { assert, describe, it } from "vitest"

const at = (millis: number) => new Date(Date.UTC(2030, 0, 1) + millis)
const held = Result.getOrThrow(claim(free, { owner: "ada", now: at(0), ttlMillis: 1_000 }))
const failure = <A, E>(result: Result.Result<A, E>): E => {
  assert.isTrue(Result.isFailure(result))
  return (result as unknown as { readonly failure: E }).failure
}

describe("a lease", () => {
  it("is claimed with the next epoch, for a time", () => {
    assert.deepStrictEqual(held, { epoch: 1, owner: "ada", until: at(1_000) })
  })

  it("L1: is nobody else's while it is held, nor its holder's a second time", () => {
    for (const owner of ["bob", "ada"]) {
      const refused = failure(claim(held, { owner, now: at(999), ttlMillis: 1_000 }))
      assert.deepStrictEqual(refused, new LeaseHeld({ owner: "ada", until: at(1_000) }))
      assert.strictEqual(refused.message, "ada holds the lease until 2030-01-01T00:00:01.000Z.")
    }
  })

  it("L2: can be claimed from the moment on at which it expires", () => {
    assert.isTrue(isHeld(held, at(999)))
    assert.isFalse(isHeld(held, at(1_000)))
    assert.isFalse(isHeld(free, at(0)))
    const next = Result.getOrThrow(claim(held, { owner: "bob", now: at(1_000), ttlMillis: 500 }))
    assert.deepStrictEqual(next, { epoch: 2, owner: "bob", until: at(1_500) })
  })

  it("L1: is good for writing under its own epoch only, also when it has expired", () => {
    assert.deepStrictEqual(Result.getOrThrow(check(held, 1)), held)
    for (const epoch of [0, 2]) {
      const refused = failure(check(held, epoch))
      assert.deepStrictEqual(refused, new StaleLease({ epoch, current: 1 }))
      assert.strictEqual(refused.message, `The lease of epoch ${epoch} is superseded: the slot is at epoch 1.`)
    }
  })

  it("is renewed from now on, under the same epoch", () => {
    const renewed = Result.getOrThrow(renew(held, { epoch: 1, now: at(700), ttlMillis: 1_000 }))
    assert.deepStrictEqual(renewed, { epoch: 1, owner: "ada", until: at(1_700) })
    assert.deepStrictEqual(failure(renew(held, { epoch: 2, now: at(700), ttlMillis: 1_000 })).current, 1)
  })

  it("L1: uses its epoch up when it is given back", () => {
    const given = Result.getOrThrow(release(held, 1))
    assert.deepStrictEqual(given, { epoch: 1, owner: null, until: null })
    assert.deepStrictEqual(failure(check(given, 1)), new StaleLease({ epoch: 1, current: 1 }))
    assert.deepStrictEqual(failure(release(given, 1)), new StaleLease({ epoch: 1, current: 1 }))
    assert.strictEqual(Result.getOrThrow(claim(given, { owner: "ada", now: at(1), ttlMillis: 1 })).epoch, 2)
    assert.deepStrictEqual(failure(check(free, 0)), new StaleLease({ epoch: 0, current: 0 }))
  })
})
