/**
 * What the operations of the server take and give, as JSON has it: times are texts. Made by `npm run fetch-client` from the OpenAPI document: do not edit.
 */
import type { CallOptions } from "./Call.ts"

/**
 * The headers are too large
 */
export interface HeadersTooLargeProblem {
  type: "urn:turnout:problem:headers_too_large"
  title: "The headers are too large"
  status: 431
  code: "headers_too_large"
  detail?: string
  maxBytes: number
  maxHeaders: number
}
/**
 * The expectation cannot be met
 */
export interface ExpectationFailedProblem {
  type: "urn:turnout:problem:expectation_failed"
  title: "The expectation cannot be met"
  status: 417
  code: "expectation_failed"
  detail?: string
}
/**
 * The path is too long
 */
export interface UriTooLongProblem {
  type: "urn:turnout:problem:uri_too_long"
  title: "The path is too long"
  status: 414
  code: "uri_too_long"
  detail?: string
  maxLength: number
}
/**
 * The request did not arrive in time
 */
export interface RequestNotReceivedProblem {
  type: "urn:turnout:problem:request_not_received"
  title: "The request did not arrive in time"
  status: 408
  code: "request_not_received"
  detail?: string
}
/**
 * The request is not HTTP
 */
export interface MalformedRequestProblem {
  type: "urn:turnout:problem:malformed_request"
  title: "The request is not HTTP"
  status: 400
  code: "malformed_request"
  detail?: string
  reason: string
}
/**
 * The request is not valid
 */
export interface ValidationFailedProblem {
  type: "urn:turnout:problem:validation_failed"
  title: "The request is not valid"
  status: 400
  code: "validation_failed"
  detail?: string
  violations: Violation[]
}
export interface Violation {
  in: "body" | "query" | "path" | "header"
  pointer: string
  rule: string
}
/**
 * The store is not available
 */
export interface StoreUnavailableProblem {
  type: "urn:turnout:problem:store_unavailable"
  title: "The store is not available"
  status: 503
  code: "store_unavailable"
  detail?: string
  reason: string
  retryAfterSeconds: number
  done?: {}
}
/**
 * Something went wrong on the server
 */
export interface InternalErrorProblem {
  type: "urn:turnout:problem:internal_error"
  title: "Something went wrong on the server"
  status: 500
  code: "internal_error"
  detail?: string
  done?: {}
}
/**
 * The request took too long
 */
export interface RequestTimeoutProblem {
  type: "urn:turnout:problem:request_timeout"
  title: "The request took too long"
  status: 504
  code: "request_timeout"
  detail?: string
}
/**
 * Too many requests are waiting
 */
export interface OverloadedProblem {
  type: "urn:turnout:problem:overloaded"
  title: "Too many requests are waiting"
  status: 503
  code: "overloaded"
  detail?: string
  retryAfterMillis: number
}
/**
 * The outcome is not known
 */
export interface OutcomeUnknownProblem {
  type: "urn:turnout:problem:outcome_unknown"
  title: "The outcome is not known"
  status: 503
  code: "outcome_unknown"
  detail?: string
  retryAfterSeconds: number
  done?: {}
}
export interface RegistrationPage {
  items: Registration[]
  nextCursor: string | null
}
export interface Registration {
  id: string
  eventId: string
  attendee: {
    id: string
    name: string
    email: string
  }
  notes: string
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  sequence: number
  registeredAt: string
  changedAt: string
  cancellation?: {
    from: "confirmed" | "waitlisted" | "noShow"
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
/**
 * The state of the registration does not allow this
 */
export interface RegistrationStateConflictProblem {
  type: "urn:turnout:problem:registration_state_conflict"
  title: "The state of the registration does not allow this"
  status: 409
  code: "registration_state_conflict"
  detail?: string
  eventId: string
  registrationId: string
  operation: string
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  allowed: ("confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow")[]
}
/**
 * The status of the event does not allow this
 */
export interface EventStatusConflictProblem {
  type: "urn:turnout:problem:event_status_conflict"
  title: "The status of the event does not allow this"
  status: 409
  code: "event_status_conflict"
  detail?: string
  eventId: string
  operation: string
  eventStatus: "draft" | "published" | "cancelled" | "completed" | "reopening"
  allowed: ("draft" | "published" | "cancelled" | "completed" | "reopening")[]
}
/**
 * There is no such registration
 */
export interface RegistrationNotFoundProblem {
  type: "urn:turnout:problem:registration_not_found"
  title: "There is no such registration"
  status: 404
  code: "registration_not_found"
  detail?: string
  eventId: string
  registrationId: string
}
/**
 * There is no such event
 */
export interface EventNotFoundProblem {
  type: "urn:turnout:problem:event_not_found"
  title: "There is no such event"
  status: 404
  code: "event_not_found"
  detail?: string
  eventId: string
}
export interface WaitlistPlace {
  position: number
  length: number
}
export interface WaitlistPage {
  items: WaitlistEntry[]
  nextCursor: string | null
}
export interface WaitlistEntry {
  position: number
  registration: Registration
}
/**
 * The content type is not supported
 */
export interface UnsupportedMediaTypeProblem {
  type: "urn:turnout:problem:unsupported_media_type"
  title: "The content type is not supported"
  status: 415
  code: "unsupported_media_type"
  detail?: string
  supported: string[]
}
/**
 * The body is too large
 */
export interface PayloadTooLargeProblem {
  type: "urn:turnout:problem:payload_too_large"
  title: "The body is too large"
  status: 413
  code: "payload_too_large"
  detail?: string
  maxBytes: number
}
/**
 * The body is not JSON
 */
export interface MalformedJsonProblem {
  type: "urn:turnout:problem:malformed_json"
  title: "The body is not JSON"
  status: 400
  code: "malformed_json"
  detail?: string
}
/**
 * The Idempotency-Key header is missing
 */
export interface IdempotencyKeyMissingProblem {
  type: "urn:turnout:problem:idempotency_key_missing"
  title: "The Idempotency-Key header is missing"
  status: 400
  code: "idempotency_key_missing"
  detail?: string
}
/**
 * The idempotency key was used for another payload
 */
export interface IdempotencyKeyReusedProblem {
  type: "urn:turnout:problem:idempotency_key_reused"
  title: "The idempotency key was used for another payload"
  status: 422
  code: "idempotency_key_reused"
  detail?: string
  operation: string
  key: string
}
/**
 * The idempotency key was used before
 */
export interface IdempotencyKeyReplayedProblem {
  type: "urn:turnout:problem:idempotency_key_replayed"
  title: "The idempotency key was used before"
  status: 409
  code: "idempotency_key_replayed"
  detail?: string
}
/**
 * The first request with this idempotency key is not finished
 */
export interface IdempotencyKeyInFlightProblem {
  type: "urn:turnout:problem:idempotency_key_in_flight"
  title: "The first request with this idempotency key is not finished"
  status: 409
  code: "idempotency_key_in_flight"
  detail?: string
  retryAfterSeconds: number
}
export interface ChangedRegistration {
  id: string
  eventId: string
  attendee: {
    id: string
    name: string
    email: string
  }
  notes: string
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  sequence: number
  registeredAt: string
  changedAt: string
  cancellation?: {
    from: "confirmed" | "waitlisted" | "noShow"
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
  changed: boolean
}
/**
 * The event has not started
 */
export interface EventNotStartedProblem {
  type: "urn:turnout:problem:event_not_started"
  title: "The event has not started"
  status: 409
  code: "event_not_started"
  detail?: string
  eventId: string
  operation: string
  startsAt: string
}
/**
 * The doors are not open yet
 */
export interface DoorsNotOpenProblem {
  type: "urn:turnout:problem:doors_not_open"
  title: "The doors are not open yet"
  status: 409
  code: "doors_not_open"
  detail?: string
  eventId: string
  doorsOpenAt: string
}
export interface AttendedInput {
  early?: boolean
}
/**
 * The attendee is registered already
 */
export interface AlreadyRegisteredProblem {
  type: "urn:turnout:problem:already_registered"
  title: "The attendee is registered already"
  status: 409
  code: "already_registered"
  detail?: string
  eventId: string
  attendeeId: string
  registrationId: string
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
}
export interface CorrectionInput {
  attendee?: {
    id?: string
    name?: string
    email?: string
  }
  notes?: string
}
/**
 * The event is full
 */
export interface CapacityFullProblem {
  type: "urn:turnout:problem:capacity_full"
  title: "The event is full"
  status: 409
  code: "capacity_full"
  detail?: string
  eventId: string
  capacity: number
  waitlistLength: number
}
export interface ConfirmationInput {
  beyond?: "raise" | "overhang"
}
export interface CountedRegistrationPage {
  items: Registration[]
  nextCursor: string | null
  total?: number
}
export interface RegistrationOutcome {
  registration: Registration
  waitlistPosition: number | null
}
export interface GuestInput {
  attendee: {
    id?: string
    name?: string
    email: string
  }
  notes?: string
  beyond?: "raise" | "overhang"
}
/**
 * The event and its waitlist are full
 */
export interface WaitlistFullProblem {
  type: "urn:turnout:problem:waitlist_full"
  title: "The event and its waitlist are full"
  status: 409
  code: "waitlist_full"
  detail?: string
  eventId: string
  capacity: number
  waitlistLength: number
  waitlistLimit: number
}
/**
 * Registration has closed
 */
export interface RegistrationClosedProblem {
  type: "urn:turnout:problem:registration_closed"
  title: "Registration has closed"
  status: 409
  code: "registration_closed"
  detail?: string
  eventId: string
  closedAt: string
}
/**
 * Registration has not opened
 */
export interface RegistrationNotOpenProblem {
  type: "urn:turnout:problem:registration_not_open"
  title: "Registration has not opened"
  status: 409
  code: "registration_not_open"
  detail?: string
  eventId: string
  opensAt: string
}
export interface RegistrationInput {
  attendee: {
    id?: string
    name?: string
    email: string
  }
  notes?: string
}
/**
 * The event has changed since
 */
export interface VersionConflictProblem {
  type: "urn:turnout:problem:version_conflict"
  title: "The event has changed since"
  status: 412
  code: "version_conflict"
  detail?: string
  eventId: string
  expectedVersions: number[]
  version: number
  revision: number
}
/**
 * People have registered for the event before
 */
export interface EventHadRegistrationsProblem {
  type: "urn:turnout:problem:event_had_registrations"
  title: "People have registered for the event before"
  status: 409
  code: "event_had_registrations"
  detail?: string
  eventId: string
}
/**
 * Another number of seats has to be taken back
 */
export interface DemotionsMismatchProblem {
  type: "urn:turnout:problem:demotions_mismatch"
  title: "Another number of seats has to be taken back"
  status: 409
  code: "demotions_mismatch"
  detail?: string
  eventId: string
  demote: number
  needed: number
  confirmed: number
}
/**
 * More seats are taken than the capacity would have
 */
export interface CapacityBelowSeatsTakenProblem {
  type: "urn:turnout:problem:capacity_below_seats_taken"
  title: "More seats are taken than the capacity would have"
  status: 409
  code: "capacity_below_seats_taken"
  detail?: string
  eventId: string
  capacity: number
  seatsTaken: number
}
export interface Event {
  id: string
  title: string
  description: string
  location: string
  organizer: string
  startsAt: string
  endsAt: string
  timeZone: string
  registrationOpensAt: string | null
  registrationClosesAt: string | null
  waitlist: "open" | "closed"
  waitlistLimit: number | null
  capacity: number
  status: "draft" | "published" | "cancelled" | "completed" | "reopening"
  cancelledFrom?: "draft" | "published"
  version: number
  revision: number
  counts: {
    confirmed: number
    waitlisted: number
    attended: number
    noShow: number
  }
  createdAt: string
  updatedAt: string
}
export interface CapacityInput {
  capacity: number
  keepOverhang?: boolean
  demote?: number
}
/**
 * The event is over
 */
export interface EventOverProblem {
  type: "urn:turnout:problem:event_over"
  title: "The event is over"
  status: 409
  code: "event_over"
  detail?: string
  eventId: string
  operation: string
  endedAt: string
}
/**
 * People have registered for the event
 */
export interface EventHasRegistrationsProblem {
  type: "urn:turnout:problem:event_has_registrations"
  title: "People have registered for the event"
  status: 409
  code: "event_has_registrations"
  detail?: string
  eventId: string
  seatsTaken: number
  waitlistLength: number
}
/**
 * The times would be out of order
 */
export interface ScheduleInvalidProblem {
  type: "urn:turnout:problem:schedule_invalid"
  title: "The times would be out of order"
  status: 409
  code: "schedule_invalid"
  detail?: string
  eventId: string
  field: string
  rule: string
}
export interface EventChanges {
  title?: string
  description?: string
  location?: string
  organizer?: string
  startsAt?: string
  endsAt?: string
  timeZone?: string
  registrationOpensAt?: string | null
  registrationClosesAt?: string | null
  waitlist?: "open" | "closed"
  waitlistLimit?: number | null
}
export interface EventPage {
  items: Event[]
  nextCursor: string | null
  total?: number
}
/**
 * The event was deleted
 */
export interface EventWasDeletedProblem {
  type: "urn:turnout:problem:event_was_deleted"
  title: "The event was deleted"
  status: 409
  code: "event_was_deleted"
  detail?: string
  eventId: string
}
/**
 * The event exists already
 */
export interface EventAlreadyExistsProblem {
  type: "urn:turnout:problem:event_already_exists"
  title: "The event exists already"
  status: 409
  code: "event_already_exists"
  detail?: string
  eventId: string
}
export interface EventInput {
  id?: string
  title: string
  description?: string
  location?: string
  organizer: string
  startsAt: string
  endsAt: string
  timeZone: string
  registrationOpensAt?: string | null
  registrationClosesAt?: string | null
  waitlist?: "open" | "closed"
  waitlistLimit?: number | null
  capacity: number
}
/**
 * What `events.create` takes.
 */
export interface EventsCreateRequest {
  idempotencyKey?: string
  body: EventInput
}
/**
 * What `events.list` takes.
 */
export interface EventsListRequest {
  /**
   * One or more of draft, published, cancelled, completed, reopening, separated by commas
   */
  status?: string
  /**
   * The organizer, in full
   */
  organizer?: string
  /**
   * Text in the title or the location, without regard to case and accents; each word must be there
   */
  search?: string
  /**
   * The event ends after this moment: with the present moment, it is not over
   */
  from?: string
  /**
   * The event starts before this moment
   */
  until?: string
  /**
   * The event starts at this moment or later
   */
  startsFrom?: string
  /**
   * The event starts before this moment
   */
  startsUntil?: string
  /**
   * The event is over at this moment
   */
  overBy?: string
  /**
   * earliest (the default): the first to start first; latest: the other way round
   */
  order?: "earliest" | "latest"
  /**
   * Whether to count the items of all pages, which costs a look at each of them
   */
  total?: "true" | "false"
  /**
   * nextCursor of the page before
   */
  cursor?: string
  limit?: number
}
/**
 * What `events.get` takes.
 */
export interface EventsGetRequest {
  eventId: string
}
/**
 * What `events.update` takes.
 */
export interface EventsUpdateRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
  body: EventChanges
}
/**
 * What `events.delete` takes.
 */
export interface EventsDeleteRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.publish` takes.
 */
export interface EventsPublishRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.unpublish` takes.
 */
export interface EventsUnpublishRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.cancel` takes.
 */
export interface EventsCancelRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.complete` takes.
 */
export interface EventsCompleteRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.reopen` takes.
 */
export interface EventsReopenRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
}
/**
 * What `events.changeCapacity` takes.
 */
export interface EventsChangeCapacityRequest {
  eventId: string
  idempotencyKey?: string
  ifMatch?: string
  body: CapacityInput
}
/**
 * What `registrations.register` takes.
 */
export interface RegistrationsRegisterRequest {
  eventId: string
  idempotencyKey?: string
  body: RegistrationInput
}
/**
 * What `registrations.list` takes.
 */
export interface RegistrationsListRequest {
  eventId: string
  /**
   * One or more of confirmed, waitlisted, cancelled, attended, noShow, separated by commas
   */
  state?: string
  /**
   * The id of the attendee, in full: the host's own, or `mailto:` and the address of a person who registered by address alone
   */
  attendeeId?: string
  /**
   * What the e-mail address, or a word of the name, begins with, without regard to case and accents; each word must be found
   */
  search?: string
  /**
   * Registered at this moment or later
   */
  registeredFrom?: string
  /**
   * Registered before this moment
   */
  registeredUntil?: string
  /**
   * In the present state since this moment or a later one
   */
  changedFrom?: string
  /**
   * In the present state since before this moment
   */
  changedUntil?: string
  /**
   * entry (the default): the first to register first; newest: the other way round
   */
  order?: "entry" | "newest"
  /**
   * Whether to count the items of all pages, which costs a look at each of them
   */
  total?: "true" | "false"
  /**
   * nextCursor of the page before
   */
  cursor?: string
  limit?: number
}
/**
 * What `registrations.registerGuest` takes.
 */
export interface RegistrationsRegisterGuestRequest {
  eventId: string
  idempotencyKey?: string
  body: GuestInput
}
/**
 * What `registrations.export` takes.
 */
export interface RegistrationsExportRequest {
  eventId: string
  state?: string
}
/**
 * What `registrations.get` takes.
 */
export interface RegistrationsGetRequest {
  eventId: string
  registrationId: string
}
/**
 * What `registrations.correct` takes.
 */
export interface RegistrationsCorrectRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
  body: CorrectionInput
}
/**
 * What `registrations.cancel` takes.
 */
export interface RegistrationsCancelRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
}
/**
 * What `registrations.confirm` takes.
 */
export interface RegistrationsConfirmRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
  body?: ConfirmationInput
}
/**
 * What `registrations.reinstate` takes.
 */
export interface RegistrationsReinstateRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
}
/**
 * What `registrations.markAttended` takes.
 */
export interface RegistrationsMarkAttendedRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
  body?: AttendedInput
}
/**
 * What `registrations.markNoShow` takes.
 */
export interface RegistrationsMarkNoShowRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
}
/**
 * What `registrations.clearAttendance` takes.
 */
export interface RegistrationsClearAttendanceRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
}
/**
 * What `registrations.releaseSeat` takes.
 */
export interface RegistrationsReleaseSeatRequest {
  eventId: string
  registrationId: string
  idempotencyKey?: string
}
/**
 * What `registrations.waitlist` takes.
 */
export interface RegistrationsWaitlistRequest {
  eventId: string
  /**
   * nextCursor of the page before
   */
  cursor?: string
  limit?: number
}
/**
 * What `registrations.exportWaitlist` takes.
 */
export interface RegistrationsExportWaitlistRequest {
  eventId: string
}
/**
 * What `registrations.position` takes.
 */
export interface RegistrationsPositionRequest {
  eventId: string
  registrationId: string
}
/**
 * What `registrations.ofAttendee` takes.
 */
export interface RegistrationsOfAttendeeRequest {
  /**
   * The host's own id of the attendee; or mailto: and the address of one who has registered by address alone
   */
  attendeeId: string
  /**
   * nextCursor of the page before
   */
  cursor?: string
  limit?: number
}
/**
 * What `health.live` takes.
 */
export interface HealthLiveRequest {}
/**
 * What `health.ready` takes.
 */
export interface HealthReadyRequest {}

/** Every problem that the server answers with, by its `code`. */
export type Problem =
  | HeadersTooLargeProblem
  | ExpectationFailedProblem
  | UriTooLongProblem
  | RequestNotReceivedProblem
  | MalformedRequestProblem
  | ValidationFailedProblem
  | StoreUnavailableProblem
  | InternalErrorProblem
  | RequestTimeoutProblem
  | OverloadedProblem
  | OutcomeUnknownProblem
  | RegistrationStateConflictProblem
  | EventStatusConflictProblem
  | RegistrationNotFoundProblem
  | EventNotFoundProblem
  | UnsupportedMediaTypeProblem
  | PayloadTooLargeProblem
  | MalformedJsonProblem
  | IdempotencyKeyMissingProblem
  | IdempotencyKeyReusedProblem
  | IdempotencyKeyReplayedProblem
  | IdempotencyKeyInFlightProblem
  | EventNotStartedProblem
  | DoorsNotOpenProblem
  | AlreadyRegisteredProblem
  | CapacityFullProblem
  | WaitlistFullProblem
  | RegistrationClosedProblem
  | RegistrationNotOpenProblem
  | VersionConflictProblem
  | EventHadRegistrationsProblem
  | DemotionsMismatchProblem
  | CapacityBelowSeatsTakenProblem
  | EventOverProblem
  | EventHasRegistrationsProblem
  | ScheduleInvalidProblem
  | EventWasDeletedProblem
  | EventAlreadyExistsProblem

/** The operations by group. */
export interface Calls {
  readonly events: {
    /** Create an event, as a draft. */
    readonly create: (request: EventsCreateRequest, options?: CallOptions) => Promise<Event>
    /** List events by their start. */
    readonly list: (request?: EventsListRequest, options?: CallOptions) => Promise<EventPage>
    /** Get an event. */
    readonly get: (request: EventsGetRequest, options?: CallOptions) => Promise<Event>
    /** Change the details of an event. */
    readonly update: (request: EventsUpdateRequest, options?: CallOptions) => Promise<Event>
    /** Delete a draft that nobody has ever registered for. */
    readonly delete: (request: EventsDeleteRequest, options?: CallOptions) => Promise<void>
    /** Open an event to registrations. */
    readonly publish: (request: EventsPublishRequest, options?: CallOptions) => Promise<Event>
    /** Take an event back to draft. */
    readonly unpublish: (request: EventsUnpublishRequest, options?: CallOptions) => Promise<Event>
    /** Cancel an event. */
    readonly cancel: (request: EventsCancelRequest, options?: CallOptions) => Promise<Event>
    /** Say that an event has taken place. */
    readonly complete: (request: EventsCompleteRequest, options?: CallOptions) => Promise<Event>
    /** Take back that an event was cancelled or completed. */
    readonly reopen: (request: EventsReopenRequest, options?: CallOptions) => Promise<Event>
    /** Raise or lower the capacity. */
    readonly changeCapacity: (request: EventsChangeCapacityRequest, options?: CallOptions) => Promise<Event>
  }
  readonly registrations: {
    /** Register an attendee. */
    readonly register: (request: RegistrationsRegisterRequest, options?: CallOptions) => Promise<RegistrationOutcome>
    /** List registrations. */
    readonly list: (request: RegistrationsListRequest, options?: CallOptions) => Promise<CountedRegistrationPage>
    /** Register somebody for staff: outside the registration window, with the waitlist closed, or into a draft. */
    readonly registerGuest: (
      request: RegistrationsRegisterGuestRequest,
      options?: CallOptions
    ) => Promise<RegistrationOutcome>
    /** Download registrations as CSV, in the order of entry. The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off.. */
    readonly export: (request: RegistrationsExportRequest, options?: CallOptions) => Promise<Response>
    /** Get a registration. */
    readonly get: (request: RegistrationsGetRequest, options?: CallOptions) => Promise<Registration>
    /** Correct who the attendee is, and the notes. */
    readonly correct: (request: RegistrationsCorrectRequest, options?: CallOptions) => Promise<ChangedRegistration>
    /** Cancel a registration, and promote the first in line. */
    readonly cancel: (request: RegistrationsCancelRequest, options?: CallOptions) => Promise<ChangedRegistration>
    /** Give a chosen waiter a seat. */
    readonly confirm: (request: RegistrationsConfirmRequest, options?: CallOptions) => Promise<ChangedRegistration>
    /** Take a cancellation back: to a seat if one is free, or else to the old place in the waitlist. */
    readonly reinstate: (request: RegistrationsReinstateRequest, options?: CallOptions) => Promise<ChangedRegistration>
    /** Note that the attendee came. */
    readonly markAttended: (
      request: RegistrationsMarkAttendedRequest,
      options?: CallOptions
    ) => Promise<ChangedRegistration>
    /** Note that the attendee did not come. */
    readonly markNoShow: (
      request: RegistrationsMarkNoShowRequest,
      options?: CallOptions
    ) => Promise<ChangedRegistration>
    /** Take back that the attendee came, or did not come. */
    readonly clearAttendance: (
      request: RegistrationsClearAttendanceRequest,
      options?: CallOptions
    ) => Promise<ChangedRegistration>
    /** Give the seat of somebody who did not come to the first in line. */
    readonly releaseSeat: (
      request: RegistrationsReleaseSeatRequest,
      options?: CallOptions
    ) => Promise<ChangedRegistration>
    /** List the waitlist, first in line first. */
    readonly waitlist: (request: RegistrationsWaitlistRequest, options?: CallOptions) => Promise<WaitlistPage>
    /** Download the waitlist as CSV, first in line first. The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off.. */
    readonly exportWaitlist: (request: RegistrationsExportWaitlistRequest, options?: CallOptions) => Promise<Response>
    /** Get the place of a waiter. */
    readonly position: (request: RegistrationsPositionRequest, options?: CallOptions) => Promise<WaitlistPlace>
    /** List the registrations of an attendee. */
    readonly ofAttendee: (request: RegistrationsOfAttendeeRequest, options?: CallOptions) => Promise<RegistrationPage>
  }
  readonly health: {
    /** Is the process alive?. */
    readonly live: (request?: HealthLiveRequest, options?: CallOptions) => Promise<void>
    /** Can it do its work?. */
    readonly ready: (request?: HealthReadyRequest, options?: CallOptions) => Promise<void>
  }
}
