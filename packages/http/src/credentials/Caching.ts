/**
 * Who may keep an answer. Answers differ by the credential of the request. What may be personal, and what somebody with a credential is
 * told, is kept by nobody: not by a proxy, and not by a browser that others use later. What everybody is told may be kept by all, who ask
 * each time whether it is still so. A page or a file that says for itself who may keep it stays as it is.
 */
import * as Context from "effect/Context"
import type { RequestHeaders } from "../pipeline/Exchange.ts"
import * as SessionCookie from "./SessionCookie.ts"

/** The headers of requests by which answers differ. */
const VARY = "authorization, cookie"

/** The value of `Cache-Control` by which nobody else keeps an answer. */
export const PRIVATE = "private, no-store"

/** The value of `Cache-Control` by which everybody may keep an answer, and asks before using it. */
export const SHARED = "public, no-cache"

/** An annotation of an endpoint whose answers have nothing personal in them. */
export const MayBeShared = Context.Reference<boolean>("@turnout/MayBeShared", { defaultValue: () => false })

/** Says in the headers of the answer to a request who may keep it. */
export const tell = (headers: Record<string, string>, request: RequestHeaders, mayBeShared: boolean): void => {
  if (headers["cache-control"] !== undefined) return
  headers["vary"] ??= VARY
  const isIdentified = request["authorization"] !== undefined || SessionCookie.valuesIn(request["cookie"]).length > 0
  headers["cache-control"] = mayBeShared && !isIdentified ? SHARED : PRIVATE
}
