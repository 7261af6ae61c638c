/**
 * The place of a span in its trace, as text: the header `traceparent` of W3C Trace Context
 * (https://www.w3.org/TR/trace-context/#traceparent-header) in version 00, such as
 * `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
 *
 * A text that is no such header is passed over and never refused: a write does not fail because of its trace.
 */

/** A span, as other processes know it. */
export interface SpanContext {
  /** 32 hexadecimal digits, not all of them 0. */
  readonly traceId: string
  /** 16 hexadecimal digits, not all of them 0. */
  readonly spanId: string
  /** Whether the trace is recorded. The spans of a trace that is not recorded pass its ids on all the same. */
  readonly sampled: boolean
}

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
/** The bit of the flags that says whether the trace is recorded. */
const SAMPLED = 1

export const isTraceParent = (text: string): boolean => FORM.test(text)

/** The span that a text names; `undefined` if it is no `traceparent` of version 00. */
export const parse = (text: string): SpanContext | undefined => {
  const found = FORM.exec(text)
  if (found === null) return undefined
  const [, traceId, spanId, flags] = found
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & SAMPLED) === SAMPLED }
}

/** The text of a span; `undefined` if its ids are not those of W3C Trace Context, as those of some tracers are not. */
export const toText = ({ sampled, spanId, traceId }: SpanContext): string | undefined => {
  // Older tracers have ids of half the length, which stand for the same with zeros before them.
  const text = `00-${traceId.padStart(32, "0")}-${spanId}-${sampled ? "01" : "00"}`
  return isTraceParent(text) ? text : undefined
}
