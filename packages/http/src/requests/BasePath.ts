/**
 * The path that everything of the server is under, if it shares a host with others: `/turnout`.
 *
 * A proxy passes paths on as it got them, prefix included, so each resource has one path for the client, for the rules of the
 * proxy and for the server. If the server answered without the prefix as well, a proxy that takes one prefix away could be sent
 * two, and would not know the path that it denies.
 */
import * as Context from "effect/Context"

/** The base path; empty if there is none. */
export const BasePath: Context.Reference<string> = Context.Reference<string>("@turnout/BasePath", {
  defaultValue: () => ""
})

/** The longest base path, in characters. */
const MAX_LENGTH = 200

export const BASE_PATH_RULE =
  "must be a path such as /turnout, of letters, digits, - . _ ~ and /, without a / at its end"

/** Segments of characters that no proxy writes in another way, none of which is `.` or `..`. */
const SEGMENTS = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9\-._~]+)+$/

export const isBasePath = (text: string): boolean => SEGMENTS.test(text) && text.length <= MAX_LENGTH

/** The rest of a target under a base path; `undefined` if the target is not under it. */
export const below = (base: string, target: string): string | undefined => {
  if (base === "") return target
  return target.startsWith(base) && target[base.length] === "/" ? target.slice(base.length) : undefined
}
