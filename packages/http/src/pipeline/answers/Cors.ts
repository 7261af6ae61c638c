/**
 * Cross-origin requests (the Fetch standard, 3.3): which pages of others may read answers.
 *
 * Without origins, no page of another origin reads anything, which is what browsers do by themselves. Listed origins may send credentials.
 * If any origin may read, none may send credentials along.
 */
import * as Answer from "./Answer.ts"
import type { Exchange } from "../Exchange.ts"
import type { Resource } from "../Routes.ts"

/** The origins whose pages may read answers: none, listed ones such as `https://tickets.example.com`, or any. */
export type CorsOrigins = ReadonlyArray<string> | "any"

/** The headers of answers that pages may read besides those that the standard lets them. */
const EXPOSED = [
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "WWW-Authenticate",
  "X-Request-Id"
].join(", ")

/** The headers that pages may send besides those that the standard lets them. */
const ALLOWED = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Traceparent",
  "Tracestate",
  "X-Request-Id"
].join(", ")

/** The time for which a browser may remember what it may send; two hours are the most that browsers take. */
const MAX_AGE_SECONDS = 7_200

/** Makes what is said of an origin: the headers by which its pages may read an answer; `undefined` if they may not. */
const allowing = (origins: CorsOrigins): ((origin: string) => Readonly<Record<string, string>> | undefined) => {
  if (origins === "any") {
    const headers = { "access-control-allow-origin": "*" }
    return () => headers
  }
  const listed = new Map(
    origins.map((origin) => [
      origin,
      { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" }
    ])
  )
  return (origin) => listed.get(origin)
}

export class Cors {
  private readonly of: (origin: string) => Readonly<Record<string, string>> | undefined
  /** Whether answers differ by the origin that asks. */
  private readonly varies: boolean

  constructor(origins: CorsOrigins) {
    this.of = allowing(origins)
    this.varies = origins !== "any" && origins.length > 0
  }

  /** Answers what a browser asks ahead of a request; `undefined` if it does not ask, or the origin may not. */
  preflight({ headers, method }: Exchange, { targets }: Resource): Answer.Answer | undefined {
    const { origin } = headers
    if (method !== "OPTIONS" || origin === undefined) return undefined
    if (headers["access-control-request-method"] === undefined || this.of(origin) === undefined) return undefined
    return Answer.empty(204, {
      "access-control-allow-methods": [...targets.keys()].toSorted().join(", "),
      "access-control-allow-headers": ALLOWED,
      "access-control-max-age": String(MAX_AGE_SECONDS),
      vary: "access-control-request-method, access-control-request-headers"
    })
  }

  /** Says in the headers of an answer whose pages may read it. */
  tell(answer: Record<string, string>, origin: string | undefined): void {
    if (this.varies) answer["vary"] = answer["vary"] === undefined ? "origin" : `${answer["vary"]}, origin`
    if (origin === undefined) return
    const allowed = this.of(origin)
    if (allowed === undefined) return
    Object.assign(answer, allowed)
    answer["access-control-expose-headers"] = EXPOSED
  }
}

export const ORIGIN_RULE =
  "must be an origin such as https://tickets.example.com, without a path; * stands for any, and stands alone"

/** Whether a text is an origin as browsers send it. */
export const isOrigin = (text: string): boolean =>
  /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text
