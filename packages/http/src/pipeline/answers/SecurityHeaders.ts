/**
 * The headers by which browsers keep an answer from doing harm. Every answer has them, a problem too.
 *
 * An answer of the API is data: no browser may guess its type, show it in a frame, or load anything for it. A page says for itself what it
 * loads, by a policy of its own.
 */
import { hash } from "node:crypto"

/** What browsers may do with an answer that is no page. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

/** For a year, browsers do not come back without https. */
const HSTS = "max-age=31536000"

const COMMON = {
  "content-security-policy": DATA_POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
} as const

const SECURE = { ...COMMON, "strict-transport-security": HSTS } as const

/** The headers of an answer to a request. Those that a page has for itself take their place. */
export const of = (isHttps: boolean): Readonly<Record<string, string>> => (isHttps ? SECURE : COMMON)

/** Makes the policy of a page that loads what is named here, and nothing else. Scripts and styles in it are named by their digests. */
export const policyOf = (sources: {
  readonly scripts?: ReadonlyArray<string>
  readonly styles?: ReadonlyArray<string>
  readonly connect?: string
  readonly further?: ReadonlyArray<string>
}): string => {
  const { connect, further = [], scripts = [], styles = [] } = sources
  return [
    "default-src 'none'",
    ...(scripts.length === 0 ? [] : [`script-src ${scripts.join(" ")}`]),
    ...(styles.length === 0 ? [] : [`style-src ${styles.join(" ")}`]),
    ...(connect === undefined ? [] : [`connect-src ${connect}`]),
    ...further,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join("; ")
}

/** A script or style as a policy names it, which stands in the page itself. */
export const digestOf = (text: string): string => `'sha256-${hash("sha256", text, "base64")}'`

/** The headers of a page with a policy. */
export const ofPage = (policy: string): Readonly<Record<string, string>> => ({
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
})
