/**
 * Who may keep an answer. Answers differ by the credential of the request, and what somebody with a credential is told is kept by
 * nobody else: not by a proxy, and not by a browser that others use later. A page or a file that says for itself who may keep it stays as
 * it is.
 */
import type { RequestHeaders } from "../pipeline/Exchange.ts"
import * as SessionCookie from "./SessionCookie.ts"

/** The headers of requests by which answers differ. */
const VARY = "authorization, cookie"

/** The value of `Cache-Control` by which nobody else keeps an answer. */
export const PRIVATE = "private, no-store"

/** Says in the headers of the answer to a request who may keep it. */
export const tell = (headers: Record<string, string>, request: RequestHeaders): void => {
  if (headers["cache-control"] !== undefined) return
  headers["vary"] ??= VARY
  if (request["authorization"] !== undefined || SessionCookie.valuesIn(request["cookie"]).length > 0)
    headers["cache-control"] = PRIVATE
}
