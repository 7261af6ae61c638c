/**
 * What the text of a statement tells without being parsed: whether it ends its transaction, whether it leaves something on its
 * session, and a form of it for logs. A text has one statement: the protocol allows no more.
 */

/** The most characters of a statement that are logged. */
const MAX_LENGTH = 200

/** The statement on one line, cut to a bound. The values of its parameters are not part of it. */
export const toLine = (text: string): string => {
  // What is not a mark on paper could change the terminal that shows the log.
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH).toWellFormed()}…`
}

/** The place after the blanks, empty statements and comments, which may be nested, at this place. */
const skip = (text: string, from: number): number => {
  let at = from
  for (let depth = 0; at < text.length;) {
    if (text.startsWith("/*", at)) {
      depth += 1
      at += 2
    } else if (depth > 0) {
      const isEnd = text.startsWith("*/", at)
      depth -= isEnd ? 1 : 0
      at += isEnd ? 2 : 1
    } else if (text.startsWith("--", at)) {
      const end = text.indexOf("\n", at)
      at = end === -1 ? text.length : end
    } else if (/[\s;]/.test(text[at]!)) at += 1
    else break
  }
  return at
}

/** The number of words that are looked at: those of `CREATE OR REPLACE LOCAL TEMPORARY`. */
const WORDS = 5

/** The first words of a statement, in capitals, up to the first that is none. */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  for (let at = skip(text, 0); words.length < WORDS; at = skip(text, at)) {
    const word = /^[a-z_]+/i.exec(text.slice(at, at + 30))?.[0]
    if (word === undefined) break
    words.push(word.toUpperCase())
    at += word.length
  }
  return words
}

/** Whether a statement ends the transaction that it is in, or takes it away from its session. */
export const endsTransaction = (text: string): boolean => {
  const [first = "", ...others] = wordsOf(text)
  if (first === "ROLLBACK") return !others.slice(0, 2).includes("TO")
  return ["COMMIT", "END", "ABORT"].includes(first) || (first === "PREPARE" && others[0] === "TRANSACTION")
}

const OF_THE_SESSION = ["RESET", "DISCARD", "LISTEN", "PREPARE", "DECLARE"]
/** Settings that end with their transaction. */
const LOCAL = ["LOCAL", "CONSTRAINTS", "TRANSACTION"]
/** The functions that set something for the session, and tables that it keeps. */
const CALLS =
  /\bset_config\s*\((?![^()]*,\s*true\s*\))|\bpg_(?:try_)?advisory_lock|\binto\s+(?:local\s+|global\s+)?temp(?:orary)?\b/i

/** Whether a statement may leave something on its session that outlives its transaction. */
export const outlivesTransaction = (text: string): boolean => {
  const [first = "", ...others] = wordsOf(text)
  if (first === "SET") return !LOCAL.includes(others[0] ?? "")
  if (first === "CREATE" && others.some((word) => word === "TEMP" || word === "TEMPORARY")) return true
  return OF_THE_SESSION.includes(first) || CALLS.test(text)
}
