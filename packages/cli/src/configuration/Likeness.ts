/**
 * Names that somebody may have meant who has misspelt one.
 */

/** The number of characters to insert, to delete and to replace that make one text of the other (Levenshtein). */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1]
    for (let place = 1; place <= other.length; place++) {
      const replaced = row[place - 1]! + (other[place - 1] === character ? 0 : 1)
      next.push(Math.min(replaced, row[place]! + 1, next[place - 1]! + 1))
    }
    row = next
  }
  return row[other.length]!
}

/** The spelling does not matter to what is compared: `--lease-ttl`, `lease_ttl` and `leaseTtl` are one. */
const plain = (name: string): string => name.replaceAll(/[-_\s]/g, "").toLowerCase()

/** The most characters that may differ, as a part of the name. */
const TOLERANCE = 0.4

/** The name that is most like the given one; `undefined` if none is like it. */
export const nearest = (given: string, names: ReadonlyArray<string>): string | undefined => {
  const ranked = names
    .map((name) => ({ name, steps: distance(plain(given), plain(name)) }))
    .filter(({ name, steps }) => steps <= Math.max(1, Math.floor(name.length * TOLERANCE)))
    .toSorted((one, other) => one.steps - other.steps)
  return ranked[0]?.name
}
