/**
 * Journal events: what has happened, in the past tense, each with everything that a consumer needs to act on it.
 *
 * Every commit appends its events to the journal, in the stream of the event (what people attend) that they concern;
 * versions in a stream are 1, 2, 3, … without gaps. What is stored is JSON with a schema version; `decode` reads every
 * version ever written. A stored sample of each lives in `test/samples/journal`.
 */
import * as Schema from "effect/Schema"
import { Capacity, EventDetails, EventId } from "./Event.ts"
import { Instant } from "./Instant.ts"
import { Registration, registrationJson, RegistrationState } from "./Registration.ts"
import { currentVersion, type Json, upcast, type Upcasters } from "./Upcasting.ts"
import { Uuid } from "./Uuid.ts"

export const EventCreated = Schema.TaggedStruct("EventCreated", { details: EventDetails, capacity: Capacity })
export const EventUpdated = Schema.TaggedStruct("EventUpdated", { details: EventDetails })
export const EventPublished = Schema.TaggedStruct("EventPublished", {})
export const EventUnpublished = Schema.TaggedStruct("EventUnpublished", {})
export const EventCancelled = Schema.TaggedStruct("EventCancelled", {})
export const EventCompleted = Schema.TaggedStruct("EventCompleted", {})
export const CapacityChanged = Schema.TaggedStruct("CapacityChanged", { from: Capacity, to: Capacity })

/** The attendee got a seat at once. */
export const AttendeeRegistered = Schema.TaggedStruct("AttendeeRegistered", { registration: Registration })
/** The attendee joined the end of the waitlist. */
export const AttendeeWaitlisted = Schema.TaggedStruct("AttendeeWaitlisted", { registration: Registration })
/** The first of the waitlist got a seat that became free. */
export const RegistrationPromoted = Schema.TaggedStruct("RegistrationPromoted", { registration: Registration })
/** A chosen waiter got a seat. */
export const RegistrationConfirmed = Schema.TaggedStruct("RegistrationConfirmed", { registration: Registration })
export const RegistrationCancelled = Schema.TaggedStruct("RegistrationCancelled", {
  registration: Registration,
  from: RegistrationState
})
export const AttendeeAttended = Schema.TaggedStruct("AttendeeAttended", {
  registration: Registration,
  from: RegistrationState
})
export const AttendeeMissed = Schema.TaggedStruct("AttendeeMissed", {
  registration: Registration,
  from: RegistrationState
})

export const JournalEvent = Schema.Union([
  EventCreated,
  EventUpdated,
  EventPublished,
  EventUnpublished,
  EventCancelled,
  EventCompleted,
  CapacityChanged,
  AttendeeRegistered,
  AttendeeWaitlisted,
  RegistrationPromoted,
  RegistrationConfirmed,
  RegistrationCancelled,
  AttendeeAttended,
  AttendeeMissed
])
export type JournalEvent = typeof JournalEvent.Type

/** The names of all types. */
export const JournalEventType = Schema.Literals(JournalEvent.members.map(({ fields }) => fields._tag.schema.literal))
export type JournalEventType = typeof JournalEventType.Type

/** Who caused an event, and in the course of what. */
export const Metadata = Schema.Struct({
  actor: Schema.String,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String)
})
export type Metadata = typeof Metadata.Type

/** A journal event in its place in the journal. */
export interface JournalEntry {
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

/** How what was written in earlier schema versions is read. No type has had more than one so far. */
export const upcasters: Upcasters = {}

/** The schema version that a type is written in today. */
export const schemaVersionOf = (type: JournalEventType): number => currentVersion(upcasters, type)

const codec = Schema.toCodecJson(JournalEvent)
const encodeEvent = Schema.encodeSync(codec)
const decodeEvent = Schema.decodeUnknownSync(codec)

/** The payload of an event as JSON, in today's schema version. */
export const encodePayload = (event: JournalEvent): Readonly<Record<string, unknown>> => {
  const { _tag, ...payload } = encodeEvent(event) as Readonly<Record<string, unknown>>
  return payload
}

/** `encodePayload` as text, put together by hand: the hot path writes one for every change. */
export const payloadJson = (event: JournalEvent): string => {
  if ("registration" in event) {
    const registration = registrationJson(event.registration)
    return "from" in event
      ? `{"registration":${registration},"from":"${event.from}"}`
      : `{"registration":${registration}}`
  }
  const { _tag, ...payload } = event
  return JSON.stringify(payload)
}

/** The event that was stored as this type, schema version and payload; throws if no such thing was ever written. */
export const decode = (type: string, schemaVersion: number, payload: unknown): JournalEvent => {
  return decodeEvent({ _tag: type, ...upcast(upcasters, type, schemaVersion, payload as Json) })
}
