/**
 * Rows of the database as domain values, and the other way round.
 *
 * What is read was written by this library and checked then, so it is mapped without being validated again. A host may
 * have a client that gives times as text and big integers as numbers; both are taken as they come.
 */
import type { AttendeeId } from "@turnout/core/domain/Attendee"
import type { Event, EventId, EventStatus } from "@turnout/core/domain/Event"
import type { IdempotencyRecord } from "@turnout/core/domain/Idempotency"
import type { Metadata, StoredJournalEntry } from "@turnout/core/domain/JournalEvent"
import { decodeAnswer } from "@turnout/core/domain/Outcome"
import type { Registration, RegistrationId, RegistrationState } from "@turnout/core/domain/Registration"

type Time = Date | string

const toDate = (time: Time): Date => (time instanceof Date ? time : new Date(time))
const toDateOrNull = (time: Time | null): Date | null => (time === null ? null : toDate(time))

export interface EventRow {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly location: string
  readonly organizer: string
  readonly starts_at: Time
  readonly ends_at: Time
  readonly time_zone: string
  readonly registration_opens_at: Time | null
  readonly registration_closes_at: Time | null
  readonly waitlist: string
  readonly waitlist_limit: number | null
  readonly capacity: number
  readonly status: string
  readonly version: bigint
  readonly confirmed: number
  readonly waitlisted: number
  readonly attended: number
  readonly no_show: number
  readonly created_at: Time
  readonly updated_at: Time
}

export const toEvent = (row: EventRow): Event => ({
  id: row.id as EventId,
  title: row.title,
  description: row.description,
  location: row.location,
  organizer: row.organizer,
  startsAt: toDate(row.starts_at),
  endsAt: toDate(row.ends_at),
  timeZone: row.time_zone,
  registrationOpensAt: toDateOrNull(row.registration_opens_at),
  registrationClosesAt: toDateOrNull(row.registration_closes_at),
  waitlist: row.waitlist as Event["waitlist"],
  waitlistLimit: row.waitlist_limit,
  capacity: row.capacity,
  status: row.status as EventStatus,
  version: Number(row.version),
  counts: {
    confirmed: row.confirmed,
    waitlisted: row.waitlisted,
    attended: row.attended,
    noShow: row.no_show
  },
  createdAt: toDate(row.created_at),
  updatedAt: toDate(row.updated_at)
})

/** An event as a JSON object with the names of the columns, for `jsonb_to_recordset`. */
export const fromEvent = (event: Event): Record<string, unknown> => ({
  id: event.id,
  title: event.title,
  description: event.description,
  location: event.location,
  organizer: event.organizer,
  starts_at: event.startsAt,
  ends_at: event.endsAt,
  time_zone: event.timeZone,
  registration_opens_at: event.registrationOpensAt,
  registration_closes_at: event.registrationClosesAt,
  waitlist: event.waitlist,
  waitlist_limit: event.waitlistLimit,
  capacity: event.capacity,
  status: event.status,
  version: event.version,
  confirmed: event.counts.confirmed,
  waitlisted: event.counts.waitlisted,
  attended: event.counts.attended,
  no_show: event.counts.noShow,
  created_at: event.createdAt,
  updated_at: event.updatedAt
})

export interface RegistrationRow {
  readonly id: string
  readonly event_id: string
  readonly attendee_id: string
  readonly name: string
  readonly email: string
  readonly notes: string
  readonly state: string
  readonly sequence: bigint
  readonly registered_at: Time
  readonly changed_at: Time
}

export const toRegistration = (row: RegistrationRow): Registration => ({
  id: row.id as RegistrationId,
  eventId: row.event_id as EventId,
  attendee: { id: row.attendee_id as AttendeeId, name: row.name, email: row.email },
  notes: row.notes,
  state: row.state as RegistrationState,
  sequence: Number(row.sequence),
  registeredAt: toDate(row.registered_at),
  changedAt: toDate(row.changed_at)
})

/** An idempotency record as `to_jsonb` gives it. */
export interface IdempotencyRow {
  readonly operation: string
  readonly key: string
  readonly principal: string
  readonly fingerprint: string
  readonly request_id: string
  readonly answer: unknown
  readonly created_at: Time
  readonly expires_at: Time
}

export const toIdempotencyRecord = (row: IdempotencyRow): IdempotencyRecord => ({
  operation: row.operation,
  key: row.key,
  principal: row.principal,
  fingerprint: row.fingerprint,
  requestId: row.request_id,
  answer: decodeAnswer(row.answer),
  createdAt: toDate(row.created_at),
  expiresAt: toDate(row.expires_at)
})

export interface JournalRow {
  readonly event_id: string
  readonly version: bigint
  readonly id: string
  readonly type: string
  readonly schema_version: number
  readonly payload: unknown
  readonly metadata: unknown
  readonly occurred_at: Time
}

export const toJournalEntry = (row: JournalRow): StoredJournalEntry => ({
  id: row.id,
  eventId: row.event_id as EventId,
  version: Number(row.version),
  type: row.type,
  schemaVersion: row.schema_version,
  payload: row.payload,
  metadata: row.metadata as Metadata,
  occurredAt: toDate(row.occurred_at)
})
