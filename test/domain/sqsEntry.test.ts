import { toEntry } from "@turnout/adapters/internal/sqs/SqsEntry"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { assert, describe, it } from "vitest"
import { BEFORE, EVENT, id } from "./Deciding.ts"

const TRACE_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
/** The most attributes of a message of SQS. */
const MOST = 10

const entry = (metadata: Partial<StoredEntry["metadata"]>): StoredEntry => ({
  id: id(7),
  eventId: EVENT,
  version: 3,
  type: "EventCancelled",
  schemaVersion: 1,
  payload: "{}",
  metadata: { actor: "ada", correlationId: null, causationId: null, ...metadata },
  occurredAt: BEFORE
})

const valuesOf = (given: ReturnType<typeof toEntry>) =>
  Object.fromEntries(Object.entries(given.attributes).map(([name, { StringValue }]) => [name, StringValue]))

describe("an entry for SQS", () => {
  it("has the span in which it happened as an attribute, from a relay and in a replay, and no empty one without", () => {
    const facts = { type: "EventCancelled", schemaVersion: "1", streamVersion: "3" }
    const traced = entry({ traceParent: TRACE_PARENT })
    assert.deepStrictEqual(valuesOf(toEntry(traced, { epoch: 4 })), { ...facts, epoch: "4", traceparent: TRACE_PARENT })
    assert.deepStrictEqual(valuesOf(toEntry(traced, { replay: id(9) })), {
      ...facts,
      replay: id(9),
      traceparent: TRACE_PARENT
    })
    assert.deepStrictEqual(valuesOf(toEntry(entry({}), { epoch: 4 })), { ...facts, epoch: "4" })
    assert.isAtMost(Object.keys(toEntry(traced, { epoch: 4 }).attributes).length, MOST)
  })

  it("counts the attribute against the limits of SQS", () => {
    const [traced, plain] = [entry({ traceParent: TRACE_PARENT }), entry({})].map((one) => toEntry(one, { epoch: 4 }))
    const inBody = Buffer.byteLength(traced!.body) - Buffer.byteLength(plain!.body)
    assert.strictEqual(traced!.bytes - plain!.bytes - inBody, "traceparentString".length + TRACE_PARENT.length)
  })
})
