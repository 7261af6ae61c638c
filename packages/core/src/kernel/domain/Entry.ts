/**
 * Entries of the journal: a journal event at its place in a stream, with its time and who caused it.
 *
 * A stream is the journal of one event (what people attend). Its entries have the versions 1, 2, 3, … without gaps.
 */
import * as Schema from "effect/Schema"
import { EventId } from "./EventId.ts"
import { Instant } from "./Instant.ts"
import { Uuid } from "./Uuid.ts"

/** The principal who caused a journal event, and the request and the message in the course of which it happened. */
export const Metadata = Schema.Struct({
  actor: Schema.String,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String)
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
  id: Uuid,
  eventId: EventId,
  version: Schema.Natural,
  type: Schema.String,
  schemaVersion: Schema.Natural,
  payload: Schema.Unknown,
  metadata: Metadata,
  occurredAt: Instant
})
export type StoredJournalEntry = typeof StoredJournalEntry.Type
