/**
 * The boundaries between a request and its endpoint in the definition of an API. Each is a mark, with the problems that it adds to the
 * document; the pipeline has the stages that refuse requests with them.
 */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ProtocolProblems from "../problems/ProtocolProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

/** Of every endpoint: values that do not fit the schemas are a problem, and the work has a deadline. */
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

/** An annotation of an endpoint that takes a body and does without one: no body counts as `{}`. */
export const OptionalBody = Context.Reference<boolean>("@turnout/OptionalBody", { defaultValue: () => false })

/** Says in the document of the API that the body may be left out. */
export const describeOptionalBody = (operation: Record<string, unknown>): Record<string, unknown> => ({
  ...operation,
  requestBody: { ...(operation["requestBody"] as object), required: false }
})

/** Of every write: the idempotency key, the conditions, and size, type and form of the body are checked. */
export class WriteBoundary extends HttpApiMiddleware.Service<WriteBoundary>()("@turnout/WriteBoundary", {
  error: [
    BoundaryProblems.idempotencyKeyMissing,
    BoundaryProblems.idempotencyKeyInFlight,
    BoundaryProblems.idempotencyKeyReplayed,
    BoundaryProblems.malformedJson,
    BoundaryProblems.validationFailed,
    BoundaryProblems.payloadTooLarge,
    BoundaryProblems.unsupportedMediaType
  ]
}) {}

/** Of the operators' changes: the conditions, and size, type and form of the body are checked. */
export class BodyBoundary extends HttpApiMiddleware.Service<BodyBoundary>()("@turnout/BodyBoundary", {
  error: [
    BoundaryProblems.malformedJson,
    BoundaryProblems.validationFailed,
    BoundaryProblems.payloadTooLarge,
    BoundaryProblems.unsupportedMediaType
  ]
}) {}

/**
 * Of every endpoint: each parameter of the query is there once and written in one way, and the endpoint has it. Its errors include the
 * problems with which the server refuses a request before any endpoint, so that the documents of the API show them.
 */
export class QueryBoundary extends HttpApiMiddleware.Service<QueryBoundary>()("@turnout/QueryBoundary", {
  error: [
    BoundaryProblems.validationFailed,
    ProtocolProblems.malformedRequest,
    ProtocolProblems.requestNotReceived,
    ProtocolProblems.uriTooLong,
    ProtocolProblems.expectationFailed,
    ProtocolProblems.headersTooLarge,
    ServerProblems.shuttingDown
  ]
}) {}
