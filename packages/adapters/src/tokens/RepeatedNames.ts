/**
 * Names that an object of a JSON text has twice. Parsers differ in which of the values they take, so a text that has them says two things
 * (RFC 7519, 4; RFC 8725).
 */

/** Strings, and the characters that objects and lists are made of. */
const PIECES = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/** Whether some object of a text, at any depth, has a name twice. The text must be JSON. */
export const repeatsAName = (json: string): boolean => {
  /** The names of each object that is open, and `undefined` for each list. */
  const open: Array<Set<unknown> | undefined> = []
  let last = ""
  for (const [piece] of json.matchAll(PIECES)) {
    if (piece === "{") open.push(new Set())
    else if (piece === "[") open.push(undefined)
    else if (piece === "}" || piece === "]") open.pop()
    else if (piece === ":") {
      // The string before a colon is a name. Escapes may spell one name in several ways.
      const name: unknown = JSON.parse(last)
      const names = open.at(-1)
      if (names?.has(name)) return true
      names?.add(name)
    }
    last = piece
  }
  return false
}
