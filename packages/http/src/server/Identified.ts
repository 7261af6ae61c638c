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

/** The name of the id in the annotations of the log. */
const ANNOTATION = "http.request_id"

export const identified = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const { headers } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const id = RequestId.of(headers["x-request-id"])
    const annotations = { ...fiber.getRef(References.CurrentLogAnnotations), [ANNOTATION]: id }
    return Effect.provideContext(
      app,
      Context.make(RequestId.RequestId, id).pipe(Context.add(References.CurrentLogAnnotations, annotations))
    )
  })
