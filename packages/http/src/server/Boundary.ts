/**
 * The middleware between the socket and the handlers: no invalid request reaches a handler, and no handler keeps a client
 * waiting for ever.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { BodyBoundary, Boundary, ParsedBody, QueryBoundary, WriteBoundary } from "../requests/Boundaries.ts"
import * as Body from "../requests/Body.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import { DEFAULT_LIMITS } from "../ServerDefaults.ts"
import * as EntityTags from "../requests/headers/EntityTags.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as QueryParameters from "../requests/QueryParameters.ts"
import * as Violations from "../problems/Violations.ts"

export interface Limits {
  /** The time that a request may take, from its last byte to its answer. `writeDeadline` says how long a write may take. */
  readonly requestTimeoutMillis: number
  /** The largest body. */
  readonly maxBodyBytes: number
}

export const RequestLimits = Context.Reference<Limits>("@turnout/RequestLimits", {
  defaultValue: () => DEFAULT_LIMITS
})

const PARTS = { Payload: "body", Query: "query", Params: "path", Headers: "header" } as const

const toViolations = ({ cause, kind }: HttpApiError.HttpApiSchemaError): BoundaryProblems.ValidationFailed =>
  new BoundaryProblems.ValidationFailed({
    violations: Violations.fromIssue(PARTS[kind as keyof typeof PARTS], cause.issue)
  })

/**
 * Gives work a deadline. `Effect.timeout` would wait for the interrupted work to end, and a commit ends only when it is
 * done. So the work runs in a fiber of its own, and the answer does not wait for it.
 */
export const withDeadline =
  (millis: number) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | ServerProblems.RequestTimeout, R> =>
    Effect.contextWith((context: Context.Context<R>) =>
      Effect.callback<A, E | ServerProblems.RequestTimeout>((resume) => {
        const fiber = Effect.runForkWith(context)(work)
        const done = fiber.pollUnsafe()
        // Work that waits for nothing, such as a look at what is remembered, needs no timer.
        if (done !== undefined) return resume(done)
        const timer = setTimeout(() => {
          resume(Effect.fail(new ServerProblems.RequestTimeout()))
          fiber.interruptUnsafe()
        }, millis)
        fiber.addObserver((exit) => {
          clearTimeout(timer)
          resume(exit)
        })
        return Effect.sync(() => fiber.interruptUnsafe())
      })
    )

/** The time between the answer that Turnout gives by itself at the latest and the deadline of a write. */
const ANSWER_MARGIN_MILLIS = 5_000

/**
 * The deadline of a request for a write. Turnout answers a write within its own time, and says more about the outcome than
 * the server can. So the deadline comes after that time, even where `requestTimeoutMillis` is shorter: it is for a Turnout
 * that does not answer at all.
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
          // The other kinds, `Body` and `ResponseHeaders`, are not mistakes of the client: they end as a logged 500.
          HttpApiError.HttpApiSchemaError.is(error) && error.kind in PARTS ? toViolations(error) : error
        )
      )
  })
)

/** Refuses a write with a condition that its endpoint does not heed. */
const heedsConditions = (endpoint: HttpApiEndpoint.Top) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const violations = EntityTags.unheeded(headers, endpoint)
    return violations.length === 0 ? Effect.void : Effect.fail(new BoundaryProblems.ValidationFailed({ violations }))
  })

/** Gives the parsed body of the request to the endpoint, which heeds the conditions of the request. */
const withBody = <A, E, R>(
  httpEffect: Effect.Effect<A, E, R | ParsedBody>,
  endpoint: HttpApiEndpoint.Top,
  maxBodyBytes: number
) =>
  heedsConditions(endpoint).pipe(
    Effect.andThen(Body.reading(maxBodyBytes, endpoint)),
    Effect.flatMap((json) => Effect.provideService(httpEffect, ParsedBody, { json }))
  )

const withIdempotencyKey = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
  headers["idempotency-key"] === undefined ? Effect.fail(new BoundaryProblems.IdempotencyKeyMissing()) : Effect.void
)

const writeBoundary = Layer.effect(
  WriteBoundary,
  Effect.map(
    RequestLimits,
    ({ maxBodyBytes }) =>
      (httpEffect, { endpoint }) =>
        Effect.andThen(withIdempotencyKey, withBody(httpEffect, endpoint, maxBodyBytes))
  )
)

const bodyBoundary = Layer.effect(
  BodyBoundary,
  Effect.map(
    RequestLimits,
    ({ maxBodyBytes }) =>
      (httpEffect, { endpoint }) =>
        withBody(httpEffect, endpoint, maxBodyBytes)
  )
)

const queryBoundary = Layer.succeed(QueryBoundary, (httpEffect, { endpoint }) => {
  const known = endpoint.query === undefined ? "none" : "some"
  return Effect.withFiber<HttpServerResponse.HttpServerResponse, BoundaryProblems.ValidationFailed>((fiber) => {
    const { url } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const violations = QueryParameters.violationsOf(url, known)
    // The middleware lets the errors of the endpoint pass, though its type does not name them.
    return violations.length === 0
      ? (httpEffect as Effect.Effect<HttpServerResponse.HttpServerResponse>)
      : Effect.fail(new BoundaryProblems.ValidationFailed({ violations }))
  })
})

/**
 * The middleware of both APIs. `RequestLimits` has the limits, and `Turnout` the time from which the deadline of writes
 * follows.
 */
export const layer: Layer.Layer<Boundary | WriteBoundary | BodyBoundary | QueryBoundary, never, Turnout> =
  Layer.mergeAll(boundary, writeBoundary, bodyBoundary, queryBoundary)
