/**
 * What the operations of the server take and give, as JSON has it: times are texts. Made by `npm run fetch-client` from the OpenAPI document: do not edit.
 */
import type { CallOptions } from "./Call.ts"

export type Me = MeAsPerson | MeAsApiKey | MeAsAttendee | MeAsOperator

/**
 * The server is shutting down
 */
export interface ShuttingDownProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:shutting_down"
  /**
   * The kind of the problem, for people
   */
  title: "The server is shutting down"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "shutting_down"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * The headers are too large
 */
export interface HeadersTooLargeProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:headers_too_large"
  /**
   * The kind of the problem, for people
   */
  title: "The headers are too large"
  /**
   * The HTTP status of the answer
   */
  status: 431
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "headers_too_large"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The most bytes of the headers and the request line
   */
  maxBytes: number
  /**
   * The most headers
   */
  maxHeaders: number
}
/**
 * The expectation cannot be met
 */
export interface ExpectationFailedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:expectation_failed"
  /**
   * The kind of the problem, for people
   */
  title: "The expectation cannot be met"
  /**
   * The HTTP status of the answer
   */
  status: 417
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "expectation_failed"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The path is too long
 */
export interface UriTooLongProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:uri_too_long"
  /**
   * The kind of the problem, for people
   */
  title: "The path is too long"
  /**
   * The HTTP status of the answer
   */
  status: 414
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "uri_too_long"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The most characters of a path
   */
  maxLength: number
}
/**
 * The request did not arrive in time
 */
export interface RequestNotReceivedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:request_not_received"
  /**
   * The kind of the problem, for people
   */
  title: "The request did not arrive in time"
  /**
   * The HTTP status of the answer
   */
  status: 408
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "request_not_received"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The request is not HTTP
 */
export interface MalformedRequestProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:malformed_request"
  /**
   * The kind of the problem, for people
   */
  title: "The request is not HTTP"
  /**
   * The HTTP status of the answer
   */
  status: 400
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "malformed_request"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * What is wrong
   */
  reason: string
}
/**
 * The request is not valid
 */
export interface ValidationFailedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:validation_failed"
  /**
   * The kind of the problem, for people
   */
  title: "The request is not valid"
  /**
   * The HTTP status of the answer
   */
  status: 400
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "validation_failed"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The values that are refused
   */
  violations: Violation[]
}
export interface Violation {
  /**
   * The part of the request
   */
  in: "body" | "query" | "path" | "header"
  /**
   * The place of the value in that part, as an RFC 6901 pointer
   */
  pointer: string
  /**
   * The rule that the value breaks
   */
  rule: string
}
export interface Health {
  /**
   * up if all is well; degraded if a neighbour is down, while the server does its work; down if it cannot do its work
   */
  status: "up" | "degraded" | "down"
  /**
   * The store first, which decides, and then the neighbours by their names
   */
  components: HealthComponent[]
}
export interface HealthComponent {
  /**
   * The name of the component: store, redis, mail, issuers, or queue and the name of a sink
   */
  name: string
  /**
   * up if the last thing that it was asked for has worked, down if that failed, unknown if it was not asked yet
   */
  status: "up" | "down" | "unknown"
  /**
   * When that began; null if it is not known
   */
  since: string | null
}
/**
 * The server cannot do its work
 */
export interface NotReadyProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:not_ready"
  /**
   * The kind of the problem, for people
   */
  title: "The server cannot do its work"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "not_ready"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * What is wrong
   */
  reason: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
  /**
   * The store first, which decides, and then the neighbours by their names
   */
  components: HealthComponent[]
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * There are too many requests
 */
export interface RateLimitedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:rate_limited"
  /**
   * The kind of the problem, for people
   */
  title: "There are too many requests"
  /**
   * The HTTP status of the answer
   */
  status: 429
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "rate_limited"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The name of the limit, as RateLimit-Policy has it
   */
  policy: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
}
/**
 * The request comes from another site
 */
export interface CrossSiteProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:cross_site"
  /**
   * The kind of the problem, for people
   */
  title: "The request comes from another site"
  /**
   * The HTTP status of the answer
   */
  status: 403
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "cross_site"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The credential does not allow this
 */
export interface ForbiddenProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:forbidden"
  /**
   * The kind of the problem, for people
   */
  title: "The credential does not allow this"
  /**
   * The HTTP status of the answer
   */
  status: 403
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "forbidden"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The operation that was asked for
   */
  operation: string
}
/**
 * The credential is not valid
 */
export interface CredentialRefusedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:invalid_credential"
  /**
   * The kind of the problem, for people
   */
  title: "The credential is not valid"
  /**
   * The HTTP status of the answer
   */
  status: 401
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "invalid_credential"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The request needs a credential
 */
export interface UnauthenticatedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:unauthorized"
  /**
   * The kind of the problem, for people
   */
  title: "The request needs a credential"
  /**
   * The HTTP status of the answer
   */
  status: 401
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "unauthorized"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The operation that was asked for
   */
  operation: string
}
/**
 * Something went wrong on the server
 */
export interface InternalErrorProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:internal_error"
  /**
   * The kind of the problem, for people
   */
  title: "Something went wrong on the server"
  /**
   * The HTTP status of the answer
   */
  status: 500
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "internal_error"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The part of the request that was done before it failed, and stays done. Absent if nothing has changed
   */
  done?: {}
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * The request took too long
 */
export interface RequestTimeoutProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:request_timeout"
  /**
   * The kind of the problem, for people
   */
  title: "The request took too long"
  /**
   * The HTTP status of the answer
   */
  status: 504
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "request_timeout"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * Requests cannot be counted at this moment
 */
export interface LimitsUnavailableProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:limits_unavailable"
  /**
   * The kind of the problem, for people
   */
  title: "Requests cannot be counted at this moment"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "limits_unavailable"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * The issuer of the token cannot be reached
 */
export interface IssuerUnreachableProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:issuer_unreachable"
  /**
   * The kind of the problem, for people
   */
  title: "The issuer of the token cannot be reached"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "issuer_unreachable"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The issuer of the token
   */
  issuer: string
  /**
   * The milliseconds after which it makes sense to ask again
   */
  retryAfterMillis: number | ("Infinity" | "-Infinity" | "NaN")
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * Too many requests are waiting
 */
export interface OverloadedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:overloaded"
  /**
   * The kind of the problem, for people
   */
  title: "Too many requests are waiting"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "overloaded"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * When to try again, in milliseconds: about how long the waiting commands will take
   */
  retryAfterMillis: number
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * The outcome is not known
 */
export interface OutcomeUnknownProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:outcome_unknown"
  /**
   * The kind of the problem, for people
   */
  title: "The outcome is not known"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "outcome_unknown"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
  /**
   * The part of the request that was done before it failed, and stays done. Absent if nothing has changed
   */
  done?: {}
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
/**
 * The store is not available
 */
export interface StoreUnavailableProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:store_unavailable"
  /**
   * The kind of the problem, for people
   */
  title: "The store is not available"
  /**
   * The HTTP status of the answer
   */
  status: 503
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "store_unavailable"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * What is wrong, and how to go on
   */
  reason: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
  /**
   * The part of the request that was done before it failed, and stays done. Absent if nothing has changed
   */
  done?: {}
  /**
   * The id of the request, which the log has as well: the X-Request-Id of the answer
   */
  requestId?: string
}
export interface RegistrationPage_1 {
  /**
   * The items of this page
   */
  items: Registration[]
  /**
   * Where the next page begins; null on the last page
   */
  nextCursor: string | null
}
export interface Registration {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
export interface MeAsPerson {
  /**
   * What kind of credential asks
   */
  kind: "user"
  /**
   * The id of the person
   */
  id: string
  /**
   * The name that an issuer has told first; null if none has
   */
  name: string | null
  /**
   * The verified e-mail addresses, folded, in the order in which they were added
   */
  addresses: string[]
  /**
   * The organizations that the person is a member of, with those of their token, in the order of their ids
   */
  organizations: OwnMembership[]
  /**
   * Whether the person runs the installation
   */
  isOperator: boolean
}
export interface OwnMembership {
  /**
   * The id of the organization
   */
  id: string
  /**
   * The short name, for commands and addresses, which no other organization has
   */
  slug: string
  /**
   * The name as people are shown it
   */
  name: string
  /**
   * The role that the person has there
   */
  role: "owner" | "organizer" | "checkin" | "viewer"
}
export interface MeAsApiKey {
  /**
   * What kind of credential asks
   */
  kind: "apiKey"
  /**
   * The id of the key
   */
  id: string
  /**
   * The role of the key
   */
  role: "owner" | "organizer" | "checkin" | "viewer" | "operator"
  /**
   * The organization of the key; null if it is that of an operator
   */
  organization: OwnOrganization | null
}
export interface OwnOrganization {
  /**
   * The id of the organization
   */
  id: string
  /**
   * The short name, for commands and addresses, which no other organization has
   */
  slug: string
  /**
   * The name as people are shown it
   */
  name: string
}
export interface MeAsAttendee {
  /**
   * What kind of credential asks
   */
  kind: "attendeeLink"
  /**
   * The event of the registration that the link opens
   */
  eventId: string
  /**
   * The registration that the link opens
   */
  registrationId: string
}
export interface MeAsOperator {
  /**
   * What kind of credential asks
   */
  kind: "operator"
}
/**
 * The content type is not supported
 */
export interface UnsupportedMediaTypeProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:unsupported_media_type"
  /**
   * The kind of the problem, for people
   */
  title: "The content type is not supported"
  /**
   * The HTTP status of the answer
   */
  status: 415
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "unsupported_media_type"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The content types that there are
   */
  supported: string[]
}
/**
 * The body is too large
 */
export interface PayloadTooLargeProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:payload_too_large"
  /**
   * The kind of the problem, for people
   */
  title: "The body is too large"
  /**
   * The HTTP status of the answer
   */
  status: 413
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "payload_too_large"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The most bytes of a body
   */
  maxBytes: number
}
/**
 * The body is not JSON
 */
export interface MalformedJsonProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:malformed_json"
  /**
   * The kind of the problem, for people
   */
  title: "The body is not JSON"
  /**
   * The HTTP status of the answer
   */
  status: 400
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "malformed_json"
  /**
   * What happened, for people
   */
  detail?: string
}
export interface SessionsEnded {
  /**
   * The number of sessions that were ended
   */
  ended: number
}
/**
 * There is no such session
 */
export interface SessionNotFoundProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:session_not_found"
  /**
   * The kind of the problem, for people
   */
  title: "There is no such session"
  /**
   * The HTTP status of the answer
   */
  status: 404
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "session_not_found"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the session
   */
  id: string
}
export interface OwnSessionPage {
  /**
   * The items of this page
   */
  items: OwnSession[]
  /**
   * The key after which the next page begins; null on the last page
   */
  next: string | null
}
export interface OwnSession {
  /**
   * The id of the session
   */
  id: string
  /**
   * The person who has signed in
   */
  personId: string
  /**
   * When the person signed in. In the years 1900 to 9999
   */
  createdAt: string
  /**
   * When the session was used last, to an hour. In the years 1900 to 9999
   */
  lastUsedAt: string
  /**
   * When the session ends, unless it is used before. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * What the browser called itself; null if it said nothing
   */
  userAgent: string | null
  /**
   * The IP address from which the person signed in; null if it is not known
   */
  address: string | null
  /**
   * Whether this is the session that the request was sent with
   */
  isCurrent: boolean
}
/**
 * Nobody can sign in by mail here
 */
export interface SignInDisabledProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:sign_in_disabled"
  /**
   * The kind of the problem, for people
   */
  title: "Nobody can sign in by mail here"
  /**
   * The HTTP status of the answer
   */
  status: 404
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "sign_in_disabled"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The link to sign in does not work, or no more
 */
export interface LinkRefusedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:link_refused"
  /**
   * The kind of the problem, for people
   */
  title: "The link to sign in does not work, or no more"
  /**
   * The HTTP status of the answer
   */
  status: 410
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "link_refused"
  /**
   * What happened, for people
   */
  detail?: string
}
export interface SignedIn {
  session: Session
  /**
   * The text that requests send as their bearer token: ts_, the id and the secret. It is shown this once only, and absent if the session is a cookie
   */
  text?: string
}
/**
 * The session
 */
export interface Session {
  /**
   * The id of the session
   */
  id: string
  /**
   * The person who has signed in
   */
  personId: string
  /**
   * When the person signed in. In the years 1900 to 9999
   */
  createdAt: string
  /**
   * When the session was used last, to an hour. In the years 1900 to 9999
   */
  lastUsedAt: string
  /**
   * When the session ends, unless it is used before. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * What the browser called itself; null if it said nothing
   */
  userAgent: string | null
  /**
   * The IP address from which the person signed in; null if it is not known
   */
  address: string | null
}
export interface Session1 {
  /**
   * The id of the session
   */
  id: string
  /**
   * The person who has signed in
   */
  personId: string
  /**
   * When the person signed in. In the years 1900 to 9999
   */
  createdAt: string
  /**
   * When the session was used last, to an hour. In the years 1900 to 9999
   */
  lastUsedAt: string
  /**
   * When the session ends, unless it is used before. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * What the browser called itself; null if it said nothing
   */
  userAgent: string | null
  /**
   * The IP address from which the person signed in; null if it is not known
   */
  address: string | null
}
export interface SignInRedemption {
  /**
   * The part of the mailed link after #
   */
  link: string
  /**
   * How the session is handed over: its text in the answer, to be sent as a bearer token, or a cookie, which only a page of this server may ask for. Default: "token"
   */
  as?: "token" | "cookie"
}
export interface SignInRequest {
  /**
   * The e-mail address to which the link is mailed. A mailbox at a host, without quote marks, brackets or a name; at most 254 bytes, with its domain in ASCII
   */
  address: string
}
export interface RegistrationPage {
  /**
   * The items of this page
   */
  items: Registration[]
  /**
   * Where the next page begins; null on the last page
   */
  nextCursor: string | null
}
/**
 * The state of the registration does not allow this
 */
export interface RegistrationStateConflictProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:registration_state_conflict"
  /**
   * The kind of the problem, for people
   */
  title: "The state of the registration does not allow this"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "registration_state_conflict"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * The operation that was refused
   */
  operation: string
  /**
   * The state of the registration
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The states in which the operation is possible
   */
  allowed: ("confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow")[]
}
/**
 * The status of the event does not allow this
 */
export interface EventStatusConflictProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_status_conflict"
  /**
   * The kind of the problem, for people
   */
  title: "The status of the event does not allow this"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_status_conflict"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The operation that was refused
   */
  operation: string
  /**
   * The status of the event
   */
  eventStatus: "draft" | "published" | "cancelled" | "completed" | "reopening"
  /**
   * The statuses in which the operation is possible
   */
  allowed: ("draft" | "published" | "cancelled" | "completed" | "reopening")[]
}
/**
 * There is no such registration
 */
export interface RegistrationNotFoundProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:registration_not_found"
  /**
   * The kind of the problem, for people
   */
  title: "There is no such registration"
  /**
   * The HTTP status of the answer
   */
  status: 404
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "registration_not_found"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
}
/**
 * There is no such event
 */
export interface EventNotFoundProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_not_found"
  /**
   * The kind of the problem, for people
   */
  title: "There is no such event"
  /**
   * The HTTP status of the answer
   */
  status: 404
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_not_found"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
}
export interface WaitlistPlace {
  /**
   * The place in the waitlist; 1 is next
   */
  position: number
  /**
   * The people who wait, with this one
   */
  length: number
}
export interface WaitlistPage {
  /**
   * The items of this page
   */
  items: WaitlistEntry[]
  /**
   * Where the next page begins; null on the last page
   */
  nextCursor: string | null
}
export interface WaitlistEntry {
  /**
   * The place in the waitlist; 1 is next
   */
  position: number
  registration: Registration_2
}
/**
 * The registration that waits
 */
export interface Registration_2 {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
export interface Registration_21 {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
export interface AttendeeLink {
  /**
   * The credential of the attendee, which opens this registration and no other: send it as a bearer token. It is shown this once only
   */
  link: string
}
/**
 * The Idempotency-Key header is missing
 */
export interface IdempotencyKeyMissingProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:idempotency_key_missing"
  /**
   * The kind of the problem, for people
   */
  title: "The Idempotency-Key header is missing"
  /**
   * The HTTP status of the answer
   */
  status: 400
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "idempotency_key_missing"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The idempotency key was used for another payload
 */
export interface IdempotencyKeyReusedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:idempotency_key_reused"
  /**
   * The kind of the problem, for people
   */
  title: "The idempotency key was used for another payload"
  /**
   * The HTTP status of the answer
   */
  status: 422
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "idempotency_key_reused"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The operation that was refused
   */
  operation: string
  /**
   * The idempotency key
   */
  key: string
}
/**
 * The idempotency key was used before
 */
export interface IdempotencyKeyReplayedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:idempotency_key_replayed"
  /**
   * The kind of the problem, for people
   */
  title: "The idempotency key was used before"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "idempotency_key_replayed"
  /**
   * What happened, for people
   */
  detail?: string
}
/**
 * The first request with this idempotency key is not finished
 */
export interface IdempotencyKeyInFlightProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:idempotency_key_in_flight"
  /**
   * The kind of the problem, for people
   */
  title: "The first request with this idempotency key is not finished"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "idempotency_key_in_flight"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * When to try again, in seconds
   */
  retryAfterSeconds: number
}
export interface ChangedRegistration {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
  /**
   * Whether anything changed; false if there was nothing to do
   */
  changed: boolean
}
/**
 * The event has not started
 */
export interface EventNotStartedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_not_started"
  /**
   * The kind of the problem, for people
   */
  title: "The event has not started"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_not_started"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The operation that was refused
   */
  operation: string
  /**
   * When the event begins. In the years 1900 to 9999
   */
  startsAt: string
}
/**
 * The doors are not open yet
 */
export interface DoorsNotOpenProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:doors_not_open"
  /**
   * The kind of the problem, for people
   */
  title: "The doors are not open yet"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "doors_not_open"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * When the doors open. In the years 1900 to 9999
   */
  doorsOpenAt: string
}
export interface AttendedInput {
  /**
   * Notes attendance before the doors are open. Default: false
   */
  early?: boolean
}
/**
 * The attendee is registered already
 */
export interface AlreadyRegisteredProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:already_registered"
  /**
   * The kind of the problem, for people
   */
  title: "The attendee is registered already"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "already_registered"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the attendee
   */
  attendeeId: string
  /**
   * The registration that the attendee has
   */
  registrationId: string
  /**
   * The state of that registration
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
}
export interface CorrectionInput {
  /**
   * What changes of the person; a field that is absent stays
   */
  attendee?: {
    /**
     * Your own id for the person, such as an account number: the same for every event, without regard to case, and never beginning with mailto:. One line of 1 to 254 characters, counted in Unicode normal form C and without white space around it
     */
    id?: string
    /**
     * The name of the person, which may be empty. One line of at most 200 characters, counted in Unicode normal form C and without white space around it
     */
    name?: string
    /**
     * The e-mail address of the person. A mailbox at a host, without quote marks, brackets or a name; at most 254 bytes, with its domain in ASCII
     */
    email?: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes?: string
}
/**
 * The event is full
 */
export interface CapacityFullProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:capacity_full"
  /**
   * The kind of the problem, for people
   */
  title: "The event is full"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "capacity_full"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The number of seats of the event
   */
  capacity: number
  /**
   * The people who wait
   */
  waitlistLength: number
}
export interface ConfirmationInput {
  /**
   * What to do if no seat is free: raise raises the capacity by one, overhang goes beyond it, and nobody is promoted until the overhang is gone
   */
  beyond?: "raise" | "overhang"
}
/**
 * Attendees cannot cancel by themselves any more
 */
export interface SelfServiceEndedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:self_service_ended"
  /**
   * The kind of the problem, for people
   */
  title: "Attendees cannot cancel by themselves any more"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "self_service_ended"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * When self-service ended. In the years 1900 to 9999
   */
  endedAt: string
}
export interface Registration_1 {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
export interface CountedRegistrationPage {
  /**
   * The items of this page
   */
  items: Registration[]
  /**
   * Where the next page begins; null on the last page
   */
  nextCursor: string | null
  /**
   * The number of items on all pages, if it was asked for
   */
  total?: number
}
export interface Registered {
  registration: Registration1
  /**
   * The place in the waitlist (1 is next) at the moment of entry; null if the registration has a seat
   */
  waitlistPosition: number | null
  /**
   * The credential of the attendee, which opens this registration and no other: send it as a bearer token. It is shown this once only
   */
  link?: string
}
/**
 * The registration that was made
 */
export interface Registration1 {
  /**
   * The id of the registration
   */
  id: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The person
   */
  attendee: {
    /**
     * The id of the person, the same for every event: the host's own, or mailto: and the address of a person without one
     */
    id: string
    /**
     * The name of the person, which may be empty
     */
    name: string
    /**
     * The e-mail address of the person
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it
   */
  notes: string
  /**
   * confirmed: has a seat; waitlisted: waits for one; attended and noShow: had a seat, and came or did not come; cancelled: has neither
   */
  state: "confirmed" | "waitlisted" | "cancelled" | "attended" | "noShow"
  /**
   * The order of entry among the registrations of the event: it grows, has gaps, and never changes
   */
  sequence: number
  /**
   * When the attendee registered. In the years 1900 to 9999
   */
  registeredAt: string
  /**
   * When the registration took its present state. In the years 1900 to 9999
   */
  changedAt: string
  /**
   * Why it was cancelled; absent unless it is
   */
  cancellation?: {
    /**
     * The state that the registration was in
     */
    from: "confirmed" | "waitlisted" | "noShow"
    /**
     * requested: somebody cancelled it; eventCancelled: the event was cancelled; seatReleased: staff released the seat of somebody who did not come
     */
    reason: "requested" | "eventCancelled" | "seatReleased"
  }
}
export interface GuestInput {
  /**
   * The person who registers
   */
  attendee: {
    /**
     * Your own id for the person, such as an account number: the same for every event, without regard to case, and never beginning with mailto:. Without one, the person is known by the e-mail address. One line of 1 to 254 characters, counted in Unicode normal form C and without white space around it
     */
    id?: string
    /**
     * The name of the person, which may be empty. One line of at most 200 characters, counted in Unicode normal form C and without white space around it. Default: ""
     */
    name?: string
    /**
     * The e-mail address of the person. A mailbox at a host, without quote marks, brackets or a name; at most 254 bytes, with its domain in ASCII
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it. Default: ""
   */
  notes?: string
  /**
   * What to do if no seat is free: raise raises the capacity by one, overhang goes beyond it, and nobody is promoted until the overhang is gone. Without it, the guest joins the waitlist
   */
  beyond?: "raise" | "overhang"
}
/**
 * The event and its waitlist are full
 */
export interface WaitlistFullProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:waitlist_full"
  /**
   * The kind of the problem, for people
   */
  title: "The event and its waitlist are full"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "waitlist_full"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The number of seats of the event
   */
  capacity: number
  /**
   * The people who wait
   */
  waitlistLength: number
  /**
   * The most people who may wait at once
   */
  waitlistLimit: number
}
/**
 * Registration has closed
 */
export interface RegistrationClosedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:registration_closed"
  /**
   * The kind of the problem, for people
   */
  title: "Registration has closed"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "registration_closed"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * When registration closed. In the years 1900 to 9999
   */
  closedAt: string
}
/**
 * Registration has not opened
 */
export interface RegistrationNotOpenProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:registration_not_open"
  /**
   * The kind of the problem, for people
   */
  title: "Registration has not opened"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "registration_not_open"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * When registration opens. In the years 1900 to 9999
   */
  opensAt: string
}
export interface RegistrationInput {
  /**
   * The person who registers; without it, the person who has signed in, by their name and verified address
   */
  attendee?: {
    /**
     * Your own id for the person, such as an account number: the same for every event, without regard to case, and never beginning with mailto:. Without one, the person is known by the e-mail address. One line of 1 to 254 characters, counted in Unicode normal form C and without white space around it
     */
    id?: string
    /**
     * The name of the person, which may be empty. One line of at most 200 characters, counted in Unicode normal form C and without white space around it. Default: ""
     */
    name?: string
    /**
     * The e-mail address of the person. A mailbox at a host, without quote marks, brackets or a name; at most 254 bytes, with its domain in ASCII
     */
    email: string
  }
  /**
   * A note on the registration. Text, also of several lines, of at most 1,000 characters, counted in Unicode normal form C and without white space around it. Default: ""
   */
  notes?: string
}
/**
 * The event has changed since
 */
export interface VersionConflictProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:version_conflict"
  /**
   * The kind of the problem, for people
   */
  title: "The event has changed since"
  /**
   * The HTTP status of the answer
   */
  status: 412
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "version_conflict"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The versions that the caller has seen
   */
  expectedVersions: number[]
  /**
   * The version that there is
   */
  version: number
  /**
   * The version in which the event itself changed last
   */
  revision: number
}
/**
 * People have registered for the event before
 */
export interface EventHadRegistrationsProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_had_registrations"
  /**
   * The kind of the problem, for people
   */
  title: "People have registered for the event before"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_had_registrations"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
}
/**
 * Another number of seats has to be taken back
 */
export interface DemotionsMismatchProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:demotions_mismatch"
  /**
   * The kind of the problem, for people
   */
  title: "Another number of seats has to be taken back"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "demotions_mismatch"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The number of seats that was asked for
   */
  demote: number
  /**
   * The number of seats that have to be taken back
   */
  needed: number
  /**
   * The people who have a seat and have not come yet
   */
  confirmed: number
}
/**
 * More seats are taken than the capacity would have
 */
export interface CapacityBelowSeatsTakenProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:capacity_below_seats_taken"
  /**
   * The kind of the problem, for people
   */
  title: "More seats are taken than the capacity would have"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "capacity_below_seats_taken"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The capacity that was asked for
   */
  capacity: number
  /**
   * The seats that are taken
   */
  seatsTaken: number
}
export interface Event {
  /**
   * The id of the event
   */
  id: string
  /**
   * The organization that the event belongs to, for ever
   */
  organizationId: string
  /**
   * The title of the event
   */
  title: string
  /**
   * What the event is about. Text, also of several lines, of at most 4,000 characters, counted in Unicode normal form C and without white space around it
   */
  description: string
  /**
   * The place of the event
   */
  location: string
  /**
   * Who organizes the event: a name, or the host's own id
   */
  organizer: string
  /**
   * When the event begins. In the years 1900 to 9999
   */
  startsAt: string
  /**
   * When the event ends, which is after it begins: nobody registers, and nobody is promoted, from then on. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * The time zone of the place: for showing times, not for deciding. An IANA time zone
   */
  timeZone: string
  /**
   * When people can register from, before the event ends; null for from the publication on
   */
  registrationOpensAt: string | null
  /**
   * When people can register until, after registration opens; null for until the event ends
   */
  registrationClosesAt: string | null
  /**
   * Whether the waitlist takes new entries; people who wait already keep their places and are promoted in either case
   */
  waitlist: "open" | "closed"
  /**
   * The most people who may wait at once; null for no limit
   */
  waitlistLimit: number | null
  /**
   * Who may register themselves: open for whoever asks, members for those of the organization, and invitation for nobody, since staff register people
   */
  registration: "open" | "members" | "invitation"
  /**
   * When attendees can cancel by themselves until, which is not after the event ends; null for until it begins
   */
  cancellationClosesAt: string | null
  /**
   * The number of seats
   */
  capacity: number
  /**
   * Where the event is in its life
   */
  status: "draft" | "published" | "cancelled" | "completed" | "reopening"
  /**
   * The status that a cancelled event had, which reopening gives it again; absent unless it is cancelled or reopening
   */
  cancelledFrom?: "draft" | "published"
  /**
   * How many journal events the stream of this event has
   */
  version: number
  /**
   * The version in which the event itself changed last: its details, its capacity or its status
   */
  revision: number
  /**
   * The number of registrations in each state; cancelled ones are not counted
   */
  counts: {
    /**
     * Have a seat
     */
    confirmed: number
    /**
     * Wait for a seat
     */
    waitlisted: number
    /**
     * Had a seat, and came
     */
    attended: number
    /**
     * Had a seat, and did not come
     */
    noShow: number
  }
  /**
   * When the event was created. In the years 1900 to 9999
   */
  createdAt: string
  /**
   * When the last journal event of the stream happened. In the years 1900 to 9999
   */
  updatedAt: string
}
export interface CapacityInput {
  /**
   * The new number of seats
   */
  capacity: number
  /**
   * Accepts a capacity below the seats taken: nobody is promoted until the overhang is gone. Default: false
   */
  keepOverhang?: boolean
  /**
   * The number of people who lose their seats, those who got theirs last, and wait again at their old places. It has to be the number of seats that the event has too few, so that nobody loses one unnoticed
   */
  demote?: number
}
/**
 * The event is over
 */
export interface EventOverProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_over"
  /**
   * The kind of the problem, for people
   */
  title: "The event is over"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_over"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The operation that was refused
   */
  operation: string
  /**
   * When the event ended. In the years 1900 to 9999
   */
  endedAt: string
}
/**
 * People have registered for the event
 */
export interface EventHasRegistrationsProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_has_registrations"
  /**
   * The kind of the problem, for people
   */
  title: "People have registered for the event"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_has_registrations"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The seats that are taken
   */
  seatsTaken: number
  /**
   * The people who wait
   */
  waitlistLength: number
}
/**
 * The times would be out of order
 */
export interface ScheduleInvalidProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:schedule_invalid"
  /**
   * The kind of the problem, for people
   */
  title: "The times would be out of order"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "schedule_invalid"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The field that would be out of order
   */
  field: string
  /**
   * The rule that the field would break
   */
  rule: string
}
export interface EventChanges {
  /**
   * The title of the event. One line of 1 to 200 characters, counted in Unicode normal form C and without white space around it
   */
  title?: string
  /**
   * What the event is about. Text, also of several lines, of at most 4,000 characters, counted in Unicode normal form C and without white space around it
   */
  description?: string
  /**
   * The place of the event. One line of at most 500 characters, counted in Unicode normal form C and without white space around it
   */
  location?: string
  /**
   * Who organizes the event: a name, or the host's own id. One line of 1 to 200 characters, counted in Unicode normal form C and without white space around it
   */
  organizer?: string
  /**
   * When the event begins. In the years 1900 to 9999
   */
  startsAt?: string
  /**
   * When the event ends, which is after it begins: nobody registers, and nobody is promoted, from then on. In the years 1900 to 9999
   */
  endsAt?: string
  /**
   * The time zone of the place: for showing times, not for deciding. An IANA time zone
   */
  timeZone?: string
  /**
   * When people can register from, before the event ends; null for from the publication on
   */
  registrationOpensAt?: string | null
  /**
   * When people can register until, after registration opens; null for until the event ends
   */
  registrationClosesAt?: string | null
  /**
   * Whether the waitlist takes new entries; people who wait already keep their places and are promoted in either case
   */
  waitlist?: "open" | "closed"
  /**
   * The most people who may wait at once; null for no limit
   */
  waitlistLimit?: number | null
  /**
   * Who may register themselves: open for whoever asks, members for those of the organization, and invitation for nobody, since staff register people
   */
  registration?: "open" | "members" | "invitation"
  /**
   * When attendees can cancel by themselves until, which is not after the event ends; null for until it begins
   */
  cancellationClosesAt?: string | null
}
export interface EventPage {
  /**
   * The items of this page
   */
  items: Event_1[]
  /**
   * Where the next page begins; null on the last page
   */
  nextCursor: string | null
  /**
   * The number of items on all pages, if it was asked for
   */
  total?: number
}
export interface Event_1 {
  /**
   * The id of the event
   */
  id: string
  /**
   * The organization that the event belongs to, for ever
   */
  organizationId: string
  /**
   * The title of the event
   */
  title: string
  /**
   * What the event is about. Text, also of several lines, of at most 4,000 characters, counted in Unicode normal form C and without white space around it
   */
  description: string
  /**
   * The place of the event
   */
  location: string
  /**
   * Who organizes the event: a name, or the host's own id
   */
  organizer: string
  /**
   * When the event begins. In the years 1900 to 9999
   */
  startsAt: string
  /**
   * When the event ends, which is after it begins: nobody registers, and nobody is promoted, from then on. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * The time zone of the place: for showing times, not for deciding. An IANA time zone
   */
  timeZone: string
  /**
   * When people can register from, before the event ends; null for from the publication on
   */
  registrationOpensAt: string | null
  /**
   * When people can register until, after registration opens; null for until the event ends
   */
  registrationClosesAt: string | null
  /**
   * Whether the waitlist takes new entries; people who wait already keep their places and are promoted in either case
   */
  waitlist: "open" | "closed"
  /**
   * The most people who may wait at once; null for no limit
   */
  waitlistLimit: number | null
  /**
   * Who may register themselves: open for whoever asks, members for those of the organization, and invitation for nobody, since staff register people
   */
  registration: "open" | "members" | "invitation"
  /**
   * When attendees can cancel by themselves until, which is not after the event ends; null for until it begins
   */
  cancellationClosesAt: string | null
  /**
   * The number of seats
   */
  capacity: number
  /**
   * Where the event is in its life
   */
  status: "draft" | "published" | "cancelled" | "completed" | "reopening"
  /**
   * The status that a cancelled event had, which reopening gives it again; absent unless it is cancelled or reopening
   */
  cancelledFrom?: "draft" | "published"
  /**
   * How many journal events the stream of this event has
   */
  version: number
  /**
   * The version in which the event itself changed last: its details, its capacity or its status
   */
  revision: number
  /**
   * The number of registrations in each state; cancelled ones are not counted
   */
  counts: {
    /**
     * Have a seat
     */
    confirmed: number
    /**
     * Wait for a seat
     */
    waitlisted: number
    /**
     * Had a seat, and came
     */
    attended: number
    /**
     * Had a seat, and did not come
     */
    noShow: number
  }
  /**
   * When the event was created. In the years 1900 to 9999
   */
  createdAt: string
  /**
   * When the last journal event of the stream happened. In the years 1900 to 9999
   */
  updatedAt: string
}
/**
 * There is no such organization
 */
export interface OrganizationNotFoundProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:organization_not_found"
  /**
   * The kind of the problem, for people
   */
  title: "There is no such organization"
  /**
   * The HTTP status of the answer
   */
  status: 404
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "organization_not_found"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id or the short name that was asked for
   */
  organization: string
}
/**
 * The event was deleted
 */
export interface EventWasDeletedProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_was_deleted"
  /**
   * The kind of the problem, for people
   */
  title: "The event was deleted"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_was_deleted"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
}
/**
 * The event exists already
 */
export interface EventAlreadyExistsProblem {
  /**
   * The kind of the problem, as a URI
   */
  type: "urn:turnout:problem:event_already_exists"
  /**
   * The kind of the problem, for people
   */
  title: "The event exists already"
  /**
   * The HTTP status of the answer
   */
  status: 409
  /**
   * The stable name of the kind of problem, for programs to decide by
   */
  code: "event_already_exists"
  /**
   * What happened, for people
   */
  detail?: string
  /**
   * The id of the event
   */
  eventId: string
}
export interface EventInput {
  /**
   * Your own id for the event, which is created only once under it; without one the event gets a fresh id
   */
  id?: string
  /**
   * The organization that the event belongs to, for ever; without one it belongs to the default organization
   */
  organizationId?: string
  /**
   * The title of the event. One line of 1 to 200 characters, counted in Unicode normal form C and without white space around it
   */
  title: string
  /**
   * What the event is about. Text, also of several lines, of at most 4,000 characters, counted in Unicode normal form C and without white space around it. Default: ""
   */
  description?: string
  /**
   * The place of the event. One line of at most 500 characters, counted in Unicode normal form C and without white space around it. Default: ""
   */
  location?: string
  /**
   * Who organizes the event: a name, or the host's own id. One line of 1 to 200 characters, counted in Unicode normal form C and without white space around it
   */
  organizer: string
  /**
   * When the event begins. In the years 1900 to 9999
   */
  startsAt: string
  /**
   * When the event ends, which is after it begins: nobody registers, and nobody is promoted, from then on. In the years 1900 to 9999
   */
  endsAt: string
  /**
   * The time zone of the place: for showing times, not for deciding. An IANA time zone
   */
  timeZone: string
  /**
   * When people can register from, before the event ends; null for from the publication on. Default: null
   */
  registrationOpensAt?: string | null
  /**
   * When people can register until, after registration opens; null for until the event ends. Default: null
   */
  registrationClosesAt?: string | null
  /**
   * Whether the waitlist takes new entries; people who wait already keep their places and are promoted in either case. Default: "open"
   */
  waitlist?: "open" | "closed"
  /**
   * The most people who may wait at once; null for no limit. Default: null
   */
  waitlistLimit?: number | null
  /**
   * Who may register themselves: open for whoever asks, members for those of the organization, and invitation for nobody, since staff register people. Default: "open"
   */
  registration?: "open" | "members" | "invitation"
  /**
   * When attendees can cancel by themselves until, which is not after the event ends; null for until it begins. Default: null
   */
  cancellationClosesAt?: string | null
  /**
   * The number of seats
   */
  capacity: number
}
/**
 * What `createEvent` takes.
 */
export interface CreateEventRequest {
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body: EventInput
}
/**
 * What `listEvents` takes.
 */
export interface ListEventsRequest {
  /**
   * One or more of draft, published, cancelled, completed, reopening, separated by commas
   */
  status?: string
  /**
   * The organization that the event belongs to
   */
  organizationId?: string
  /**
   * The organizer, in full. One line of 1 to 200 characters, counted in Unicode normal form C and without white space around it
   */
  organizer?: string
  /**
   * Text in the title or the location, without regard to case and accents; each word must be there. One line of 1 to 100 characters, counted in Unicode normal form C and without white space around it
   */
  search?: string
  /**
   * The event ends after this moment: with the present moment, it is not over. In the years 1900 to 9999
   */
  from?: string
  /**
   * The event starts before this moment, which is after from. In the years 1900 to 9999
   */
  until?: string
  /**
   * The event starts at this moment or later. In the years 1900 to 9999
   */
  startsFrom?: string
  /**
   * The event starts before this moment, which is after startsFrom. In the years 1900 to 9999
   */
  startsUntil?: string
  /**
   * The event is over at this moment. In the years 1900 to 9999
   */
  overBy?: string
  /**
   * earliest (the default): the first to start first; latest: the other way round
   */
  order?: "earliest" | "latest"
  /**
   * Whether to count the items of all pages, which costs a look at each of them
   */
  total?: boolean
  /**
   * nextCursor of the page before
   */
  cursor?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `getEvent` takes.
 */
export interface GetEventRequest {
  /**
   * The id of the event
   */
  eventId: string
}
/**
 * What `updateEvent` takes.
 */
export interface UpdateEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
  body: EventChanges
}
/**
 * What `deleteEvent` takes.
 */
export interface DeleteEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `publishEvent` takes.
 */
export interface PublishEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `unpublishEvent` takes.
 */
export interface UnpublishEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `cancelEvent` takes.
 */
export interface CancelEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `completeEvent` takes.
 */
export interface CompleteEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `reopenEvent` takes.
 */
export interface ReopenEventRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
}
/**
 * What `changeCapacity` takes.
 */
export interface ChangeCapacityRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  /**
   * The ETag of the event that the change is based on, such as "42"; up to 20 of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412
   */
  ifMatch?: string
  body: CapacityInput
}
/**
 * What `register` takes.
 */
export interface RegisterRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body: RegistrationInput
}
/**
 * What `listRegistrations` takes.
 */
export interface ListRegistrationsRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * One or more of confirmed, waitlisted, cancelled, attended, noShow, separated by commas
   */
  state?: string
  /**
   * The id of the attendee, in full: the host's own, or `mailto:` and the address of a person who registered by address alone. One line of 1 to 261 characters, counted in Unicode normal form C and without white space around it
   */
  attendeeId?: string
  /**
   * What the e-mail address, or a word of the name, begins with, without regard to case and accents; each word must be found. One line of 1 to 100 characters, counted in Unicode normal form C and without white space around it
   */
  search?: string
  /**
   * Registered at this moment or later. In the years 1900 to 9999
   */
  registeredFrom?: string
  /**
   * Registered before this moment, which is after registeredFrom. In the years 1900 to 9999
   */
  registeredUntil?: string
  /**
   * In the present state since this moment or a later one. In the years 1900 to 9999
   */
  changedFrom?: string
  /**
   * In the present state since before this moment, which is after changedFrom. In the years 1900 to 9999
   */
  changedUntil?: string
  /**
   * entry (the default): the first to register first; newest: the other way round
   */
  order?: "entry" | "newest"
  /**
   * Whether to count the items of all pages, which costs a look at each of them
   */
  total?: boolean
  /**
   * nextCursor of the page before
   */
  cursor?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `registerGuest` takes.
 */
export interface RegisterGuestRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body: GuestInput
}
/**
 * What `exportRegistrations` takes.
 */
export interface ExportRegistrationsRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * One or more of confirmed, waitlisted, cancelled, attended, noShow, separated by commas
   */
  state?: string
}
/**
 * What `getRegistration` takes.
 */
export interface GetRegistrationRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
}
/**
 * What `correctRegistration` takes.
 */
export interface CorrectRegistrationRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body: CorrectionInput
}
/**
 * What `cancelRegistration` takes.
 */
export interface CancelRegistrationRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
}
/**
 * What `confirmRegistration` takes.
 */
export interface ConfirmRegistrationRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body?: ConfirmationInput
}
/**
 * What `reinstateRegistration` takes.
 */
export interface ReinstateRegistrationRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
}
/**
 * What `markAttended` takes.
 */
export interface MarkAttendedRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
  body?: AttendedInput
}
/**
 * What `markNoShow` takes.
 */
export interface MarkNoShowRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
}
/**
 * What `clearAttendance` takes.
 */
export interface ClearAttendanceRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
}
/**
 * What `releaseSeat` takes.
 */
export interface ReleaseSeatRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
  /**
   * A key for this write, 1 to 255 printable ASCII characters: the same request under the same key has one effect and one answer, however often it is sent. Make a new key for each thing that you want done
   */
  idempotencyKey?: string
}
/**
 * What `replaceAttendeeLink` takes.
 */
export interface ReplaceAttendeeLinkRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
}
/**
 * What `listWaitlist` takes.
 */
export interface ListWaitlistRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * nextCursor of the page before
   */
  cursor?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `exportWaitlist` takes.
 */
export interface ExportWaitlistRequest {
  /**
   * The id of the event
   */
  eventId: string
}
/**
 * What `getWaitlistPlace` takes.
 */
export interface GetWaitlistPlaceRequest {
  /**
   * The id of the event
   */
  eventId: string
  /**
   * The id of the registration
   */
  registrationId: string
}
/**
 * What `listAttendeeRegistrations` takes.
 */
export interface ListAttendeeRegistrationsRequest {
  /**
   * The host's own id of the attendee; or mailto: and the address of one who has registered by address alone
   */
  attendeeId: string
  /**
   * nextCursor of the page before
   */
  cursor?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `requestSignIn` takes.
 */
export interface RequestSignInRequest {
  body: SignInRequest
}
/**
 * What `redeemSignInLink` takes.
 */
export interface RedeemSignInLinkRequest {
  body: SignInRedemption
}
/**
 * What `listSessions` takes.
 */
export interface ListSessionsRequest {
  /**
   * next of the page before
   */
  after?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `endAllSessions` takes.
 */
export interface EndAllSessionsRequest {}
/**
 * What `endSession` takes.
 */
export interface EndSessionRequest {
  /**
   * The id of the session
   */
  sessionId: string
}
/**
 * What `getMe` takes.
 */
export interface GetMeRequest {}
/**
 * What `listMyRegistrations` takes.
 */
export interface ListMyRegistrationsRequest {
  /**
   * nextCursor of the page before
   */
  cursor?: string
  /**
   * The most items of a page
   */
  limit?: number
}
/**
 * What `getLiveness` takes.
 */
export interface GetLivenessRequest {}
/**
 * What `getReadiness` takes.
 */
export interface GetReadinessRequest {}
/**
 * What `getHealth` takes.
 */
export interface GetHealthRequest {}

/** Every problem that the server answers with, by its `code`. */
export type Problem =
  | ShuttingDownProblem
  | HeadersTooLargeProblem
  | ExpectationFailedProblem
  | UriTooLongProblem
  | RequestNotReceivedProblem
  | MalformedRequestProblem
  | ValidationFailedProblem
  | NotReadyProblem
  | RateLimitedProblem
  | CrossSiteProblem
  | ForbiddenProblem
  | CredentialRefusedProblem
  | UnauthenticatedProblem
  | InternalErrorProblem
  | RequestTimeoutProblem
  | LimitsUnavailableProblem
  | IssuerUnreachableProblem
  | OverloadedProblem
  | OutcomeUnknownProblem
  | StoreUnavailableProblem
  | UnsupportedMediaTypeProblem
  | PayloadTooLargeProblem
  | MalformedJsonProblem
  | SessionNotFoundProblem
  | SignInDisabledProblem
  | LinkRefusedProblem
  | RegistrationStateConflictProblem
  | EventStatusConflictProblem
  | RegistrationNotFoundProblem
  | EventNotFoundProblem
  | IdempotencyKeyMissingProblem
  | IdempotencyKeyReusedProblem
  | IdempotencyKeyReplayedProblem
  | IdempotencyKeyInFlightProblem
  | EventNotStartedProblem
  | DoorsNotOpenProblem
  | AlreadyRegisteredProblem
  | CapacityFullProblem
  | SelfServiceEndedProblem
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
  | OrganizationNotFoundProblem
  | EventWasDeletedProblem
  | EventAlreadyExistsProblem

/** The operations. */
export interface Calls {
  /** Create an event, as a draft. Only staff see a draft: publish it to open it to registrations. With an id of your own, the event is created once only under it. */
  readonly createEvent: (request: CreateEventRequest, options?: CallOptions) => Promise<Event>
  /** List events by their start. Finds events by status, by organizer, by text and by time; all conditions must hold. The list comes page by page. */
  readonly listEvents: (request?: ListEventsRequest, options?: CallOptions) => Promise<EventPage>
  /** Get an event. The event with its seats and the number of its registrations, as they are now. */
  readonly getEvent: (request: GetEventRequest, options?: CallOptions) => Promise<Event>
  /** Change the details of an event. A field that is absent stays as it is, and null clears an optional one. The capacity is changed by itself. */
  readonly updateEvent: (request: UpdateEventRequest, options?: CallOptions) => Promise<Event>
  /** Delete a draft that nobody has ever registered for. The event is not found afterwards, and its id is not used again. Its journal stays. */
  readonly deleteEvent: (request: DeleteEventRequest, options?: CallOptions) => Promise<void>
  /** Open an event to registrations. People register from now on, or within the registration window if the event has one. */
  readonly publishEvent: (request: PublishEventRequest, options?: CallOptions) => Promise<Event>
  /** Take an event back to draft. Only an event without registrations goes back to draft; cancel one that has some. */
  readonly unpublishEvent: (request: UnpublishEventRequest, options?: CallOptions) => Promise<Event>
  /** Cancel an event. Its registrations end, in steps if there are many. Reopening takes it back before the event ends. */
  readonly cancelEvent: (request: CancelEventRequest, options?: CallOptions) => Promise<Event>
  /** Say that an event has taken place. It is possible from the start of the event on. Attendance can still be recorded afterwards. */
  readonly completeEvent: (request: CompleteEventRequest, options?: CallOptions) => Promise<Event>
  /** Take back that an event was cancelled or completed. It is possible before the event ends. The registrations that a cancellation ended come back to their seats and places, in steps if there are many. */
  readonly reopenEvent: (request: ReopenEventRequest, options?: CallOptions) => Promise<Event>
  /** Raise or lower the capacity. A raise gives the new seats to those who wait. A capacity below the seats taken needs one of two: keepOverhang accepts it, and demote takes that number of seats back, of those who got theirs last. */
  readonly changeCapacity: (request: ChangeCapacityRequest, options?: CallOptions) => Promise<Event>
  /** Register an attendee. The attendee gets a seat while seats are free, and otherwise joins the end of the waitlist. Who is registered already is refused. */
  readonly register: (request: RegisterRequest, options?: CallOptions) => Promise<Registered>
  /** List registrations. Finds registrations of an event by state, by attendee, by text and by time; all conditions must hold. The list comes page by page. */
  readonly listRegistrations: (
    request: ListRegistrationsRequest,
    options?: CallOptions
  ) => Promise<CountedRegistrationPage>
  /** Register somebody for staff. It is possible outside the registration window, with the waitlist closed or full, and into a draft. */
  readonly registerGuest: (request: RegisterGuestRequest, options?: CallOptions) => Promise<Registered>
  /** Download registrations as CSV, in the order of entry. The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off. */
  readonly exportRegistrations: (request: ExportRegistrationsRequest, options?: CallOptions) => Promise<Response>
  /** Get a registration. The registration with its attendee, as it is now. */
  readonly getRegistration: (request: GetRegistrationRequest, options?: CallOptions) => Promise<Registration_1>
  /** Correct who the attendee is, and the notes. A field that is absent stays as it is. The seat or the place in the waitlist stays, too. */
  readonly correctRegistration: (
    request: CorrectRegistrationRequest,
    options?: CallOptions
  ) => Promise<ChangedRegistration>
  /** Cancel a registration, and promote the first in line. Gives up the seat or the place in the waitlist, whatever the status of the event is. */
  readonly cancelRegistration: (
    request: CancelRegistrationRequest,
    options?: CallOptions
  ) => Promise<ChangedRegistration>
  /** Give a chosen waiter a seat. The waiter may be at any place in the waitlist; those before keep theirs. beyond says what to do if no seat is free. */
  readonly confirmRegistration: (
    request: ConfirmRegistrationRequest,
    options?: CallOptions
  ) => Promise<ChangedRegistration>
  /** Take a cancellation back. The attendee gets a seat if one is free, or else the old place in the waitlist. */
  readonly reinstateRegistration: (
    request: ReinstateRegistrationRequest,
    options?: CallOptions
  ) => Promise<ChangedRegistration>
  /** Note that the attendee came. It is possible from 12 hours before the start of the event on; before that, it needs early. */
  readonly markAttended: (request: MarkAttendedRequest, options?: CallOptions) => Promise<ChangedRegistration>
  /** Note that the attendee did not come. It is possible once the event has started. The seat stays taken until it is released. */
  readonly markNoShow: (request: MarkNoShowRequest, options?: CallOptions) => Promise<ChangedRegistration>
  /** Take back that the attendee came, or did not come. The registration is confirmed again. */
  readonly clearAttendance: (request: ClearAttendanceRequest, options?: CallOptions) => Promise<ChangedRegistration>
  /** Give the seat of somebody who did not come to the first in line. The registration is cancelled, and the first person in the waitlist is promoted. */
  readonly releaseSeat: (request: ReleaseSeatRequest, options?: CallOptions) => Promise<ChangedRegistration>
  /** Make a new link for an attendee. The link before ends at once. It opens this registration: its bearer sees it, and cancels it while self-service is open. Each request makes another link. */
  readonly replaceAttendeeLink: (request: ReplaceAttendeeLinkRequest, options?: CallOptions) => Promise<AttendeeLink>
  /** List the waitlist, first in line first. The people who wait, with their places. The list comes page by page. */
  readonly listWaitlist: (request: ListWaitlistRequest, options?: CallOptions) => Promise<WaitlistPage>
  /** Download the waitlist as CSV, first in line first. The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off. */
  readonly exportWaitlist: (request: ExportWaitlistRequest, options?: CallOptions) => Promise<Response>
  /** Get the place of a waiter. The place in the waitlist as it is now, and how many people wait. */
  readonly getWaitlistPlace: (request: GetWaitlistPlaceRequest, options?: CallOptions) => Promise<WaitlistPlace>
  /** List the registrations of an attendee. The registrations of one person for all events, the oldest first. The list comes page by page. */
  readonly listAttendeeRegistrations: (
    request: ListAttendeeRegistrationsRequest,
    options?: CallOptions
  ) => Promise<RegistrationPage>
  /** Have a link to sign in mailed. The link works once, within 15 minutes, in any browser. The answer is the same for every address, whether somebody has signed in with it before or not. At most five links are mailed to an address within 15 minutes. */
  readonly requestSignIn: (request: RequestSignInRequest, options?: CallOptions) => Promise<void>
  /** Sign in with a link. Uses the link up, and makes a session of it, which ends 30 days after it was last used. Somebody who has never signed in becomes a person. A link that is none, was used, or is too old is refused alike. */
  readonly redeemSignInLink: (request: RedeemSignInLinkRequest, options?: CallOptions) => Promise<SignedIn>
  /** List one's own sessions, the oldest first. The sessions of the person who asks that are valid, without their secrets. */
  readonly listSessions: (request?: ListSessionsRequest, options?: CallOptions) => Promise<OwnSessionPage>
  /** Sign out everywhere. Ends all sessions of the person who asks, the one that asks included. Every process refuses them within ten seconds. */
  readonly endAllSessions: (request?: EndAllSessionsRequest, options?: CallOptions) => Promise<SessionsEnded>
  /** End one of one's own sessions. Every process refuses it within ten seconds. A session that has ended stays as it is. If it is that of the cookie which was sent, the answer takes the cookie away: this is how a browser signs out. */
  readonly endSession: (request: EndSessionRequest, options?: CallOptions) => Promise<void>
  /** Who am I?. Whom the credential belongs to: a person, with their addresses and organizations; a program, with the role of its key; or an attendee, with the registration of their link. The cookie of a session is set anew, so that it lasts as long as the session. */
  readonly getMe: (request?: GetMeRequest, options?: CallOptions) => Promise<Me>
  /** List one's own registrations. The registrations of the person who asks for all events, by each of their addresses and by the id of the person, the oldest first. The list comes page by page. */
  readonly listMyRegistrations: (
    request?: ListMyRegistrationsRequest,
    options?: CallOptions
  ) => Promise<RegistrationPage_1>
  /** Is the process alive?. Answers as long as the process answers at all, be the store there or not. */
  readonly getLiveness: (request?: GetLivenessRequest, options?: CallOptions) => Promise<void>
  /** Can it do its work?. The server is not ready while it shuts down, and while its store is not ready. The store decides; Redis, queues, mail and token issuers only degrade. What is known of a neighbour is what the last thing has shown that it was asked for. Store-Clock-Offset has the milliseconds by which the clock of the store, which decides, is ahead of that of the process. */
  readonly getReadiness: (request?: GetReadinessRequest, options?: CallOptions) => Promise<Health>
  /** What is well, and what is not?. The same for people and tools that look at more than the status: the answer is 200 also if the server cannot do its work. The store decides; Redis, queues, mail and token issuers only degrade. What is known of a neighbour is what the last thing has shown that it was asked for. */
  readonly getHealth: (request?: GetHealthRequest, options?: CallOptions) => Promise<Health>
}
