/**
 * What an operator may say of a webhook.
 */
import { shownUntil, sinkOf, webhookOf, WebhookInput } from "@turnout/core/webhooks/domain/Webhook"
import { Result, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { id } from "./Deciding.ts"

const URL = "https://example.com/hooks?a=b"
const problem = (input: object): string => {
  const decoded = Schema.decodeUnknownResult(WebhookInput)(input)
  return Result.isSuccess(decoded) ? "" : String(decoded.failure)
}

describe("a webhook", () => {
  it.each([
    URL,
    "http://localhost:8080",
    `https://example.com/${"a".repeat(1_980)}`,
    "HTTPS://EXAMPLE.COM",
    "https://[::1]/",
    "https://exämple.com/ä"
  ])("may have the URL %s", (url) => assert.strictEqual(problem({ url }), ""))

  it.each([
    [`https://example.com/${"a".repeat(1_981)}`, "must have at most 2000 characters"],
    ["", "must be a URL, such as https://example.com/hooks/turnout"],
    ["example.com", "must be a URL"],
    ["//example.com", "must be a URL"],
    ["https://example.com/a\u0000b", "must be a URL"],
    [" https://example.com", "must be a URL"],
    ["https://example.com/a b", "must be a URL"],
    ["https://example.com/\ud800", "must be a URL"],
    ["ftp://example.com", "must begin with https:// (or http://, where that is allowed)"],
    ["javascript:alert(1)", "must begin with https://"],
    ["https://ada@example.com", "must not contain a user or a password"],
    ["https://:secret@example.com", "must not contain a user or a password"],
    ["https://example.com/#top", "must not contain a #fragment"]
  ])("may not have the URL %j", (url, rule) => {
    const found = problem({ url })
    assert.include(found, rule)
    assert.include(found, '["url"]')
  })

  it("is posted all types, or some, never none", () => {
    for (const types of [null, ["EventCreated"], ["EventCreated", "AttendeeMissed"]]) {
      assert.strictEqual(problem({ url: URL, types }), "")
    }
    assert.include(problem({ url: URL, types: [] }), '["types"]')
    assert.include(problem({ url: URL, types: ["EventInvented"] }), '["types"]')
  })

  it("is described in a line", () => {
    assert.strictEqual(problem({ url: URL, description: "d".repeat(500) }), "")
    for (const description of ["d".repeat(501), "a\nb"]) {
      assert.include(problem({ url: URL, description }), '["description"]')
    }
  })

  it("is signed for with its current secret alone once the last of the replaced ones has ended", () => {
    const [sooner, later] = [new Date("2027-05-01T18:00:00.000Z"), new Date("2027-05-02T18:00:00.000Z")]
    for (const ends of [[sooner, later], [later, sooner], [later]])
      assert.deepStrictEqual(shownUntil(ends), { previousSecretsUntil: ends, previousSecretUntil: later })
    assert.deepStrictEqual(shownUntil([]), { previousSecretsUntil: [], previousSecretUntil: null })
  })

  it("is a sink of its own", () => {
    assert.strictEqual(sinkOf(id(1)), `webhook:${id(1)}`)
    assert.strictEqual(webhookOf(sinkOf(id(1))), id(1))
    for (const sink of [id(1), "webhook:", "webhook:1", `webhook:${id(1)} `, `x:${sinkOf(id(1))}`, "stdout"])
      assert.isUndefined(webhookOf(sink))
  })
})
