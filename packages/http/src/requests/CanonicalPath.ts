/**
 * The check that a path is written in the one way that leads to a resource.
 *
 * A proxy in front of the server compares paths as text. RFC 3986 and its readers take several ways to write a path for the
 * same. The server answers only one of them, so a rule of a proxy for that one is a rule for the resource:
 *
 * - the literal parts are written as in the reference, without percent-encoding;
 * - a parameter may have any of its characters percent-encoded, and is decoded once;
 * - there is no empty segment but that of the root, `/`, and no `.` or `..`, encoded or not, even between encoded slashes within a parameter;
 * - there is no `;`, `\` or `#`, and no character that a URL cannot have.
 */
import type { Routes } from "../pipeline/Routes.ts"

const ESCAPE = /%[0-9A-Fa-f]{2}/g
/** Segments of the characters that RFC 3986 allows in them, without `;`, which separates parameters for some readers. */
const SEGMENTS = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,=:@]+)+$/
const DOTS = /(?:^|[/\\])\.{1,2}(?:[/\\]|$)/

const decode = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** Tells whether a path is canonical. The path is the part of the target before the query, as the client sent it. */
export const isCanonical = (path: string, routes: Routes): boolean => {
  if (path === "/") return true
  if (!path.includes("%")) return SEGMENTS.test(path) && !DOTS.test(path)
  // With every escape hidden, the path leads where its literal parts lead. Decoded, it must lead to the same resource.
  const hidden = path.replaceAll(ESCAPE, "_")
  const decoded = decode(path)
  if (decoded === undefined || DOTS.test(decoded) || !SEGMENTS.test(hidden)) return false
  const found = routes.find(hidden)
  return found !== undefined && found.resource === routes.find(path)?.resource
}
