/**
 * What blocks a stream, when it is tried again, and when no more.
 */
import { type Block, blocks, retried } from "@turnout/core/delivery/domain/Block"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { pauseMillis, type RetryPolicy } from "@turnout/core/kernel/domain/Backoff"
import { assert, describe, it } from "vitest"
import { EVENT, id } from "./Deciding.ts"

const OTHER = id(1_000_000) as EventId
const POLICY: RetryPolicy = { firstPauseMillis: 100, longestPauseMillis: 1_000, maxAttempts: 3 }
const half = () => 0.5
const delivery = (version: number, eventId = EVENT) => ({ eventId, version }) as StoredEntry
const failed = (error: string, isFinal = false): DeliveryOutcome => ({ _tag: "Failed", error, isFinal })
const block = (changes: Partial<Block> = {}): Block => ({
  stream: EVENT,
  version: 1,
  attempts: 1,
  error: "no",
  retryAfterMillis: 50,
  ...changes
})

describe("a pause", () => {
  it("is at most twice the one before, up to the longest, and at random shorter", () => {
    const policy = { ...POLICY, maxAttempts: 9 }
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6].map((attempts) => pauseMillis(policy, attempts, 0.5)),
      [50, 100, 200, 400, 500, 500]
    )
    assert.strictEqual(pauseMillis(policy, 1, 0), 0)
    assert.strictEqual(pauseMillis(policy, 1, 0.999), 99)
  })

  it("is none once there have been as many attempts as there are to be", () => {
    assert.strictEqual(pauseMillis(POLICY, 2, 0.5), 100)
    assert.isNull(pauseMillis(POLICY, 3, 0.5))
    assert.isNull(pauseMillis(POLICY, 4, 0.5))
  })
})

describe("deliveries that did not all arrive", () => {
  it("block their stream from the first that failed, and no other", () => {
    const deliveries = [delivery(1), delivery(7, OTHER), delivery(2), delivery(8, OTHER), delivery(3)]
    const outcomes = [delivered, failed("no"), failed("first"), delivered, failed("second")]
    assert.deepStrictEqual(blocks(deliveries, outcomes, POLICY, half), [
      block({ stream: OTHER, version: 7 }),
      block({ version: 2, error: "first" })
    ])
    assert.deepStrictEqual(blocks([delivery(1), delivery(2)], [delivered, delivered], POLICY, half), [])
  })

  it("N3: park it at once if trying again is pointless, or if once is as often as it may be tried", () => {
    const pointless = blocks([delivery(1)], [failed("no", true)], POLICY, half)
    assert.deepStrictEqual(pointless, [block({ retryAfterMillis: null })])
    assert.deepStrictEqual(blocks([delivery(1)], [failed("no")], { ...POLICY, maxAttempts: 1 }, half), pointless)
  })

  it("count as failed if the sink said nothing about them", () => {
    const error = "the sink said nothing about this delivery"
    assert.deepStrictEqual(blocks([delivery(1), delivery(2)], [delivered], POLICY, half), [
      block({ version: 2, error })
    ])
  })

  it("wait without an attempt being used up if the sink has not tried", () => {
    const untried: DeliveryOutcome = { _tag: "NotTried", error: "not now" }
    const waits = block({ attempts: 0, error: "not now" })
    assert.deepStrictEqual(blocks([delivery(1)], [untried], { ...POLICY, maxAttempts: 1 }, half), [waits])
    const again = { attempts: 7, deliveries: [delivery(1), delivery(2)], isAll: true }
    const waitsAgain = { ...waits, attempts: 7, retryAfterMillis: 500 }
    assert.deepStrictEqual(retried(again, [untried, failed("behind")], POLICY, half), waitsAgain)
    const next = { ...waits, version: 2 }
    assert.deepStrictEqual(retried(again, [delivered, untried], POLICY, half), next)
  })

  it("wait for as long as the sink asks for, at least, and no longer for it than without if that is longer", () => {
    const asked = (retryAfterMillis: number): DeliveryOutcome => ({
      _tag: "Failed",
      error: "no",
      isFinal: false,
      retryAfterMillis
    })
    assert.deepStrictEqual(blocks([delivery(1)], [asked(7_000)], POLICY, half), [block({ retryAfterMillis: 7_000 })])
    assert.deepStrictEqual(blocks([delivery(1)], [asked(20)], POLICY, half), [block()])
    const again = { attempts: 1, deliveries: [delivery(1), delivery(2)], isAll: true }
    const twice = block({ attempts: 2, retryAfterMillis: 7_000 })
    assert.deepStrictEqual(retried(again, [asked(7_000), failed("behind")], POLICY, half), twice)
    assert.deepStrictEqual(retried(again, [asked(20)], POLICY, half), { ...twice, retryAfterMillis: 100 })
    const later = retried(again, [delivered, asked(7_000)], POLICY, half)
    assert.deepStrictEqual(later, block({ version: 2, retryAfterMillis: 7_000 }))
    // It is no other attempt than before: the last one parks the stream.
    assert.isNull(retried({ ...again, attempts: 2 }, [asked(7_000)], POLICY, half)!.retryAfterMillis)
    const final: DeliveryOutcome = { _tag: "Failed", error: "no", isFinal: true, retryAfterMillis: 7_000 }
    assert.isNull(blocks([delivery(1)], [final], POLICY, half)[0]!.retryAfterMillis)
  })

  it("are told of in a text that every store can keep", () => {
    const [{ error } = block()] = blocks([delivery(1)], [failed(`${"x".repeat(2_000)}`)], POLICY, half)
    assert.strictEqual(error, "x".repeat(1_000))
    const [strange = block()] = blocks([delivery(1)], [failed("a\u0000b\ud800c")], POLICY, half)
    assert.strictEqual(strange.error, "a\ufffdb\ufffdc")
  })
})

describe("a stream that was tried again", () => {
  const waiting = { attempts: 1, deliveries: [delivery(4), delivery(5)], isAll: true }

  it("flows again if that was all that waited", () => {
    assert.isNull(retried(waiting, [delivered, delivered], POLICY, half))
    assert.isNull(retried({ ...waiting, deliveries: [] }, [], POLICY, half))
    assert.isNull(retried({ ...waiting, deliveries: [], isAll: false }, [], POLICY, half))
  })

  it("goes on at once behind what has arrived, if more waits, with all attempts before it", () => {
    const rest = block({ version: 6, attempts: 0, error: "", retryAfterMillis: 0 })
    assert.deepStrictEqual(retried({ ...waiting, isAll: false }, [delivered, delivered], POLICY, half), rest)
  })

  it("has used up an attempt if its first entry failed again, and waits for longer", () => {
    assert.deepStrictEqual(
      retried(waiting, [failed("no"), failed("behind")], POLICY, half),
      block({ version: 4, attempts: 2, retryAfterMillis: 100 })
    )
    assert.deepStrictEqual(
      retried({ ...waiting, attempts: 2 }, [failed("no"), failed("behind")], POLICY, half),
      block({ version: 4, attempts: 3, retryAfterMillis: null })
    )
  })

  it("begins to count anew at another entry", () => {
    assert.deepStrictEqual(
      retried({ ...waiting, attempts: 2 }, [delivered, failed("no")], POLICY, half),
      block({ version: 5 })
    )
  })

  it("N3: is parked at once if trying again is pointless", () => {
    const parked = block({ version: 4, attempts: 2, retryAfterMillis: null })
    assert.deepStrictEqual(retried(waiting, [failed("no", true), failed("no")], POLICY, half), parked)
  })

  it("is one stream", () => {
    const mixed = { ...waiting, deliveries: [delivery(4), delivery(5, OTHER)] }
    assert.throws(() => retried(mixed, [failed("no"), failed("no")], POLICY, half), /of one stream/)
  })
})
