/**
 * Around all routes: whatever no endpoint answers is answered as a problem too. Unknown routes, methods that a resource
 * does not have, failures that nobody expected (logged, and shown without their inside), and requests that the shutdown
 * cuts off.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FindMyWay from "effect/http/FindMyWay"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as Types from "effect/Types"
import * as Admin from "./Admin.ts"
import { AdminApi } from "./AdminApi.ts"
import { Api } from "./Api.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Problem from "./Problem.ts"
import { outside } from "./Problems.ts"

export const OPENAPI_PATH = "/openapi.json"
export const DOCS_PATH = "/docs"
/** The longest path parameter: an attendee id, of which each character may take nine when it is encoded. */
export const MAX_PARAMETER_LENGTH = 4_096

/** The methods that a URL has. */
const methodsOf = (): ((url: string) => ReadonlyArray<string>) => {
  const routes = FindMyWay.make<true>({ maxParamLength: MAX_PARAMETER_LENGTH })
  const methods = new Set(["GET", "HEAD"])
  const add = (method: string, path: string) => {
    methods.add(method)
    routes.on(method as "GET", path as `/${string}`, true)
  }
  for (const path of [OPENAPI_PATH, DOCS_PATH, Admin.OPENAPI_PATH, Admin.DOCS_PATH]) add("GET", path)
  const onEndpoint = ({ endpoint: { method, path } }: { readonly endpoint: { method: string; path: string } }) =>
    add(method, path)
  HttpApi.reflect(Api, { onGroup() {}, onEndpoint })
  HttpApi.reflect(AdminApi, { onGroup() {}, onEndpoint })
  return (url) =>
    [...methods].filter((method) => routes.find((method === "HEAD" ? "GET" : method) as "GET", url) !== undefined)
}

export const layer = HttpRouter.middleware(
  Effect.gen(function* () {
    const lifecycle = yield* Lifecycle
    const methods = methodsOf()

    // `unhandled` in the error type is how a router middleware says that it does not narrow the errors of its routes.
    const onCause = Effect.fnUntraced(function* (
      cause: Cause.Cause<Types.unhandled>
    ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Types.unhandled> {
      const error = Cause.squash(cause)
      if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
        const allowed = methods(error.request.url)
        return allowed.length === 0
          ? Problem.response(outside.routeNotFound)
          : HttpServerResponse.setHeader(Problem.response(outside.methodNotAllowed), "allow", allowed.join(", "))
      }
      if (Cause.hasInterruptsOnly(cause)) {
        const clientLeft = cause.reasons.some((reason) => reason.annotations.has(HttpServerError.ClientAbort.key))
        return clientLeft ? yield* Effect.failCause(cause) : Problem.response(outside.shuttingDown)
      }
      yield* Effect.logError("a request failed unexpectedly", cause)
      return Problem.response(outside.internalError)
    })

    return (app) =>
      app.pipe(
        Effect.catchCause(onCause),
        Effect.map((response) =>
          lifecycle.draining ? HttpServerResponse.setHeader(response, "connection", "close") : response
        )
      )
  }),
  { global: true }
)
