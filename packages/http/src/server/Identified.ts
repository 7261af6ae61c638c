/**
 * The middleware around everything that is done for a request: it gives the request its id, which the lines of the log have while the
 * request is worked on, the line of the access log included.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as RequestId from "../requests/headers/RequestId.ts"

export const identified = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const { headers } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    return Effect.provideService(app, References.CurrentLogAnnotations, {
      ...fiber.getRef(References.CurrentLogAnnotations),
      [RequestId.ANNOTATION]: RequestId.of(headers["x-request-id"])
    })
  })
