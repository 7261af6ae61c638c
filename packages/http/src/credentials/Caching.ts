/**
 * Who may keep an answer. Answers differ by the credential of the request, and what somebody with a credential is told is kept by
 * nobody else: not by a proxy, and not by a browser that others use later. A page or a file that says for itself who may keep it stays as
 * it is.
 */
import type { Headers } from "effect/http/Headers"
import * as SessionCookie from "./SessionCookie.ts"

/** The headers of requests by which answers differ. */
const VARY = "authorization, cookie"

const PRIVATE = "private, no-store"

/** The headers that an answer gets besides its own. */
export const headersOf = (request: Headers, answer: Headers): Readonly<Record<string, string>> => {
  if (answer["cache-control"] !== undefined) return {}
  const isPrivate = request["authorization"] !== undefined || SessionCookie.valuesIn(request["cookie"]).length > 0
  return {
    ...(answer["vary"] === undefined ? { vary: VARY } : {}),
    ...(isPrivate ? { "cache-control": PRIVATE } : {})
  }
}
