/**
 * The gate before the routes: a request whose head is ambiguous reaches none of them, and is answered with a problem.
 */
import { headersTooLarge } from "../problems/ParserProblems.ts"
import * as Problem from "../problems/Problem.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as ProtocolProblems from "../problems/ProtocolProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as BasePath from "../requests/BasePath.ts"
import * as CanonicalPath from "../requests/CanonicalPath.ts"
import * as RequestHead from "../requests/RequestHead.ts"
import * as Answer from "./answers/Answer.ts"
import type { Exchange } from "./Exchange.ts"
import type { Routes } from "./Routes.ts"

/**
 * The longest path, in characters. The longest path of an endpoint has an attendee id of 254 characters, each of which may
 * take nine when it is encoded. The limit is there because the router's time for a path grows with the square of the
 * escapes in it.
 */
const MAX_PATH_LENGTH = 2_560

/** The answer to a method that a resource does not have. */
export const methodNotAllowed = (methods: Iterable<string>): Answer.Answer =>
  Answer.withHeaders(Problem.response(ServerProblems.outside.methodNotAllowed), { allow: [...methods].join(", ") })

/** Ends the connection after the answer: after such a head it is not certain where the next request begins. */
const closing = (answer: Answer.Answer): Answer.Answer => Answer.withHeaders(answer, { connection: "close" })

/** The answer to the base path without its slash, which people leave out: the links of the page at the root need it. */
const toRoot = (base: string): Answer.Answer => Answer.empty(308, { location: `${base}/` })

/** Gives the answer that refuses a request, or the path below `base` and the query of a request that may pass. */
export const judge = ({ request }: Exchange, routes: Routes, base: string): Answer.Answer | string => {
  if (!RequestHead.isSpoken(request))
    return closing(
      Problem.answer(ProtocolProblems.httpVersionNotSupported, new ProtocolProblems.HttpVersionNotSupported())
    )
  if (request.rawHeaders.length / 2 > RequestHead.MAX_HEADERS) {
    return closing(Problem.answer(ProtocolProblems.headersTooLarge, headersTooLarge()))
  }
  const violations = RequestHead.violationsOf(request)
  if (violations.length > 0)
    return closing(
      Problem.answer(BoundaryProblems.validationFailed, new BoundaryProblems.ValidationFailed({ violations }))
    )
  const whole = RequestHead.targetOf(request)
  if (whole === "*" && request.method === "OPTIONS") return methodNotAllowed(routes.methods)
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
  return CanonicalPath.isCanonical(path, routes) ? target : Problem.response(ServerProblems.outside.routeNotFound)
}
