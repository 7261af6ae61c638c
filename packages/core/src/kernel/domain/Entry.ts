/**
 * Entries of the journal: a journal event at its place in a stream, with its time and who caused it.
 *
 * A stream is the journal of one event (what people attend). Its entries have the versions 1, 2, 3, … without gaps.
 */
import * as Schema from "effect/Schema"
import { described } from "./document/Documented.ts"
import { EventId } from "./EventId.ts"
import { Instant } from "./Instant.ts"
import { Uuid } from "./Uuid.ts"

/** The principal who caused a journal event, and the request, the message and the trace in the course of which it happened. */
export const Metadata = Schema.Struct({
  /** The principal who caused it. */
  actor: described("The principal who caused it", Schema.String, { examples: ["anonymous"] }),
  /** Ties together everything that one request or process caused: the X-Request-Id of a request. */
  correlationId: described(
    "Ties together everything that one request or process caused: the X-Request-Id of a request",
    Schema.NullOr(Schema.String),
    { examples: ["01JD8Z5T9W"] }
  ),
  /** The message or request in the course of which it happened. */
  causationId: described("The message or request in the course of which it happened", Schema.NullOr(Schema.String), {
    examples: [null]
  }),
  /** The span in which it happened, as a `traceparent` (`TraceParent`); absent if there was none. */
  traceParent: described(
    "The span in which it happened, as a `traceparent` of W3C Trace Context; absent if there was none",
    Schema.optionalKey(Schema.String),
    { examples: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] }
  )
})
export type Metadata = typeof Metadata.Type

/** An entry whose journal event is one of these. */
export interface EntryOf<JournalEvent> {
  readonly eventId: EventId
  /** Place in the stream of the event: 1, 2, 3, … */
  readonly version: number
  readonly event: JournalEvent
  readonly metadata: Metadata
  readonly occurredAt: Date
}

/** A journal entry as stored and as delivered: `id` is its message id. */
export const StoredJournalEntry = Schema.Struct({
  /** The message id: the same in every delivery, so that duplicates are recognised by it. */
  id: described("The message id: the same in every delivery, so that duplicates are recognised by it", Uuid),
  /** The event that it is about, whose journal is its stream. */
  eventId: described("The event that it is about, whose journal is its stream", EventId),
  /** The place in the stream: 1, 2, 3, … without gaps. */
  version: described("The place in the stream: 1, 2, 3, … without gaps", Schema.Natural, { examples: [1] }),
  /** The type of the journal event. */
  type: described("The type of the journal event", Schema.String),
  /** The version of the form of `payload`, for each type on its own. */
  schemaVersion: described("The version of the form of `payload`, for each type on its own", Schema.Natural, {
    examples: [1]
  }),
  /** What happened, in the form that the type and the schema version say. */
  payload: described("What happened, in the form that the type and the schema version say", Schema.Unknown),
  /** Who caused it, and in the course of what. */
  metadata: described("Who caused it, and in the course of what", Metadata),
  /** When it happened, by the clock of the store. */
  occurredAt: described("When it happened, by the clock of the store", Instant)
})
export interface StoredJournalEntry extends Schema.Schema.Type<typeof StoredJournalEntry> {}
