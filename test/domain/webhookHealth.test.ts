/**
 * Which responses of a webhook are failures, and what failures come to.
 */
import * as WebhookHealth from "@turnout/core/webhooks/domain/WebhookHealth"
import { assert, describe, it } from "vitest"

const HOUR_MILLIS = 60 * 60 * 1_000
const DAY_MILLIS = 24 * HOUR_MILLIS

const answer = (status: number, text = "", retryAfterMillis?: number): WebhookHealth.WebhookResponse => ({
  status,
  text,
  ...(retryAfterMillis === undefined ? {} : { retryAfterMillis })
})
const NO_ANSWER: WebhookHealth.WebhookResponse = { status: null, error: "ECONNREFUSED" }

/** The health after responses, and what followed from the last. */
const afterAll = (
  responses: ReadonlyArray<readonly [response: WebhookHealth.WebhookResponse, now: number]>,
  health = WebhookHealth.unknown
) =>
  responses.reduce<readonly [WebhookHealth.WebhookHealth, WebhookHealth.Consequence]>(
    ([before], [response, now]) => WebhookHealth.after(before, response, now),
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

  it.each([302, 400, 404, 413, 429, 500, 503])("of %i may ask to be left alone", (status) =>
    assert.strictEqual(WebhookHealth.restMillisOf(answer(status, "", 120_000)), 120_000)
  )

  it("leaves an endpoint alone for 12 hours at most", () => {
    const longest = 12 * HOUR_MILLIS
    assert.strictEqual(WebhookHealth.LONGEST_REST_MILLIS, longest)
    for (const asked of [longest + 1, 1e15, Infinity])
      assert.strictEqual(WebhookHealth.restMillisOf(answer(429, "", asked)), longest)
    assert.strictEqual(WebhookHealth.restMillisOf(answer(429, "", 5_000), 1_000), 1_000)
  })

  it("asks for nothing if it is a success, or says nothing sensible", () => {
    const all = [answer(200, "", 1_000), answer(429), NO_ANSWER]
    for (const asked of [0, -1, Number.NaN, -Infinity]) all.push(answer(429, "", asked))
    for (const response of all) assert.strictEqual(WebhookHealth.restMillisOf(response), 0)
  })
})

describe("the health of a webhook", () => {
  it("stays as it is while messages arrive", () =>
    assert.deepStrictEqual(afterAll([[answer(204), 0]]), [WebhookHealth.unknown, { _tag: "Nothing" }]))

  it("is noted at each failure, and at the first success after it", () => {
    const [failing, first] = afterAll([[answer(500), 0]])
    assert.deepStrictEqual(first, { _tag: "NoteFailed", restMillis: 0 })
    assert.isTrue(failing.isFailing)
    assert.deepStrictEqual(afterAll([[NO_ANSWER, 1]], failing), [failing, { _tag: "NoteFailed", restMillis: 0 }])
    const [well, next] = afterAll([[answer(200), 2]], failing)
    assert.deepStrictEqual([well.isFailing, next._tag], [false, "NoteWorking"])
    assert.strictEqual(afterAll([[answer(200), 3]], well)[1]._tag, "Nothing")
  })

  it("is over with 410, at once", () => {
    const [health, consequence] = afterAll([[answer(410), 0]])
    assert.deepStrictEqual(consequence, { _tag: "Disable", reason: "it answered 410 Gone" })
    assert.strictEqual(WebhookHealth.allowed(health, 1), "none")
    // If that could not be written down, the process finds out anew.
    assert.strictEqual(WebhookHealth.allowed(health, WebhookHealth.DISABLED_REST_MILLIS), "one")
  })

  it("is over after five days of failing, not before", () => {
    const since = new Date("2027-05-01T18:00:00.000Z")
    const because = (failedMillis: number) => WebhookHealth.disabledBecause({ since, failedMillis }, "HTTP 503: busy")
    assert.isUndefined(because(5 * DAY_MILLIS - 1))
    assert.strictEqual(because(5 * DAY_MILLIS), "it has failed since 2027-05-01T18:00:00.000Z; at last: HTTP 503: busy")
  })

  it("counts the time between failures, up to 13 hours, and nothing of a longer time", () => {
    const counted = (millis: number) => WebhookHealth.countedMillis(millis, WebhookHealth.LONGEST_GAP_MILLIS)
    for (const millis of [0, 1, 12 * HOUR_MILLIS, 13 * HOUR_MILLIS]) assert.strictEqual(counted(millis), millis)
    // Nobody has tried meanwhile; or somebody has set a clock.
    for (const millis of [13 * HOUR_MILLIS + 1, 6 * DAY_MILLIS, -1]) assert.strictEqual(counted(millis), 0)
  })
})

describe("an endpoint that asks to be left alone", () => {
  const [resting, consequence] = afterAll([[answer(429, "", 120_000), 1_000]])

  it("is left alone from the first time on, and then asked once", () => {
    assert.deepStrictEqual(consequence, { _tag: "NoteFailed", restMillis: 120_000 })
    assert.strictEqual(WebhookHealth.allowed(WebhookHealth.unknown, 1_000), "any")
    assert.strictEqual(WebhookHealth.allowed(resting, 1_000), "none")
    assert.strictEqual(WebhookHealth.allowed(resting, 120_999), "none")
    assert.strictEqual(WebhookHealth.allowed(resting, 121_000), "one")
    for (const response of [answer(200), answer(500), NO_ANSWER])
      assert.strictEqual(WebhookHealth.allowed(afterAll([[response, 121_000]], resting)[0], 121_000), "any")
    const [again] = afterAll([[answer(503, "", 5_000), 121_000]], resting)
    assert.strictEqual(WebhookHealth.allowed(again, 125_999), "none")
    assert.strictEqual(WebhookHealth.allowed(again, 126_000), "one")
  })

  it("is left alone whatever comes of requests that were under way", () => {
    for (const response of [answer(200), answer(500), NO_ANSWER, answer(429, "", 1_000)]) {
      const [health] = afterAll([[response, 2_000]], resting)
      assert.strictEqual(WebhookHealth.allowed(health, 120_999), "none")
    }
    assert.strictEqual(
      WebhookHealth.allowed(afterAll([[answer(429, "", 200_000), 2_000]], resting)[0], 201_999),
      "none"
    )
  })
})

describe("what is noted of a webhook", () => {
  const noted = (edition: number, restMillis = 0, isFailing = false) => ({ edition, restMillis, isFailing })

  it("is what a process begins with", () => {
    const health = WebhookHealth.asNoted(WebhookHealth.unknown, noted(3, 5_000, true), 1_000)
    assert.deepStrictEqual(health, { edition: 3, isFailing: true, restsUntil: 6_000 })
  })

  it("does not undo what the process has heard itself", () => {
    const before = WebhookHealth.asNoted(WebhookHealth.unknown, noted(1), 0)
    const [resting] = afterAll([[answer(429, "", 120_000), 1_000]], before)
    assert.strictEqual(WebhookHealth.asNoted(resting, noted(1), 2_000).restsUntil, 121_000)
    assert.strictEqual(WebhookHealth.asNoted(resting, noted(1, 300_000), 2_000).restsUntil, 302_000)
    const [gone] = afterAll([[answer(410), 1_000]], before)
    assert.strictEqual(WebhookHealth.allowed(WebhookHealth.asNoted(gone, noted(1), 2_000), 2_000), "none")
  })

  it("is another matter in the next edition, and what was read before it is not heeded", () => {
    const [resting] = afterAll(
      [
        [answer(429, "", 120_000), 1_000],
        [answer(410), 1_000]
      ],
      WebhookHealth.asNoted(WebhookHealth.unknown, noted(1), 0)
    )
    const next = WebhookHealth.asNoted(resting, noted(2), 2_000)
    assert.strictEqual(WebhookHealth.allowed(next, 2_000), "any")
    assert.strictEqual(WebhookHealth.asNoted(next, noted(1, 5_000, true), 3_000), next)
  })
})

it("a message is posted 34 times, and an endpoint left alone after five failures", () => {
  assert.strictEqual(WebhookHealth.RETRY_POLICY.maxAttempts, 34)
  assert.strictEqual(WebhookHealth.DISABLE_AFTER_MILLIS, 5 * DAY_MILLIS)
  assert.strictEqual(WebhookHealth.CIRCUIT.failures, 5)
})
