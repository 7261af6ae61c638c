/**
 * The id of a request, which the lines of the log have while the request is worked on, the line of the access log included.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as RequestId from "../requests/headers/RequestId.ts"

/** Gives a request its id, unless it has one already. */
export const identified = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    if (RequestId.ANNOTATION in annotations) return app
    const { headers } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    // A request has a fiber of its own, so nobody else sees its annotations, and nothing has to be put back.
    fiber.setContext(
      Context.add(fiber.context, References.CurrentLogAnnotations, {
        ...annotations,
        [RequestId.ANNOTATION]: RequestId.of(headers["x-request-id"])
      })
    )
    return app
  })
