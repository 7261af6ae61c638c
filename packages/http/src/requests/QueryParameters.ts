/**
 * The check of a query, before anything reads it: the endpoint knows each parameter, and each is there once and written in one
 * way.
 */
import type { Violation } from "../problems/BoundaryProblems.ts"
import { toPointer } from "../problems/Violations.ts"

/** The most parameters of a query. No endpoint has ten. */
const MAX_PARAMETERS = 50

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

/**
 * The violations of the query of a URL. `known` says whether the endpoint has parameters at all; its schema checks their
 * names and values.
 */
export const violationsOf = (url: string, known: "none" | "some"): ReadonlyArray<Violation> => {
  const start = url.indexOf("?")
  if (start < 0) return []
  const refuse = (pointer: string, rule: string): Violation => ({ in: "query", pointer, rule })
  const parts = url.slice(start + 1).split("&", MAX_PARAMETERS + 1)
  if (parts.length > MAX_PARAMETERS) return [refuse("", `must have at most ${MAX_PARAMETERS} parameters`)]
  const violations = new Map<string, Violation>()
  const seen = new Set<string>()
  for (const part of parts) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const written = equals < 0 ? part : part.slice(0, equals)
    const name = decode(written)
    const pointer = toPointer([name ?? written])
    const rule =
      known === "none"
        ? "is not a parameter of this resource"
        : seen.has(pointer)
          ? "must be given once"
          : name === undefined || decode(part) === undefined
            ? "must be percent-encoded UTF-8"
            : name !== written && /^[\w-]+$/.test(name)
              ? "must have its name written without percent-encoding"
              : undefined
    seen.add(pointer)
    if (rule !== undefined && !violations.has(pointer)) violations.set(pointer, refuse(pointer, rule))
  }
  return [...violations.values()]
}
