/**
 * Messages, as queues and webhooks carry them.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { fromJson, toJson } from "@turnout/core/delivery/domain/Message"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { BEFORE, EVENT, id } from "./Deciding.ts"

const delivery = (payload: string): StoredEntry => ({
  id: id(7),
  eventId: EVENT,
  version: 3,
  type: "EventCancelled",
  schemaVersion: 1,
  payload,
  metadata: { actor: "ada", correlationId: null, causationId: "c" },
  occurredAt: BEFORE
})

describe("a message", () => {
  it("is a document with the payload as it was stored, and has no replay unless it is part of one", () => {
    const { payload: _, ...rest } = delivery("")
    const fields = { ...rest, payload: { a: [1, "é"] }, occurredAt: "2030-01-01T00:00:00.000Z" }
    assert.deepStrictEqual(JSON.parse(toJson(delivery('{"a":[1,"é"]}'))), fields)
    assert.deepStrictEqual(JSON.parse(toJson(delivery('{"a":[1,"é"]}'), id(9))), { ...fields, replay: id(9) })
    assert.include(toJson(delivery('{ "a":1.0 }')), '"payload":{ "a":1.0 },')
  })

  it("reads back, and what is none does not", () => {
    const read = Result.getOrThrow(fromJson(toJson(delivery('{"a":1}'), id(9))))
    assert.deepInclude(read, { id: id(7), version: 3, replay: id(9), occurredAt: BEFORE, payload: { a: 1 } })
    for (const text of ["", "{}", "[]", toJson(delivery("1")).replace('"version":3', '"version":-1')]) {
      assert.isTrue(Result.isFailure(fromJson(text)), text)
    }
  })

  it("has the span of its command, and is read whatever stands there", () => {
    const { metadata, ...rest } = delivery("1")
    for (const traceParent of ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "none"]) {
      const read = fromJson(toJson({ ...rest, metadata: { ...metadata, traceParent } }))
      assert.deepStrictEqual(Result.getOrThrow(read).metadata, { ...metadata, traceParent })
    }
    assert.notProperty(Result.getOrThrow(fromJson(toJson(delivery("1")))).metadata, "traceParent")
  })

  it("has no character that a queue refuses, and none is lost", () => {
    const json = toJson(delivery('{"a":"\uffff\ufffe\ufffd"}'))
    assert.include(json, '{"a":"\\uffff\\ufffe\ufffd"}')
    assert.deepStrictEqual(JSON.parse(json).payload, { a: "\uffff\ufffe\ufffd" })
  })
})
