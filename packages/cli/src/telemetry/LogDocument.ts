/**
 * A line of the log as a flat JSON document, as collectors of logs read them: `timestamp`, `level`, `message`, within a span the `trace_id` and
 * the `span_id`, then the times of log spans and the annotations under their own names, and the `cause` of a failure.
 *
 * An annotation that has the name of a field gives way to it.
 */
import * as Formatter from "effect/Formatter"
import type { AnySpan } from "effect/Tracer"

/** The parts of a line, as Effect's structured logger gives them. */
export interface Parts {
  readonly timestamp: string
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
  readonly spans: Readonly<Record<string, number>>
  readonly cause: string | undefined
}

/** The ids of a span, by the names that OpenTelemetry gives them in other formats of logs. */
const idsOf = (span: AnySpan | undefined): Readonly<Record<string, string>> =>
  span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }

/** The document of a line that was logged in a span. */
export const toJson = (
  { annotations, cause, level, message, spans, timestamp }: Parts,
  span: AnySpan | undefined
): string => {
  const fields = Object.entries({ timestamp, level, message, ...idsOf(span) })
  const others = [...Object.entries(spans), ...Object.entries(annotations)]
  const last = cause === undefined ? [] : [["cause", cause] as const]
  // A name that comes several times has the place of the first and the value of the last.
  return Formatter.formatJson(Object.fromEntries([...fields, ...others, ...last, ...fields]))
}

/** The line in the form of logfmt, with the id of the trace that it belongs to. */
export const toText = (line: string, span: AnySpan | undefined): string =>
  span === undefined ? line : `${line} trace_id=${span.traceId}`
