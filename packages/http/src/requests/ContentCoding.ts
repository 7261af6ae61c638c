/**
 * The choice of the content coding of an answer by `Accept-Encoding` (RFC 9110, 12.5.3).
 */

/** The codings that an answer can have, in the order of preference. */
export const CODINGS = ["br", "gzip", "identity"] as const
export type Coding = (typeof CODINGS)[number]

/** The form of a weight, such as `q=0.5`. */
const WEIGHT = /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/**
 * The weights that a header gives to codings, whose names are in lower case. Malformed members of the list are passed over.
 */
const weights = (header: string): ReadonlyMap<string, number> => {
  const given = new Map<string, number>()
  for (const member of header.split(",")) {
    const [coding = "", weight] = member.split(";", 2).map((part) => part.trim().toLowerCase())
    if (coding === "" || (weight !== undefined && !WEIGHT.test(weight))) continue
    // `x-gzip` is the older name of gzip, which RFC 9110 (8.4.1.3) keeps.
    given.set(coding === "x-gzip" ? "gzip" : coding, weight === undefined ? 1 : Number(weight.slice(2)))
  }
  return given
}

/**
 * The coding with the highest weight, and among equals the first in `CODINGS`; `undefined` if the client takes none of them.
 * Without the header the answer is not encoded, since some clients that do not send it cannot decode.
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
  // A client takes an answer without a coding unless its header excludes that; the codings that it names come first.
  return chosen ?? (weightOf("identity") === undefined ? "identity" : undefined)
}
