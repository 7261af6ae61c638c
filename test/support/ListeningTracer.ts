/**
 * A tracer of which somebody reads the spans: the test.
 */
import { Tracer } from "effect"

export interface ListeningTracer {
  /** The spans so far, in the order in which they began. */
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
  readonly tracer: Tracer.Tracer
}

export const make = (): ListeningTracer => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}
