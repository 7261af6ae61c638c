/**
 * Which content coding an answer is sent in, by `Accept-Encoding` as RFC 9110 (12.5.3) reads it.
 */

/** The codings that an answer can have, the preferred first. */
export const CODINGS = ["br", "gzip", "identity"] as const
export type Coding = (typeof CODINGS)[number]

/** `q=0.5` and the like; `undefined` for what is no weight. */
const WEIGHT = /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/** The weights that a header gives, by coding in lower case. What is no member of such a list is passed over. */
const weights = (header: string): ReadonlyMap<string, number> => {
  const given = new Map<string, number>()
  for (const member of header.split(",")) {
    const [coding = "", weight] = member.split(";", 2).map((part) => part.trim().toLowerCase())
    if (coding === "" || (weight !== undefined && !WEIGHT.test(weight))) continue
    // The older name of gzip, which RFC 9110 (8.4.1.3) keeps.
    given.set(coding === "x-gzip" ? "gzip" : coding, weight === undefined ? 1 : Number(weight.slice(2)))
  }
  return given
}

/**
 * The coding of the highest weight, of several the first in `CODINGS`; `undefined` if the client takes none of them.
 * Without the header a client is given no coding, since not every one that sends none can undo one.
 */
export const choose = (header: string | undefined): Coding | undefined => {
  if (header === undefined) return "identity"
  const given = weights(header)
  const weightOf = (coding: Coding): number | undefined => given.get(coding) ?? given.get("*")
  let chosen: Coding | undefined
  for (const coding of CODINGS) {
    const weight = weightOf(coding) ?? 0
    if (weight > 0 && (chosen === undefined || weight > weightOf(chosen)!)) chosen = coding
  }
  // No coding at all is taken by everybody who does not say otherwise, after what they name.
  return chosen ?? (weightOf("identity") === undefined ? "identity" : undefined)
}
