import { isTraceParent, parse, toText } from "@turnout/core/kernel/domain/TraceParent"
import { assert, describe, it } from "vitest"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const SPAN = "00f067aa0ba902b7"

describe("a traceparent", () => {
  it.each([
    ["01", true],
    ["00", false],
    ["03", true],
    ["02", false]
  ])("names a span, and with the flags %s says whether its trace is recorded", (flags, sampled) => {
    assert.deepStrictEqual(parse(`00-${TRACE}-${SPAN}-${flags}`), { traceId: TRACE, spanId: SPAN, sampled })
  })

  it.each([
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `01-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`
  ])("is none that is valid: %j", (text) => {
    assert.isFalse(isTraceParent(text))
    assert.isUndefined(parse(text))
  })

  it("is the text of a span, unless the ids of the span are of another kind", () => {
    assert.strictEqual(toText({ traceId: TRACE, spanId: SPAN, sampled: true }), `00-${TRACE}-${SPAN}-01`)
    assert.strictEqual(toText({ traceId: TRACE, spanId: SPAN, sampled: false }), `00-${TRACE}-${SPAN}-00`)
    const short = "a3ce929d0e0e4736"
    assert.strictEqual(
      toText({ traceId: short, spanId: SPAN, sampled: true }),
      `00-0000000000000000${short}-${SPAN}-01`
    )
    assert.isUndefined(toText({ traceId: "noop", spanId: "noop", sampled: false }))
    assert.isUndefined(toText({ traceId: "1234567890123456789", spanId: "1234", sampled: true }))
  })
})
