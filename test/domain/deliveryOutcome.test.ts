/**
 * Which deliveries are settled while some outcomes are not known yet.
 */
import { areSettled, delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { assert, describe, it } from "vitest"
import { id } from "./Deciding.ts"

const failed: DeliveryOutcome = { _tag: "Failed", error: "no", isFinal: false }
const notTried: DeliveryOutcome = { _tag: "NotTried", error: "busy" }

/** Whether the deliveries are settled, each of which is of the stream of that number. */
const settled = (given: ReadonlyArray<readonly [stream: number, outcome: DeliveryOutcome | undefined]>) =>
  areSettled(
    given.map(([stream]) => ({ eventId: id(stream) }) as StoredEntry),
    given.map(([, outcome]) => outcome)
  )

describe("the deliveries of one stream", () => {
  it.each([
    ["all of which have arrived", [delivered, delivered], [true, true]],
    ["the first of which is not known", [undefined, delivered, failed, undefined], [false, false, false, false]],
    ["one of which is not known", [delivered, undefined, delivered], [true, false, false]],
    ["one of which has failed", [delivered, failed, delivered, undefined], [true, true, true, true]],
    ["one of which was not tried", [notTried, undefined, undefined], [true, true, true]]
  ] as const)("%s, are settled up to the first unknown one, and behind a failed one", (_, outcomes, expected) => {
    assert.deepStrictEqual(settled(outcomes.map((outcome) => [1, outcome])), [...expected])
  })
})

it("the deliveries of a stream are settled whatever becomes of other streams", () => {
  assert.deepStrictEqual(
    settled([
      [1, undefined],
      [2, failed],
      [3, delivered],
      [1, delivered],
      [2, undefined],
      [3, undefined],
      [3, delivered]
    ]),
    [false, true, true, false, true, false, false]
  )
})
