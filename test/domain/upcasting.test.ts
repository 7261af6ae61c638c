/**
 * Upcasting, on a type that has had three versions.
 */
import { currentVersion, upcast, type Upcasters } from "@turnout/core/kernel/domain/Upcasting"
import { assert, describe, it } from "vitest"

const upcasters: Upcasters = {
  SeatSold: [
    ({ name, ...rest }) => ({ ...rest, attendee: { name } }),
    (payload) => ({ ...payload, price: { amount: payload["price"] ?? 0, currency: "EUR" } })
  ]
}
const today = { attendee: { name: "Ada" }, price: { amount: 5, currency: "EUR" } }

describe("upcasting", () => {
  it.each([
    [1, { name: "Ada", price: 5 }],
    [2, { attendee: { name: "Ada" }, price: 5 }],
    [3, today]
  ])("reads version %i as it is today", (version, payload) => {
    assert.deepStrictEqual(upcast(upcasters, "SeatSold", version, payload), today)
  })

  it("leaves a type alone that has had one version, and what was stored as well", () => {
    const stored = Object.freeze({ name: "Ada" })
    assert.strictEqual(upcast(upcasters, "SeatHeld", 1, stored), stored)
    upcast(upcasters, "SeatSold", 1, stored)
    assert.deepStrictEqual([currentVersion(upcasters, "SeatSold"), currentVersion(upcasters, "SeatHeld")], [3, 1])
  })

  it.each([0, 4, -1, 1.5, Number.NaN])("refuses version %d, which never was", (version) => {
    assert.throws(() => upcast(upcasters, "SeatSold", version, {}), /unknown schema version/)
  })
})
