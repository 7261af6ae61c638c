/**
 * The span of a request to a webhook, `turnout.post`: a part of the trace of the command that has caused the message, so that this trace
 * shows when the message was posted and what was answered, however often that takes.
 *
 * A request has one message, so its span can be a child of the command; that of a delivery to a queue cannot (`DeliverySpan`). The URL is
 * not in it: receivers put secrets there.
 */
import * as Effect from "effect/Effect"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import * as Spans from "../../kernel/application/tracing/Spans.ts"
import type { WebhookResponse } from "../domain/WebhookHealth.ts"

/** Posts the message of an entry in its span. */
export const within = (
  posting: Effect.Effect<WebhookResponse | undefined>,
  sink: string,
  { id, metadata }: StoredEntry
): Effect.Effect<WebhookResponse | undefined> => {
  const told = Effect.tap(posting, (response) =>
    Spans.annotate(() => (typeof response?.status === "number" ? { "http.response.status_code": response.status } : {}))
  )
  const inSpan = Spans.within(told, "turnout.post", () => ({
    kind: "client",
    attributes: {
      "http.request.method": "POST",
      "messaging.destination.name": sink,
      "messaging.message.id": id
    }
  }))
  return Spans.continuing(inSpan, Spans.spanOf(metadata.traceParent))
}
