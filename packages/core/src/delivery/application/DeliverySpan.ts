/**
 * The span of a delivery, `turnout.deliver`: the time that a sink takes for entries which it is given together.
 *
 * The entries come from several commands, so the span is the child of none of their traces: it is linked to each of them. The
 * messages carry the trace of their own command, whether the relay is traced or not (ADR 32).
 */
import type * as Tracer from "effect/Tracer"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import * as Spans from "../../kernel/application/tracing/Spans.ts"
import type { Consignment, Sink } from "../ports/Sink.ts"

/** The most links of a span: the limit of OpenTelemetry unless it is configured. */
const MAX_LINKS = 128

/** Links to the commands of the entries that are recorded, each once: the entries of a command come one after the other. */
const linksOf = (deliveries: ReadonlyArray<StoredEntry>): ReadonlyArray<Tracer.SpanLink> => {
  const links: Array<Tracer.SpanLink> = []
  let last: string | undefined
  for (const { metadata } of deliveries) {
    if (metadata.traceParent === last) continue
    last = metadata.traceParent
    const span = Spans.spanOf(last)
    if (span?.sampled === true) links.push({ span, attributes: {} })
    if (links.length === MAX_LINKS) break
  }
  return links
}

/** Delivers a consignment in its span. */
export const deliver = (sink: Sink, consignment: Consignment): ReturnType<Sink["deliver"]> =>
  Spans.within(sink.deliver(consignment), "turnout.deliver", () => ({
    root: true,
    kind: "producer",
    links: linksOf(consignment.deliveries),
    attributes: {
      "messaging.operation.type": "send",
      "messaging.destination.name": sink.name,
      "messaging.batch.message_count": consignment.deliveries.length,
      ...(consignment.replay === undefined ? {} : { "turnout.replay": consignment.replay })
    }
  }))
