/**
 * Who may keep an answer. Answers differ by the credential of the request, and what somebody with a credential is told is kept by
 * nobody else: not by a proxy, and not by a browser that others use later. A page or a file that says for itself who may keep it stays as
 * it is.
 */
import type { Headers } from "effect/http/Headers"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as SessionCookie from "./SessionCookie.ts"

/** The headers of requests by which answers differ. */
const VARY = "authorization, cookie"

/** The value of `Cache-Control` by which nobody else keeps an answer. */
export const PRIVATE = "private, no-store"

/** An answer to a request that says who may keep it. Each header is set by itself, which costs least. */
export const told = (
  answer: HttpServerResponse.HttpServerResponse,
  request: Headers
): HttpServerResponse.HttpServerResponse => {
  const { headers } = answer
  if (headers["cache-control"] !== undefined) return answer
  const varying = headers["vary"] === undefined ? HttpServerResponse.setHeader(answer, "vary", VARY) : answer
  const isPrivate = request["authorization"] !== undefined || SessionCookie.valuesIn(request["cookie"]).length > 0
  return isPrivate ? HttpServerResponse.setHeader(varying, "cache-control", PRIVATE) : varying
}
