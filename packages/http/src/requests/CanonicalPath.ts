/**
 * Whether a path is written in the one way that leads to a resource.
 *
 * A proxy in front of the server compares paths as text. Of all ways to write a path that RFC 3986 and its readers take
 * for the same, only one is answered, so that a rule for that one is a rule for the resource:
 *
 * - the literal parts stand as they are in the reference, without percent-encoding;
 * - a parameter may have any of its characters percent-encoded, and is decoded once;
 * - no empty segment, no `.` or `..`, encoded or not, and neither between encoded slashes within a parameter;
 * - no `;`, `\`, `#`, and no character that a URL cannot hold.
 */
import type { Resources } from "../server/Resources.ts"

const ESCAPE = /%[0-9A-Fa-f]{2}/g
/** Segments of the characters that RFC 3986 has for them, without `;`, which separates parameters in some readers. */
const SEGMENTS = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,=:@]+)+$/
const DOTS = /(?:^|[/\\])\.{1,2}(?:[/\\]|$)/

const decode = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** The path is what stands before the query, as it came. */
export const isCanonical = (path: string, resources: Resources): boolean => {
  if (!path.includes("%")) return SEGMENTS.test(path) && !DOTS.test(path)
  // With every escape hidden, it leads where its literal parts lead, and decoded it must lead there as well.
  const hidden = path.replaceAll(ESCAPE, "_")
  const decoded = decode(path)
  if (decoded === undefined || DOTS.test(decoded) || !SEGMENTS.test(hidden)) return false
  const resource = resources.find(hidden)
  return resource !== undefined && resource === resources.find(path)
}
