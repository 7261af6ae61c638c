/**
 * Whether a request comes from a page of this service itself.
 *
 * A browser sends the cookie along with whatever a page asks for. So a write with the cookie has to say by `Origin` or `Sec-Fetch-Site`,
 * which no page can choose, that it comes from here.
 */
import * as Context from "effect/Context"
import type { RequestHeaders } from "../pipeline/Exchange.ts"

/** The origin of the public URL; `undefined` if there is none, and the host that a request names counts. */
export const PublicOrigin: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "@turnout/PublicOrigin",
  { defaultValue: () => undefined }
)

/** Whether an origin is that of a host. Behind a proxy, the server does not know whether it is asked by http or https. */
const isOfHost = (origin: string, host: string | undefined): boolean =>
  host !== undefined && host !== "" && origin.replace(/^https?:\/\//, "") === host.toLowerCase()

export const isSameOrigin = (
  { host, origin, "sec-fetch-site": site }: RequestHeaders,
  publicOrigin: string | undefined
): boolean => {
  if (site === "same-origin") return true
  if (origin === undefined) return false
  return publicOrigin === undefined ? isOfHost(origin, host) : origin === publicOrigin
}
