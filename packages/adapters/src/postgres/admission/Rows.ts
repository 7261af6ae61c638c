/**
 * Rows of the database as domain values, and the other way round.
 *
 * This library has checked and written the rows, so they are mapped without being validated again. A host may have a client
 * that returns times as text and big integers as numbers; both are accepted.
 */
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { Event, EventStatus } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { type IdempotencyRecord, scope } from "@turnout/core/admission/domain/state/Idempotency"
import { type Answer, decodeAnswer, encodeAnswer } from "@turnout/core/admission/domain/model/Outcome"
import { toText } from "@turnout/core/kernel/domain/Instant"
import type {
  Cancellation,
  Registration,
  RegistrationId,
  RegistrationState
} from "@turnout/core/admission/domain/model/Registration"
import * as Result from "effect/Result"

export type Time = Date | string

export const toDate = (time: Time): Date => (time instanceof Date ? time : new Date(time))
export const toDateOrNull = (time: Time | null): Date | null => (time === null ? null : toDate(time))

/** The columns of `EventRow`. */
export const EVENT = `id, organization_id, title, description, location, organizer, starts_at, ends_at, time_zone, registration_opens_at,
  registration_closes_at, waitlist, waitlist_limit, capacity, status, cancelled_from, version, confirmed, waitlisted,
  attended, no_show, created_at, updated_at, revision, registration, cancellation_closes_at`

export interface EventRow {
  readonly id: string
  readonly organization_id: string
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
  readonly cancelled_from: "draft" | "published" | null
  readonly version: bigint
  readonly confirmed: number
  readonly waitlisted: number
  readonly attended: number
  readonly no_show: number
  readonly created_at: Time
  readonly updated_at: Time
  readonly revision: bigint
  readonly registration: string
  readonly cancellation_closes_at: Time | null
}

export const toEvent = (row: EventRow): Event => ({
  id: row.id as EventId,
  organizationId: row.organization_id as OrganizationId,
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
  registration: row.registration as Event["registration"],
  cancellationClosesAt: toDateOrNull(row.cancellation_closes_at),
  capacity: row.capacity,
  status: row.status as EventStatus,
  ...(row.cancelled_from === null ? {} : { cancelledFrom: row.cancelled_from }),
  version: Number(row.version),
  counts: {
    confirmed: row.confirmed,
    waitlisted: row.waitlisted,
    attended: row.attended,
    noShow: row.no_show
  },
  createdAt: toDate(row.created_at),
  updatedAt: toDate(row.updated_at),
  revision: Number(row.revision)
})

/** An event as a JSON object with the names of the columns, for `jsonb_to_record`. */
export const fromEvent = (event: Event): Record<string, unknown> => ({
  id: event.id,
  organization_id: event.organizationId,
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
  cancelled_from: event.cancelledFrom ?? null,
  version: event.version,
  confirmed: event.counts.confirmed,
  waitlisted: event.counts.waitlisted,
  attended: event.counts.attended,
  no_show: event.counts.noShow,
  created_at: event.createdAt,
  updated_at: event.updatedAt,
  revision: event.revision,
  registration: event.registration,
  cancellation_closes_at: event.cancellationClosesAt
})

/** The columns of `RegistrationRow`. */
export const REGISTRATION =
  "id, event_id, attendee_id, name, email, notes, state, sequence, registered_at, changed_at, cancelled_from, cancelled_reason"

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
  readonly cancelled_from: Cancellation["from"] | null
  readonly cancelled_reason: Cancellation["reason"] | null
}

export const toRegistration = (row: RegistrationRow): Registration => ({
  id: row.id as RegistrationId,
  eventId: row.event_id as EventId,
  attendee: { id: row.attendee_id as AttendeeId, name: row.name, email: row.email },
  notes: row.notes,
  state: row.state as RegistrationState,
  sequence: Number(row.sequence),
  registeredAt: toDate(row.registered_at),
  changedAt: toDate(row.changed_at),
  ...(row.cancelled_from === null || row.cancelled_reason === null
    ? {}
    : { cancellation: { from: row.cancelled_from, reason: row.cancelled_reason } })
})

/** An idempotency record as `to_jsonb` returns it. */
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

/**
 * The part that is stored of an answer that shows a registration: its state at that time, and what the answer says besides. The
 * other fields are read from the registration itself, so that no personal data is stored twice, and a correction corrects the
 * answers too.
 */
interface RegistrationAnswer {
  readonly state: RegistrationState
  readonly changedAt: string
  /** In the answer to registering. */
  readonly waitlistPosition?: number | null
  /** In the answer to a change. */
  readonly changed?: boolean
  readonly cancellation?: Cancellation
}

/** The id of the registration that an answer shows, or `null`, and as JSON the other parts of the answer to be stored. */
export const fromAnswer = (answer: Answer): { readonly registrationId: string | null; readonly json: string } => {
  if (Result.isFailure(answer) || !("registration" in answer.success)) {
    return { registrationId: null, json: JSON.stringify(encodeAnswer(answer)) }
  }
  const { registration } = answer.success
  const { cancellation, changedAt, id, state } = registration
  const at = `"state":"${state}","changedAt":"${toText(changedAt)}"`
  if ("waitlistPosition" in answer.success) {
    return { registrationId: id, json: `{${at},"waitlistPosition":${answer.success.waitlistPosition}}` }
  }
  const ended = cancellation === undefined ? "" : `,"cancellation":${JSON.stringify(cancellation)}`
  return { registrationId: id, json: `{${at},"changed":${answer.success.changed}${ended}}` }
}

/** The record, with the current registration that it refers to. */
export const toIdempotencyRecord = (row: IdempotencyRow, registration: Registration | null): IdempotencyRecord => ({
  scope: scope(row.principal, row.operation, row.key),
  fingerprint: row.fingerprint,
  requestId: row.request_id,
  answer:
    registration === null
      ? decodeAnswer(row.answer)
      : toAnswer(row.operation, row.answer as RegistrationAnswer, registration),
  createdAt: toDate(row.created_at),
  expiresAt: toDate(row.expires_at)
})

const toAnswer = (operation: string, stored: RegistrationAnswer, now: Registration): Answer => {
  const { cancellation, changed = true, changedAt, state, waitlistPosition = null } = stored
  const { cancellation: _, ...fields } = now
  const registration: Registration = {
    ...fields,
    state,
    changedAt: new Date(changedAt),
    ...(cancellation === undefined ? {} : { cancellation })
  }
  const isRegistering = operation === "Register" || operation === "RegisterGuest"
  return Result.succeed(isRegistering ? { registration, waitlistPosition } : { registration, changed })
}

/** A row of the journal. Its payload is JSON that the client has parsed, or the text of it. */
export interface JournalRow<Payload = unknown> {
  readonly event_id: string
  readonly version: bigint
  readonly id: string
  readonly type: string
  readonly schema_version: number
  readonly payload: Payload
  readonly actor: string
  readonly correlation_id: string | null
  readonly causation_id: string | null
  readonly trace_parent: string | null
  readonly occurred_at: Time
}

export const toJournalEntry = <Payload>(
  row: JournalRow<Payload>
): Omit<StoredJournalEntry, "payload"> & { readonly payload: Payload } => ({
  id: row.id,
  eventId: row.event_id as EventId,
  version: Number(row.version),
  type: row.type,
  schemaVersion: row.schema_version,
  payload: row.payload,
  metadata: {
    actor: row.actor,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    ...(row.trace_parent === null ? {} : { traceParent: row.trace_parent })
  },
  occurredAt: toDate(row.occurred_at)
})
