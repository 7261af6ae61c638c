/**
 * The boundaries between a request and its endpoint, as the definition of an API has them, each with the problems by which it refuses a
 * request. `server/Boundary.ts` carries them out.
 */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ProtocolProblems from "../problems/ProtocolProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

/** On every endpoint: what does not fit the schemas becomes a problem, and work gets a deadline. */
export class Boundary extends HttpApiMiddleware.Service<Boundary>()("@turnout/Boundary", {
  error: [
    BoundaryProblems.validationFailed,
    StoreProblems.storeUnavailable,
    StoreProblems.outcomeUnknown,
    StoreProblems.overloaded,
    ServerProblems.requestTimeout,
    ServerProblems.internalError
  ]
}) {}

/** The body of this request as JSON; `undefined` if there is none. `Body.withPayload` decodes it. */
export class ParsedBody extends Context.Service<ParsedBody, { readonly json: unknown }>()("@turnout/ParsedBody") {}

/** On every write: the idempotency key, and size, type and form of the body. Runs outside of `Boundary`. */
export class WriteBoundary extends HttpApiMiddleware.Service<WriteBoundary, { provides: ParsedBody }>()(
  "@turnout/WriteBoundary",
  {
    error: [
      BoundaryProblems.idempotencyKeyMissing,
      BoundaryProblems.idempotencyKeyInFlight,
      BoundaryProblems.idempotencyKeyReplayed,
      BoundaryProblems.malformedJson,
      BoundaryProblems.validationFailed,
      BoundaryProblems.payloadTooLarge,
      BoundaryProblems.unsupportedMediaType
    ]
  }
) {}

/** On what operators change: size, type and form of the body. Runs outside of `Boundary`. */
export class BodyBoundary extends HttpApiMiddleware.Service<BodyBoundary, { provides: ParsedBody }>()(
  "@turnout/BodyBoundary",
  {
    error: [
      BoundaryProblems.malformedJson,
      BoundaryProblems.validationFailed,
      BoundaryProblems.payloadTooLarge,
      BoundaryProblems.unsupportedMediaType
    ]
  }
) {}

/**
 * On every endpoint: each parameter of the query is there once and written in one way, and one that the endpoint does not
 * have is refused. Runs outside of the others. What the server refuses before any endpoint is documented here.
 */
export class QueryBoundary extends HttpApiMiddleware.Service<QueryBoundary>()("@turnout/QueryBoundary", {
  error: [
    BoundaryProblems.validationFailed,
    ProtocolProblems.malformedRequest,
    ProtocolProblems.requestNotReceived,
    ProtocolProblems.uriTooLong,
    ProtocolProblems.expectationFailed,
    ProtocolProblems.headersTooLarge
  ]
}) {}
