/**
 * The gate before the routes: a request whose head is ambiguous reaches none of them, and is answered with a problem.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { IncomingMessage } from "node:http"
import * as BasePath from "../requests/BasePath.ts"
import * as CanonicalPath from "../requests/CanonicalPath.ts"
import { headersTooLarge } from "../problems/ParserProblems.ts"
import * as Problem from "../problems/Problem.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ProtocolProblems from "../problems/ProtocolProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as RequestHead from "../requests/RequestHead.ts"
import type { Resources } from "./Resources.ts"

/**
 * The longest path, in characters. The longest path of an endpoint has an attendee id of 254 characters, each of which may
 * take nine when it is encoded. The limit is there because the router's time for a path grows with the square of the
 * escapes in it.
 */
const MAX_PATH_LENGTH = 2_560

const allowing = (response: HttpServerResponse.HttpServerResponse, methods: Iterable<string>) =>
  HttpServerResponse.setHeader(response, "allow", [...methods].join(", "))

/** The answer to a method that a resource does not have. */
export const methodNotAllowed = (methods: Iterable<string>): HttpServerResponse.HttpServerResponse =>
  allowing(Problem.response(ServerProblems.outside.methodNotAllowed), methods)

/** Ends the connection after the answer: after such a head it is not certain where the next request begins. */
const closing = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeader(response, "connection", "close")

/** The answer to the base path without its slash, which people leave out: the links of the page at the root need it. */
const toRoot = (base: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.empty({ status: 308, headers: { location: `${base}/` } })

/** The answer that refuses a request, or the path below `base` and the query of a request that may pass. */
const judge = (
  node: IncomingMessage,
  resources: Resources,
  base: string
): HttpServerResponse.HttpServerResponse | string => {
  if (!RequestHead.isSpoken(node))
    return closing(
      Problem.answer(ProtocolProblems.httpVersionNotSupported, new ProtocolProblems.HttpVersionNotSupported())
    )
  if (node.rawHeaders.length / 2 > RequestHead.MAX_HEADERS) {
    return closing(Problem.answer(ProtocolProblems.headersTooLarge, headersTooLarge()))
  }
  const violations = RequestHead.violationsOf(node)
  if (violations.length > 0)
    return closing(
      Problem.answer(BoundaryProblems.validationFailed, new BoundaryProblems.ValidationFailed({ violations }))
    )
  const whole = RequestHead.targetOf(node)
  if (whole === "*" && node.method === "OPTIONS") return methodNotAllowed(resources.methods)
  if (whole === undefined || whole === "*") {
    return Problem.answer(
      ProtocolProblems.malformedRequest,
      new ProtocolProblems.MalformedRequest({ reason: "the target must be a path or an http URL" })
    )
  }
  if (base !== "" && whole === base) return toRoot(base)
  const target = BasePath.below(base, whole)
  if (target === undefined) return Problem.response(ServerProblems.outside.routeNotFound)
  const query = target.indexOf("?")
  const path = query < 0 ? target : target.slice(0, query)
  if (path.length > MAX_PATH_LENGTH)
    return Problem.answer(ProtocolProblems.uriTooLong, new ProtocolProblems.UriTooLong({ maxLength: MAX_PATH_LENGTH }))
  return CanonicalPath.isCanonical(path, resources) ? target : Problem.response(ServerProblems.outside.routeNotFound)
}

/** Passes requests with an unambiguous head to `app`, without the base path, and refuses the others. */
export const before =
  (resources: Resources, base: string) =>
  <E, R>(
    app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
    Effect.withFiber((fiber) => {
      const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
      const judged = judge(request.source as IncomingMessage, resources, base)
      if (typeof judged !== "string") return Effect.succeed(judged)
      return judged === request.url
        ? app
        : Effect.provideService(app, HttpServerRequest.HttpServerRequest, request.modify({ url: judged }))
    })
