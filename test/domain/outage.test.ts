/**
 * What is told of an outage: its beginning, its other causes, and its end.
 */
import * as Outage from "@turnout/core/kernel/application/Outage"
import { assert, describe, it } from "vitest"

const started = () => {
  let now = 0
  return { outage: Outage.make(() => now), pass: (millis: number) => void (now += millis) }
}

describe("an outage", () => {
  it("is told when it begins, and not again at every attempt in vain", () => {
    const { outage, pass } = started()
    assert.isUndefined(outage.over())
    assert.isTrue(outage.failed("refused"))
    for (let attempt = 0; attempt < 100; attempt++) {
      pass(1_000)
      assert.isFalse(outage.failed("refused"))
    }
  })

  it("is told again for another cause, and for ten at most", () => {
    const { outage } = started()
    const told = Array.from({ length: 20 }, (_, index) => outage.failed(`cause ${index}`))
    assert.lengthOf(told.filter(Boolean), 10)
  })

  it("is over once something has worked and nothing has failed for a while, and that is told once", () => {
    const { outage, pass } = started()
    outage.failed("refused")
    pass(30_000)
    outage.failed("refused")
    pass(10_000)
    assert.isUndefined(outage.over(), "nothing has worked")
    outage.worked()
    assert.strictEqual(outage.over(), 30_000)
    assert.isUndefined(outage.over())
    assert.isTrue(outage.failed("refused"), "the next one begins")
  })

  it("is one if something works every second time", () => {
    const { outage, pass } = started()
    const told: Array<boolean> = []
    for (let attempt = 0; attempt < 100; attempt++) {
      told.push(outage.failed("refused"))
      pass(1_000)
      outage.worked()
      assert.isUndefined(outage.over())
      pass(1_000)
    }
    assert.deepStrictEqual(told.filter(Boolean), [true])
  })
})
