/**
 * Test messages, which an operator has posted to a webhook.
 */
import { toJson } from "@turnout/core/webhooks/domain/TestMessage"
import { assert, it } from "vitest"
import { id } from "./Deciding.ts"

it("a test message has the fields of a message, except those about an event", () => {
  const at = new Date("2027-05-01T18:00:00.000Z")
  assert.deepStrictEqual(JSON.parse(toJson({ id: id(7), webhook: id(1), who: "ada", at })), {
    id: "00000000-0000-7000-8000-000000000007",
    type: "turnout.test",
    schemaVersion: 1,
    payload: { webhook: "00000000-0000-7000-8000-000000000001" },
    metadata: { actor: "ada", correlationId: null, causationId: null },
    occurredAt: "2027-05-01T18:00:00.000Z"
  })
})
