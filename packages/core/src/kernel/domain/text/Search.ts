/**
 * Finding by text: what a person types to find others, and what it finds.
 *
 * A search is one line, and its terms are the parts between white space. Everything is compared folded: as `Text.fold` does, and
 * without accents, so that `mul`, `MÜL` and `mül` find `Müller` and `Muller`. No character has a meaning of its own: `%`, `_`,
 * `*` and `\` are text. A term is looked for in one of two ways: `contains` finds it anywhere, and `begins` at the beginning of
 * a word.
 *
 * The rules are here and not in the databases, so that every store finds the same.
 */
import * as Schema from "effect/Schema"
import * as Text from "../Text.ts"

/** The most characters of a search. */
export const MAX_SEARCH = 100

/** The folded terms of a search. There is at least one, and none is empty. */
export type Terms = ReadonlyArray<string>

const PLAIN = /^[ -~]*$/

/** Marks above and below the letters of scripts in which a word without them is the same word to those who look for it. */
const ACCENTS =
  /(?<=[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}]\p{Mn}*)\p{Mn}+/gu

/** Letters that Unicode does not take apart, the final sigma, and the signs that people type for an apostrophe or a hyphen. */
const REPLACED: Readonly<Record<string, string>> = {
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ħ: "h",
  ł: "l",
  ŧ: "t",
  þ: "th",
  ı: "i",
  ς: "σ",
  "\u2018": "'",
  "\u2019": "'",
  "\u02bc": "'",
  "\u2010": "-"
}
const TO_REPLACE = new RegExp(`[${Object.keys(REPLACED).join("")}]`, "gu")

/** A text in the form in which it is compared. The form of ASCII text is the text in lower case. */
export const fold = (text: string): string =>
  PLAIN.test(text)
    ? text.toLowerCase()
    : Text.fold(text)
        .normalize("NFD")
        .replaceAll(ACCENTS, "")
        .normalize("NFC")
        .replaceAll(TO_REPLACE, (letter) => REPLACED[letter]!)

/** The terms of a search. */
export const terms = (search: string): Terms =>
  fold(search)
    .split(/\s+/u)
    .filter((term) => term !== "")

/** What a person types: one line of 1 to 100 characters after trimming. */
export const Search: Schema.Codec<string> = Text.line({ minLength: 1, maxLength: MAX_SEARCH }).pipe(
  Schema.check(Schema.makeFilter((text) => text === "" || terms(text).length > 0 || "must have something to look for"))
)

const IN_WORD = /[\p{L}\p{N}\p{M}]/u

/** Whether the character that ends before an index, or the one that begins at it, is part of a word. */
const isInWordBefore = (text: string, index: number): boolean =>
  index > 0 && IN_WORD.test(/[^]$/u.exec(text.slice(Math.max(0, index - 2), index))![0])
const isInWordAt = (text: string, index: number): boolean =>
  IN_WORD.test(String.fromCodePoint(text.codePointAt(index)!))

/** Whether a term stands in a folded text where a word begins. */
const beginsIn = (term: string, folded: string): boolean => {
  const isWord = isInWordAt(term, 0)
  for (let index = folded.indexOf(term); index >= 0; index = folded.indexOf(term, index + 1)) {
    if (!isWord || !isInWordBefore(folded, index)) return true
  }
  return false
}

/** The most characters of a key. */
const MAX_KEY = 32

/** The beginning of a text without white space, as much of it as a key has. No character is cut in two. */
const keyOf = (text: string): string => text.slice(0, MAX_KEY).replace(/[\ud800-\udbff]$/, "")

/**
 * The keys of a person in an index: what stands in the name where a word begins, and the address. `begins` finds the person by a
 * term that has a key only if one of these keys begins with it.
 */
export const keys = (name: string, address: string): ReadonlyArray<string> => {
  const folded = fold(name)
  const found = new Set([keyOf(fold(address))])
  let isInWord = false
  for (let index = 0; index < folded.length;) {
    const character = String.fromCodePoint(folded.codePointAt(index)!)
    const wasInWord = isInWord
    isInWord = IN_WORD.test(character)
    if (isInWord && !wasInWord) found.add(keyOf(/^\S*/u.exec(folded.slice(index))![0]))
    index += character.length
  }
  return [...found]
}

/** What the keys of those begin with who are found by a term; `undefined` if the term is not one that an index can answer. */
export const keyOfTerm = (term: string): string | undefined => (isInWordAt(term, 0) ? keyOf(term) : undefined)

/** Whether each term is somewhere in one of the texts. */
export const contains = (wanted: Terms, ...texts: ReadonlyArray<string>): boolean => {
  const folded = texts.map(fold)
  return wanted.every((term) => folded.some((text) => text.includes(term)))
}

/** Whether each term is the beginning of a word of the name, be it the first or another one, or the beginning of the address. */
export const begins = (wanted: Terms, name: string, address: string): boolean => {
  const foldedName = fold(name)
  const foldedAddress = fold(address)
  return wanted.every((term) => foldedAddress.startsWith(term) || beginsIn(term, foldedName))
}
