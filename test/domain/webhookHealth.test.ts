/**
 * Which responses of a webhook are failures, and what failures come to.
 */
import * as WebhookHealth from "@turnout/core/webhooks/domain/WebhookHealth"
import { assert, describe, it } from "vitest"

const DAY_MILLIS = 24 * 60 * 60 * 1_000
const START = Date.parse("2027-05-01T18:00:00.000Z")

/** So long after the beginning, by a wall clock that may have been set meanwhile. */
const at = (millis: number, setByMillis = 0): WebhookHealth.Moment => ({
  now: new Date(START + millis + setByMillis),
  monotonicMillis: 7 + millis
})

const answer = (status: number, text = ""): WebhookHealth.WebhookResponse => ({ status, text })
const NO_ANSWER: WebhookHealth.WebhookResponse = { status: null, error: "ECONNREFUSED" }

/** The health after responses, and what followed from the last. */
const afterAll = (
  responses: ReadonlyArray<readonly [response: WebhookHealth.WebhookResponse, at: WebhookHealth.Moment]>,
  health = WebhookHealth.unknown
) =>
  responses.reduce<readonly [WebhookHealth.WebhookHealth, WebhookHealth.Consequence]>(
    ([before], [response, moment]) => WebhookHealth.after(before, response, moment),
    [health, { _tag: "Nothing" }]
  )

describe("a response of a webhook", () => {
  it.each([200, 201, 202, 204, 299])("of %i has arrived", (status) =>
    assert.isNull(WebhookHealth.errorOf(answer(status, "fine")))
  )

  it.each([
    [answer(199), "HTTP 199"],
    [answer(300), "HTTP 300"],
    [answer(302), "HTTP 302"],
    [answer(404, "no such tenant"), "HTTP 404: no such tenant"],
    [answer(410), "HTTP 410"],
    [answer(500, "a\u0000b"), "HTTP 500: a\ufffdb"],
    [NO_ANSWER, "ECONNREFUSED"]
  ])("%j is a failure", (response, error) => assert.strictEqual(WebhookHealth.errorOf(response), error))
})

describe("the health of a webhook", () => {
  it("stays as it is while messages arrive", () =>
    assert.deepStrictEqual(afterAll([[answer(204), at(0)]]), [WebhookHealth.unknown, { _tag: "Nothing" }]))

  it("is noted at the first failure, and at the first success after it", () => {
    const [failing, first] = afterAll([[answer(500), at(0)]])
    assert.deepStrictEqual(first, { _tag: "NoteFailing", isFailing: true })
    assert.deepStrictEqual(failing.failingSince, new Date(START))
    assert.deepStrictEqual(afterAll([[NO_ANSWER, at(1)]], failing), [failing, { _tag: "Nothing" }])
    const [well, next] = afterAll([[answer(200), at(2)]], failing)
    assert.deepStrictEqual(next, { _tag: "NoteFailing", isFailing: false })
    assert.isNull(well.failingSince)
  })

  it("is over with 410, at once", () => {
    const [health, consequence] = afterAll([[answer(410), at(0)]])
    assert.deepStrictEqual(consequence, { _tag: "Disable", reason: "it answered 410 Gone" })
    assert.isTrue(health.isDisabled)
  })

  it("is over after five days without a success, not before", () => {
    const first = [answer(500), at(0)] as const
    assert.strictEqual(afterAll([first, [answer(500), at(5 * DAY_MILLIS - 1)]])[1]._tag, "Nothing")
    const [health, consequence] = afterAll([first, [answer(503, "busy"), at(5 * DAY_MILLIS)]])
    assert.deepStrictEqual(consequence, {
      _tag: "Disable",
      reason: "it has failed since 2027-05-01T18:00:00.000Z; at last: HTTP 503: busy"
    })
    assert.isTrue(health.isDisabled)
  })

  it("counts anew after each success", () => {
    const [health, consequence] = afterAll([
      [answer(500), at(0)],
      [answer(200), at(4 * DAY_MILLIS)],
      [answer(500), at(4 * DAY_MILLIS + 1)],
      [answer(500), at(9 * DAY_MILLIS)]
    ])
    assert.strictEqual(consequence._tag, "Nothing")
    assert.isFalse(health.isDisabled)
    assert.strictEqual(afterAll([[answer(500), at(9 * DAY_MILLIS + 1)]], health)[1]._tag, "Disable")
  })

  it("counts by monotonic time: a clock that is set disables nothing, and delays nothing", () => {
    const first = [answer(500), at(0)] as const
    assert.strictEqual(afterAll([first, [answer(500), at(1_000, 9 * DAY_MILLIS)]])[1]._tag, "Nothing")
    assert.strictEqual(afterAll([first, [answer(500), at(5 * DAY_MILLIS, -9 * DAY_MILLIS)]])[1]._tag, "Disable")
  })

  it("goes on counting from what is stored, and is enabled by an operator", () => {
    const since = new Date(START - 3 * DAY_MILLIS)
    const stored = WebhookHealth.asStored({ ...WebhookHealth.unknown, isDisabled: true }, since, at(0))
    assert.isFalse(stored.isDisabled)
    assert.strictEqual(afterAll([[answer(500), at(2 * DAY_MILLIS - 1)]], stored)[1]._tag, "Nothing")
    assert.strictEqual(afterAll([[answer(500), at(2 * DAY_MILLIS)]], stored)[1]._tag, "Disable")
    // What is stored again, unchanged, does not begin the count anew by a clock that was set.
    const again = WebhookHealth.asStored(stored, new Date(since), at(DAY_MILLIS, 9 * DAY_MILLIS))
    assert.deepStrictEqual(again, stored)
    assert.isNull(WebhookHealth.asStored(stored, null, at(0)).failingSince)
  })

  it("takes a time to come for now", () => {
    const stored = WebhookHealth.asStored(WebhookHealth.unknown, new Date(START + DAY_MILLIS), at(0))
    assert.strictEqual(stored.failedMillis, 0)
  })
})

it("a message is posted 34 times, and an endpoint left alone after five failures", () => {
  assert.strictEqual(WebhookHealth.RETRY_POLICY.maxAttempts, 34)
  assert.strictEqual(WebhookHealth.DISABLE_AFTER_MILLIS, 5 * DAY_MILLIS)
  assert.strictEqual(WebhookHealth.CIRCUIT.failures, 5)
})
