/**
 * The one table from errors to HTTP: status, code and title of every problem that the API can answer.
 *
 * | status | meaning |
 * | --- | --- |
 * | 400 | the request itself is wrong; sending it again is of no use |
 * | 404, 405, 413, 415 | no such thing, not with this method, too large, not as this media type |
 * | 409 | the state of the event does not allow it |
 * | 422 | the idempotency key was used for another payload |
 * | 503, 504 | not now; with the same idempotency key it is safe to send again |
 */
import { Overloaded } from "@turnout/core/application/Overloaded"
import { JournalPruned } from "@turnout/core/application/Projection"
import * as Rejection from "@turnout/core/domain/Rejection"
import { SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/ports/OutboxOperations"
import { ReplayNotFound, ReplayNotOpen } from "@turnout/core/ports/Replays"
import { WebhookNotFound } from "@turnout/core/ports/WebhookStore"
import * as Schema from "effect/Schema"
import { type Declaration, type ErrorClass, type Problem, problem } from "./Problem.ts"

// --- errors of the HTTP boundary itself, declared like those of the domain ---

/** Where a refused value is (an RFC 6901 pointer within one part of the request), and the rule that it breaks. */
export const Violation = Schema.Struct({
  in: Schema.Literals(["body", "query", "path", "header"]),
  pointer: Schema.String,
  rule: Schema.String
}).annotate({ identifier: "Violation" })
export type Violation = typeof Violation.Type

export class ValidationFailed extends Schema.TaggedError<ValidationFailed>()("ValidationFailed", {
  violations: Schema.Array(Violation)
}) {
  override get message(): string {
    return this.violations.map(({ in: part, pointer, rule }) => `${part} ${pointer}: ${rule}`).join("; ")
  }
}
export class IdempotencyKeyMissing extends Schema.TaggedError<IdempotencyKeyMissing>()("IdempotencyKeyMissing", {}) {
  override get message(): string {
    return "Every write needs an Idempotency-Key header: make a new key for each thing that you want done, and send the same key when you retry."
  }
}
export class IdempotencyKeyInFlight extends Schema.TaggedError<IdempotencyKeyInFlight>()("IdempotencyKeyInFlight", {
  retryAfterSeconds: Schema.Int
}) {
  override get message(): string {
    return "A request with this idempotency key is still being worked on."
  }
}
export class IdempotencyKeyReplayed extends Schema.TaggedError<IdempotencyKeyReplayed>()("IdempotencyKeyReplayed", {}) {
  override get message(): string {
    return "A request with this idempotency key was answered before, and this server does not repeat answers."
  }
}
export class MalformedJson extends Schema.TaggedError<MalformedJson>()("MalformedJson", {}) {
  override get message(): string {
    return "The body must be JSON in UTF-8."
  }
}
export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  maxBytes: Schema.Int
}) {
  override get message(): string {
    return `The body must be at most ${this.maxBytes} bytes long.`
  }
}
export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {
  supported: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `The content type must be ${this.supported.join(" or ")}.`
  }
}
export class RequestTimeout extends Schema.TaggedError<RequestTimeout>()("RequestTimeout", {}) {
  override get message(): string {
    return "The request took too long. It may still be carried out: send it again with the same idempotency key to learn the outcome."
  }
}
/** The store cannot be reached, or too many others work on the same event. Nothing has changed. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  reason: Schema.String,
  retryAfterSeconds: Schema.Int
}) {
  override get message(): string {
    return this.reason
  }
}
/** The connection to the store was lost while committing. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  retryAfterSeconds: Schema.Int
}) {
  override get message(): string {
    return "It is not known whether the request was carried out: send it again with the same idempotency key to learn the outcome."
  }
}
export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {}) {}

// --- the table ---

const entry = <E extends ErrorClass>(error: E, status: number, code: string, title: string): Problem<E> =>
  problem(error, { status, code, title })

const rejections = {
  EventNotFound: entry(Rejection.EventNotFound, 404, "event_not_found", "There is no such event"),
  RegistrationNotFound: entry(
    Rejection.RegistrationNotFound,
    404,
    "registration_not_found",
    "There is no such registration"
  ),
  EventAlreadyExists: entry(Rejection.EventAlreadyExists, 409, "event_already_exists", "The event exists already"),
  EventStatusConflict: entry(
    Rejection.EventStatusConflict,
    409,
    "event_status_conflict",
    "The status of the event does not allow this"
  ),
  EventHasRegistrations: entry(
    Rejection.EventHasRegistrations,
    409,
    "event_has_registrations",
    "People have registered for the event"
  ),
  EventNotStarted: entry(Rejection.EventNotStarted, 409, "event_not_started", "The event has not started"),
  ScheduleInvalid: entry(Rejection.ScheduleInvalid, 409, "schedule_invalid", "The times would be out of order"),
  CapacityBelowSeatsTaken: entry(
    Rejection.CapacityBelowSeatsTaken,
    409,
    "capacity_below_seats_taken",
    "More seats are taken than that"
  ),
  RegistrationNotOpen: entry(
    Rejection.RegistrationNotOpen,
    409,
    "registration_not_open",
    "Registration has not opened"
  ),
  RegistrationClosed: entry(Rejection.RegistrationClosed, 409, "registration_closed", "Registration has closed"),
  CapacityFull: entry(Rejection.CapacityFull, 409, "capacity_full", "The event is full"),
  WaitlistFull: entry(Rejection.WaitlistFull, 409, "waitlist_full", "The event and its waitlist are full"),
  AlreadyRegistered: entry(
    Rejection.AlreadyRegistered,
    409,
    "already_registered",
    "The attendee is registered already"
  ),
  RegistrationStateConflict: entry(
    Rejection.RegistrationStateConflict,
    409,
    "registration_state_conflict",
    "The state of the registration does not allow this"
  ),
  IdempotencyKeyReused: entry(
    Rejection.IdempotencyKeyReused,
    422,
    "idempotency_key_reused",
    "The idempotency key was used for another payload"
  )
} satisfies Record<Rejection.Rejection["_tag"], unknown>

export const { EventNotFound, RegistrationNotFound, RegistrationStateConflict } = rejections

/** The rejections of an operation, as endpoint errors. */
export const rejectionsOf = <Operation extends keyof typeof Rejection.byOperation>(
  operation: Operation
): ReadonlyArray<Schema.Codec<Rejection.RejectionOf<Operation>, unknown>> => {
  const classes: ReadonlyArray<{ readonly identifier: string }> = Rejection.byOperation[operation]
  const names = [...classes.map(({ identifier }) => identifier), "IdempotencyKeyReused"]
  return names.map((name) => rejections[name as keyof typeof rejections]) as never
}

export const validationFailed: Problem<typeof ValidationFailed> = entry(
  ValidationFailed,
  400,
  "validation_failed",
  "The request is not valid"
)
export const idempotencyKeyMissing: Problem<typeof IdempotencyKeyMissing> = entry(
  IdempotencyKeyMissing,
  400,
  "idempotency_key_missing",
  "The Idempotency-Key header is missing"
)
export const idempotencyKeyInFlight: Problem<typeof IdempotencyKeyInFlight> = entry(
  IdempotencyKeyInFlight,
  409,
  "idempotency_key_in_flight",
  "The first request with this idempotency key is not finished"
)
export const idempotencyKeyReplayed: Problem<typeof IdempotencyKeyReplayed> = entry(
  IdempotencyKeyReplayed,
  409,
  "idempotency_key_replayed",
  "The idempotency key was used before"
)
export const malformedJson: Problem<typeof MalformedJson> = entry(
  MalformedJson,
  400,
  "malformed_json",
  "The body is not JSON"
)
export const payloadTooLarge: Problem<typeof PayloadTooLarge> = entry(
  PayloadTooLarge,
  413,
  "payload_too_large",
  "The body is too large"
)
export const unsupportedMediaType: Problem<typeof UnsupportedMediaType> = entry(
  UnsupportedMediaType,
  415,
  "unsupported_media_type",
  "The content type is not supported"
)
export const requestTimeout: Problem<typeof RequestTimeout> = entry(
  RequestTimeout,
  504,
  "request_timeout",
  "The request took too long"
)
export const storeUnavailable: Problem<typeof StoreUnavailable> = entry(
  StoreUnavailable,
  503,
  "store_unavailable",
  "The store is not available"
)
export const overloaded: Problem<typeof Overloaded> = entry(
  Overloaded,
  503,
  "overloaded",
  "Too many requests are waiting"
)
export const outcomeUnknown: Problem<typeof OutcomeUnknown> = entry(
  OutcomeUnknown,
  503,
  "outcome_unknown",
  "The outcome is not known"
)

// --- what operators ask for ---

export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}) {
  override get message(): string {
    return "Send the admin token: Authorization: Bearer <token>."
  }
}

export const unauthorized: Problem<typeof Unauthorized> = entry(
  Unauthorized,
  401,
  "unauthorized",
  "The admin token is missing or wrong"
)
export const sinkNotFound: Problem<typeof SinkNotFound> = entry(
  SinkNotFound,
  404,
  "sink_not_found",
  "There is no such sink"
)
export const streamNotBlocked: Problem<typeof StreamNotBlocked> = entry(
  StreamNotBlocked,
  404,
  "stream_not_blocked",
  "The stream is not blocked"
)
export const streamMovedOn: Problem<typeof StreamMovedOn> = entry(
  StreamMovedOn,
  409,
  "stream_moved_on",
  "Another entry is the first that waits"
)
export const replayNotFound: Problem<typeof ReplayNotFound> = entry(
  ReplayNotFound,
  404,
  "replay_not_found",
  "There is no such replay"
)
export const replayNotOpen: Problem<typeof ReplayNotOpen> = entry(
  ReplayNotOpen,
  409,
  "replay_not_open",
  "The state of the replay does not allow this"
)
export const webhookNotFound: Problem<typeof WebhookNotFound> = entry(
  WebhookNotFound,
  404,
  "webhook_not_found",
  "There is no such webhook"
)
export class SalesNotCounted extends Schema.TaggedError<SalesNotCounted>()("SalesNotCounted", {
  eventId: Schema.String
}) {
  override get message(): string {
    return `Nothing has been counted of ${this.eventId}.`
  }
}
export const salesNotCounted: Problem<typeof SalesNotCounted> = entry(
  SalesNotCounted,
  404,
  "sales_not_counted",
  "There is no sales summary of this event"
)
export const journalPruned: Problem<typeof JournalPruned> = entry(
  JournalPruned,
  409,
  "journal_pruned",
  "The beginning of the journal has been pruned"
)

export class DeadLettersNotFound extends Schema.TaggedError<DeadLettersNotFound>()("DeadLettersNotFound", {
  queue: Schema.String
}) {
  override get message(): string {
    return `This server has no dead-letter queue ${JSON.stringify(this.queue)}: /admin/dead-letters lists those that it was told of.`
  }
}
export const deadLettersNotFound: Problem<typeof DeadLettersNotFound> = entry(
  DeadLettersNotFound,
  404,
  "dead_letters_not_found",
  "There is no such dead-letter queue"
)
/** The queue cannot be reached. What was moved before was moved. */
export class QueueUnavailable extends Schema.TaggedError<QueueUnavailable>()("QueueUnavailable", {
  reason: Schema.String,
  retryAfterSeconds: Schema.Int
}) {
  override get message(): string {
    return this.reason
  }
}
export const queueUnavailable: Problem<typeof QueueUnavailable> = entry(
  QueueUnavailable,
  503,
  "queue_unavailable",
  "The queue is not available"
)

/** Problems that are answered outside of any endpoint. */
export const outside = {
  internalError: { status: 500, code: "internal_error", title: "Something went wrong on the server" },
  routeNotFound: { status: 404, code: "route_not_found", title: "There is no such resource" },
  methodNotAllowed: { status: 405, code: "method_not_allowed", title: "The resource does not have this method" },
  adminDisabled: { status: 403, code: "admin_disabled", title: "This server has no admin token configured" },
  shuttingDown: { status: 503, code: "shutting_down", title: "The server is shutting down" }
} satisfies Record<string, Declaration>

export const internalError: Problem<typeof InternalError> = problem(InternalError, outside.internalError)
