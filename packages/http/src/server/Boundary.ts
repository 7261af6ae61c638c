/**
 * Between the socket and the handlers: what is not a valid request never reaches a handler, and no handler keeps a
 * client waiting for ever.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { BodyBoundary, Boundary, ParsedBody, QueryBoundary, WriteBoundary } from "../requests/Boundaries.ts"
import * as Body from "../requests/Body.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as QueryParameters from "../requests/QueryParameters.ts"
import * as Violations from "../problems/Violations.ts"

export interface Limits {
  /** How long a request may take, from its last byte to its answer, unless it waits for a write: see `writeDeadline`. */
  readonly requestTimeoutMillis: number
  /** The largest body. */
  readonly maxBodyBytes: number
}

export const RequestLimits = Context.Reference<Limits>("@turnout/RequestLimits", {
  defaultValue: () => ({ requestTimeoutMillis: 30_000, maxBodyBytes: 64 * 1024 })
})

const PARTS = { Payload: "body", Query: "query", Params: "path", Headers: "header" } as const

const toViolations = ({ cause, kind }: HttpApiError.HttpApiSchemaError): BoundaryProblems.ValidationFailed =>
  new BoundaryProblems.ValidationFailed({
    violations: Violations.fromIssue(PARTS[kind as keyof typeof PARTS], cause.issue)
  })

/**
 * `Effect.timeout` waits until the interrupted work lets go, and a commit does not. So the work runs on its own, and the
 * answer does not wait for it.
 */
export const withDeadline =
  (millis: number) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | ServerProblems.RequestTimeout, R> =>
    Effect.acquireUseRelease(
      Effect.forkDetach(work),
      (fiber) =>
        Effect.timeoutOrElse(Fiber.join(fiber), {
          duration: millis,
          orElse: () => Effect.fail(new ServerProblems.RequestTimeout())
        }),
      (fiber) => Effect.sync(() => fiber.interruptUnsafe())
    )

/** By how much the deadline of a write is later than the answer that Turnout gives by itself. */
const ANSWER_MARGIN_MILLIS = 5_000

/**
 * The deadline of a request for a write. Turnout answers a write within its own time, and says more about what has become of
 * it than the server can: the deadline is for a Turnout that does not answer at all, however short requests are.
 */
const writeDeadline = (requestTimeoutMillis: number, commandTimeoutMillis: number): number =>
  Math.max(requestTimeoutMillis, commandTimeoutMillis + ANSWER_MARGIN_MILLIS)

const boundary = Layer.effect(
  Boundary,
  Effect.gen(function* () {
    const { requestTimeoutMillis } = yield* RequestLimits
    const { commandTimeoutMillis } = yield* Turnout
    const ofWrites = withDeadline(writeDeadline(requestTimeoutMillis, commandTimeoutMillis))
    const ofOthers = withDeadline(requestTimeoutMillis)
    return (httpEffect, { endpoint }) =>
      httpEffect.pipe(
        endpoint.middlewares.has(WriteBoundary) ? ofWrites : ofOthers,
        Effect.mapError((error) =>
          // Of the other kinds, `Body` and `ResponseHeaders`, the client is innocent: they end as a logged 500.
          HttpApiError.HttpApiSchemaError.is(error) && error.kind in PARTS ? toViolations(error) : error
        )
      )
  })
)

const writeBoundary = Layer.effect(
  WriteBoundary,
  Effect.map(RequestLimits, ({ maxBodyBytes }) =>
    Effect.fnUntraced(function* (httpEffect, { endpoint }) {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (request.headers["idempotency-key"] === undefined) return yield* new BoundaryProblems.IdempotencyKeyMissing()
      const json = yield* Body.read(maxBodyBytes, endpoint)
      return yield* Effect.provideService(httpEffect, ParsedBody, { json })
    })
  )
)

const bodyBoundary = Layer.effect(
  BodyBoundary,
  Effect.map(
    RequestLimits,
    ({ maxBodyBytes }) =>
      (httpEffect, { endpoint }) =>
        Effect.flatMap(Body.read(maxBodyBytes, endpoint), (json) =>
          Effect.provideService(httpEffect, ParsedBody, { json })
        )
  )
)

const queryBoundary = Layer.succeed(QueryBoundary, (httpEffect, { endpoint }) => {
  const known = endpoint.query === undefined ? "none" : "some"
  return Effect.withFiber<HttpServerResponse.HttpServerResponse, BoundaryProblems.ValidationFailed>((fiber) => {
    const { url } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const violations = QueryParameters.violationsOf(url, known)
    // The errors of the endpoint are not of this middleware, which lets them pass.
    return violations.length === 0
      ? (httpEffect as Effect.Effect<HttpServerResponse.HttpServerResponse>)
      : Effect.fail(new BoundaryProblems.ValidationFailed({ violations }))
  })
})

/** Sets a header on the answer to this request, whatever it will be. */
export const setHeader = (
  name: string,
  value: string
): Effect.Effect<void, never, HttpServerRequest.HttpServerRequest> =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, name, value))
  )

/** The middleware of the API; limits come from `RequestLimits`, and the deadline of writes follows from that of `Turnout`. */
export const layer: Layer.Layer<Boundary | WriteBoundary | BodyBoundary | QueryBoundary, never, Turnout> =
  Layer.mergeAll(boundary, writeBoundary, bodyBoundary, queryBoundary)
