/**
 * Checks of the head of a request that Node's parser does not make: the version, the target, and headers that may be there
 * once.
 *
 * Node drops some repeated headers and joins others, so a request could mean one thing to a proxy and another to the
 * server. So the check reads the raw headers.
 */
import type { IncomingMessage } from "node:http"
import type { Violation } from "../problems/BoundaryProblems.ts"

/** The most headers. */
export const MAX_HEADERS = 200

/** Headers that the server reads, and of which each may be there once. The parser itself refuses two `Content-Length`. */
const ONCE = ["authorization", "content-type", "host", "idempotency-key", "transfer-encoding"]
/** The lengths of those names. The check passes over most headers by the length of their name alone. */
const LENGTHS = new Set(ONCE.map(({ length }) => length))

/** `uri-host [ ":" port ]` of RFC 9110 (7.2). */
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[\w\-.~!$&'()*+,;=]|%[0-9a-f]{2})*)(?::\d*)?$/i

const refuse = (name: string, rule: string): Violation => ({ in: "header", pointer: `/${name}`, rule })

/** The violations of the headers. */
export const violationsOf = ({ httpVersion, rawHeaders }: IncomingMessage): ReadonlyArray<Violation> => {
  let seen = 0
  let host: string | undefined
  let coding: string | undefined
  const violations: Array<Violation> = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const written = rawHeaders[at]!
    if (!LENGTHS.has(written.length)) continue
    const name = written.toLowerCase()
    const index = ONCE.indexOf(name)
    if (index < 0) continue
    if ((seen & (1 << index)) !== 0) violations.push(refuse(name, "must be sent once"))
    seen |= 1 << index
    if (name === "host") host = rawHeaders[at + 1]!
    else if (name === "transfer-encoding") coding = rawHeaders[at + 1]!
  }
  if (host === undefined) {
    if (httpVersion === "1.1") violations.push(refuse("host", "must be sent"))
  } else if (!HOST.test(host)) violations.push(refuse("host", "must be a host, and a port if it has one"))
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    violations.push(refuse("transfer-encoding", "must be chunked"))
  }
  return violations
}

/** Tells whether the server speaks the HTTP version of the request. */
export const isSpoken = ({ httpVersion }: IncomingMessage): boolean => httpVersion === "1.1" || httpVersion === "1.0"

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i

/**
 * The path and query of a request as the client sent them, or `*`, which stands for the server; `undefined` if the target
 * has none of the forms of RFC 9112 (3.2): `/path?query`, `http://host/path?query`, and `*`.
 */
export const targetOf = ({ url = "" }: IncomingMessage): string | undefined => {
  if (url.startsWith("/") || url === "*") return url
  const [, authority, rest = ""] = ABSOLUTE.exec(url) ?? []
  if (authority === undefined || authority.replace(/:\d*$/, "") === "" || !HOST.test(authority)) return undefined
  return rest.startsWith("/") ? rest : `/${rest}`
}
