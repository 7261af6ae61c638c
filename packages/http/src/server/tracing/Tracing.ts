/**
 * The spans of requests, which tell the method, the route and the status of a request, and nothing else: no query, no path, no address, no
 * user agent, no header, and of a failure the name of the error (`DiscreetTracer`).
 *
 * Effect's server makes a span for each request, which goes on from the `traceparent` of the request, if somebody reads spans. With Effect's
 * own tracer, nobody does: then this layer changes nothing, and a request costs nothing more. Requests that ask after the health of the
 * process have no span.
 */
import * as DiscreetTracer from "@turnout/core/kernel/application/tracing/DiscreetTracer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import * as HttpMiddleware from "effect/http/HttpMiddleware"

/** Whether the path of a URL begins with `/health/`, below the path that everything is under. */
const isAboutHealth = (url: string, basePath: string): boolean => url.startsWith(`${basePath}/health/`)

/** For the layer of the server, which is under this path. */
export const layer = (basePath = ""): Layer.Layer<never> =>
  Layer.merge(
    Layer.succeed(HttpMiddleware.TracerDisabledWhen, ({ url }) => isAboutHealth(url, basePath)),
    Layer.effect(
      Tracer.Tracer,
      Effect.map(Tracer.Tracer, (tracer) => (tracer === Tracer.nativeTracer ? tracer : DiscreetTracer.make(tracer)))
    )
  )
