/**
 * The middleware around the gate and all routes. It answers with a problem where no endpoint answers: unknown routes,
 * methods that a resource does not have, unexpected failures (which are logged, and shown without their details), and
 * requests that the shutdown cuts off.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Types from "effect/Types"
import * as Gate from "./Gate.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Problem from "../problems/Problem.ts"
import { BasePath } from "../requests/BasePath.ts"
import { outside } from "../problems/ServerProblems.ts"
import * as Resources from "./Resources.ts"

export const layer = HttpRouter.middleware(
  Effect.gen(function* () {
    const lifecycle = yield* Lifecycle
    const resources = Resources.make()
    const base = yield* BasePath

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
        return clientLeft ? yield* Effect.failCause(cause) : Problem.response(outside.shuttingDown)
      }
      yield* Effect.logError("a request failed unexpectedly", cause)
      return Problem.response(outside.internalError)
    })

    return (app) =>
      Gate.before(
        resources,
        base
      )(app).pipe(
        Effect.catchCause(onCause),
        Effect.map((response) =>
          lifecycle.draining ? HttpServerResponse.setHeader(response, "connection", "close") : response
        )
      )
  }),
  { global: true }
)
