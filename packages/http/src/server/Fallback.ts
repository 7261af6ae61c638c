/**
 * The middleware around the gate and all routes. It answers with a problem where no endpoint answers: unknown routes,
 * methods that a resource does not have, unexpected failures (which are logged, and shown without their details), and
 * requests that the shutdown cuts off.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpPlatform from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import type * as Types from "effect/Types"
import * as Caching from "../credentials/Caching.ts"
import * as Compression from "./Compression.ts"
import * as Gate from "./Gate.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Problem from "../problems/Problem.ts"
import { RETRY_AFTER_SECONDS } from "../problems/RetryLater.ts"
import { BasePath } from "../requests/BasePath.ts"
import * as Identified from "./Identified.ts"
import * as RequestId from "../requests/headers/RequestId.ts"
import { outside } from "../problems/ServerProblems.ts"
import * as Resources from "./Resources.ts"

/** A problem of the server itself with the id of the request, by which operators find the request in the log. */
const withId = (response: HttpServerResponse.HttpServerResponse, requestId: string) => {
  const { body } = response
  if (body._tag !== "Uint8Array" || body.contentType !== ProblemDetails.contentType) return response
  const document = JSON.parse(Buffer.from(body.body).toString()) as object
  return HttpServerResponse.setBody(
    response,
    HttpBody.text(JSON.stringify({ ...document, requestId }), ProblemDetails.contentType)
  )
}

const shuttingDown = HttpServerResponse.setHeader(
  Problem.response(outside.shuttingDown),
  "retry-after",
  String(RETRY_AFTER_SECONDS)
)

export const layer = HttpRouter.middleware(
  Effect.gen(function* () {
    const lifecycle = yield* Lifecycle
    const resources = Resources.make()
    const base = yield* BasePath
    const { compression } = yield* HttpPlatform.HttpPlatform
    const compress = (yield* Compression.IsCompressing) ? Compression.compressing(compression) : undefined

    // `unhandled` in the error type is how a router middleware says that it does not narrow the errors of its routes.
    const onCause = Effect.fnUntraced(function* (
      cause: Cause.Cause<Types.unhandled>
    ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Types.unhandled> {
      const error = Cause.squash(cause)
      if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
        const resource = resources.find(error.request.url)
        return resource === undefined
          ? Problem.response(outside.routeNotFound)
          : Gate.methodNotAllowed(resource.methods)
      }
      if (Cause.hasInterruptsOnly(cause)) {
        const clientLeft = cause.reasons.some((reason) => reason.annotations.has(HttpServerError.ClientAbort.key))
        return clientLeft ? yield* Effect.failCause(cause) : shuttingDown
      }
      yield* Effect.logError("a request failed unexpectedly", cause)
      return Problem.response(outside.internalError)
    })

    /** What every answer has: the id of its request, who may keep it, and the end of the connection while the server shuts down. */
    const completed = (
      response: HttpServerResponse.HttpServerResponse,
      request: HttpServerRequest.HttpServerRequest,
      id: string
    ) => {
      const told = response.status >= 500 ? withId(response, id) : response
      const identified = HttpServerResponse.setHeader(Caching.told(told, request.headers), "x-request-id", id)
      return lifecycle.draining ? HttpServerResponse.setHeader(identified, "connection", "close") : identified
    }

    return (app) =>
      Gate.before(
        resources,
        base
      )(app).pipe(
        Effect.catchCause(onCause),
        Effect.flatMap((response) =>
          Effect.withFiber<HttpServerResponse.HttpServerResponse>((fiber) => {
            const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
            const answer = completed(response, request, RequestId.current(fiber))
            return compress === undefined ? Effect.succeed(answer) : compress(answer)
          })
        ),
        Identified.identified
      )
  }),
  { global: true }
)
