/**
 * A tracer whose spans tell what was done, how long it took and how it ended, and nothing about people: for spans that leave the
 * process.
 *
 * - Of the attributes of a span, those in `ATTRIBUTES` are kept. Spans that Effect makes have others: the URL of a request with its
 *   query, the address and the user agent of the client, the text of a statement.
 * - A span that fails has the name of its error, and neither its message nor its stack: the message of a database may have the
 *   values of a row, and that of a server error the path of the request.
 * - A span has no events: the lines of the log, which could be among them, have the ids of the trace themselves.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"

/** The attributes that are kept, by their names in the semantic conventions of OpenTelemetry. */
export const ATTRIBUTES: ReadonlySet<string> = new Set([
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "messaging.batch.message_count",
  "messaging.consumer.group.name",
  "messaging.destination.name",
  "messaging.message.id",
  "messaging.operation.type",
  "turnout.replay"
])

const tagOf = (value: unknown): string | undefined =>
  Predicate.hasProperty(value, "_tag") && typeof value._tag === "string" ? value._tag : undefined

/** The name of an error, with that of its reason if it has one, such as `StoreError.Unavailable`. */
const nameOf = (error: unknown): string => {
  const name = tagOf(error) ?? (error instanceof Error ? error.name : typeof error)
  const reason = Predicate.hasProperty(error, "reason") ? tagOf(error.reason) : undefined
  return reason === undefined ? name : `${name}.${reason}`
}

/** The exit of a span, of whose failure there is nothing but the name of the error. */
export const exitOf = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<void, unknown> => {
  if (Exit.isSuccess(exit)) return Exit.void
  if (Cause.hasInterruptsOnly(exit.cause)) return Exit.failCause(exit.cause)
  const name = nameOf(Cause.squash(exit.cause))
  const error = new Error(name)
  return Exit.fail(Object.assign(error, { name, stack: name }))
}

/** The tracer, of whose spans no more is told than that. */
export const make = (tracer: Tracer.Tracer): Tracer.Tracer => ({
  ...tracer,
  span: (options) => {
    const span = tracer.span(options)
    const { attribute, end } = span
    // The span itself is kept, whatever it is: other code of the same tracer looks into it.
    return Object.assign(span, {
      attribute: (key: string, value: unknown) => {
        if (ATTRIBUTES.has(key)) attribute.call(span, key, value)
      },
      event: () => {},
      end: (time: bigint, exit: Exit.Exit<unknown, unknown>) => end.call(span, time, exitOf(exit))
    })
  }
})
