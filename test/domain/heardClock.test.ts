/**
 * What a process knows of a clock that it only hears: bounds that narrow with each answer, and widen as time goes by.
 */
import * as HeardClock from "@turnout/core/kernel/application/time/HeardClock"
import type { Clock } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const START = Date.UTC(2030, 0, 1)

/** A process with clocks that a test sets, and a store whose clock is ahead of its monotonic time. */
const make = () => {
  const at = { steady: 1_000_000, wall: START, store: START }
  const clock = {
    currentTimeMillisUnsafe: () => at.wall,
    monotonicTimeNanosUnsafe: () => BigInt(Math.round(at.steady * 1_000_000))
  } as unknown as Clock.Clock
  const heard = HeardClock.make(clock)
  const pass = (millis: number) => {
    at.steady += millis
    at.wall += millis
    at.store += millis
  }
  /** Asks, and hears the answer; the store looks at its clock somewhere in between. */
  const ask = (there: number, back: number) => {
    const askedAt = heard.steady()
    pass(there)
    const told = at.store
    pass(back)
    heard.hear(askedAt, told)
  }
  const error = () => Math.abs(heard.now().getTime() - at.store)
  return { at, heard, pass, ask, error }
}

describe("a clock that is heard", () => {
  it("is that of the process until the store was heard, and is not certain", () => {
    const { at, heard } = make()
    at.store += 600_000
    assert.deepStrictEqual(heard.now(), new Date(START))
    assert.isUndefined(heard.aheadMillis())
    assert.isFalse(heard.isCertain())
  })

  it.each([-600_000, 600_000])(
    "is that of the store from the first answer on, whatever the process says (%i)",
    (lead) => {
      const { ask, at, error, heard, pass } = make()
      at.store += lead
      ask(2, 2)
      assert.isAtMost(error(), 2)
      assert.isAtMost(Math.abs(heard.aheadMillis()! - lead), 2)
      assert.isTrue(heard.isCertain())
      // Somebody sets the clock of the process.
      at.wall += 3_600_000
      pass(10_000)
      assert.isAtMost(error(), 2)
      assert.isAtMost(Math.abs(heard.aheadMillis()! - lead + 3_600_000), 2)
    }
  )

  it("is as certain as the quickest answer, however long others take", () => {
    const { ask, error, heard } = make()
    ask(5_000, 0)
    assert.isFalse(heard.isCertain())
    ask(1, 1)
    assert.isTrue(heard.isCertain())
    for (const [there, back] of [
      [3_000, 0],
      [0, 3_000]
    ] as const)
      ask(there, back)
    assert.isTrue(heard.isCertain())
    assert.isAtMost(error(), 10)
  })

  it("becomes less certain as time goes by, until the store is heard again", () => {
    const { ask, heard, pass } = make()
    ask(1, 1)
    pass(200_000)
    assert.isTrue(heard.isCertain())
    pass(100_000)
    assert.isFalse(heard.isCertain())
    ask(1, 1)
    assert.isTrue(heard.isCertain())
  })

  it.each([-60_000, -100, 100, 60_000])("follows the store when somebody sets its clock by %i", (millis) => {
    const { ask, at, error } = make()
    for (let time = 0; time < 5; time++) ask(1, 1)
    at.store += millis
    ask(3, 3)
    assert.isAtMost(error(), 4)
  })

  it("follows the store after the machine has slept, and monotonic time with it", () => {
    const { ask, at, error } = make()
    ask(1, 1)
    at.store += 3_600_000
    at.wall += 3_600_000
    ask(1, 1)
    assert.isAtMost(error(), 4)
  })

  it("knows nothing after it was told to forget", () => {
    const { ask, at, heard } = make()
    at.store += 5_000
    ask(1, 1)
    heard.forget()
    assert.isFalse(heard.isCertain())
    assert.deepStrictEqual(heard.now(), new Date(at.wall))
  })

  it("is never further off than half of the quickest answer, and a thousandth of the time since", () => {
    const steps = fc.array(
      fc.record({
        there: fc.nat(2_000),
        back: fc.nat(2_000),
        pause: fc.nat(60_000),
        drift: fc.integer({ min: -5, max: 5 })
      }),
      { minLength: 1, maxLength: 20 }
    )
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), steps, (lead, all) => {
        const { ask, at, error, heard, pass } = make()
        at.store += lead
        let bound = Infinity
        for (const { back, drift, pause, there } of all) {
          ask(there, back)
          bound = Math.min(bound + (there + back) / 1_000, (there + back) / 2 + 1)
          assert.isAtMost(error(), bound + 2)
          pass(pause)
          // The store's clock is a little faster, or slower.
          at.store += (drift * pause) / 10_000
          bound += pause / 1_000
          assert.isAtMost(error(), bound + 2)
          if (bound + 2 <= 250) assert.isTrue(heard.isCertain())
        }
      }),
      { numRuns: 1_000 }
    )
  })
})
