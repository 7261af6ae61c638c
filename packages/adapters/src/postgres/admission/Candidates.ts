/**
 * Rows that may be what a search looks for. SQL finds them, and the rules of `Search` decide.
 *
 * The form in which texts are compared is made by the core, and a database has other notions of letters than the core. They agree
 * on ASCII, though. So SQL leaves out a row only if its texts are ASCII and lack a term of the search; every other row is a
 * candidate, and is decided here.
 */
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import type { Terms } from "@turnout/core/kernel/domain/text/Search"
import * as Effect from "effect/Effect"
import type { Parameters } from "./ListStatement.ts"

/** The number of candidates that are read at once after the first ones were not enough. */
const MORE = 2_000
/** How many times as many candidates a read may have as the one before. */
const GROWTH = 5

/** The most terms that SQL looks for: each number of terms is a statement of its own. */
const LOOKED_FOR = 4

/** The condition that each candidate meets. `columns` have text, and `parameter` is the term that is looked for. */
export const condition = (columns: ReadonlyArray<string>, parameter: string): string => {
  const each = columns.flatMap((column) => [
    `strpos(lower(${column} COLLATE "C"), ${parameter}) > 0`,
    `octet_length(${column}) <> char_length(${column})`
  ])
  // Within `coalesce`, the planner expects half of the rows to match. If it expected few, it would sort them.
  return `coalesce(${each.join(" OR ")}, false)`
}

/** The term that SQL looks for: the longest, of which there are fewest. */
export const termOf = (terms: Terms): string => terms.reduce((one, other) => (other.length > one.length ? other : one))

/** The term as it stands where a word begins in an ASCII text in lower case, as a regular expression of Postgres. */
const beginningOf = (term: string): string => {
  const literal = term.replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`)
  return /^[a-z0-9]/.test(term) ? `(^|[^a-z0-9])${literal}` : literal
}

/**
 * The condition that each candidate of `Search.begins` meets. Of those whose name and address are ASCII, no other one meets it, unless
 * there are more than `LOOKED_FOR` terms, so that hardly anybody but the rest is decided here.
 */
export const beginning = (name: string, address: string, terms: Terms, parameters: Parameters): string => {
  const isUnlike = (column: string) => `octet_length(${column}) <> char_length(${column})`
  const isFound = (term: string) => {
    const [text, pattern] = [parameters.add(term, "text"), parameters.add(beginningOf(term), "text")]
    return `(lower(${name} COLLATE "C") ~ ${pattern} OR starts_with(lower(${address} COLLATE "C"), ${text}))`
  }
  const longest = terms.toSorted((one, other) => other.length - one.length).slice(0, LOOKED_FOR)
  return `coalesce(${longest.map(isFound).join(" AND ")} OR ${isUnlike(name)} OR ${isUnlike(address)}, false)`
}

/**
 * Takes those of the candidates that match, in the order in which they are read, until there are as many as the page has. Where each read
 * goes through everything that follows, `most` lets each read more candidates than the one before, so that there are few reads.
 */
export const take = <A, K, E>(
  read: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E>,
  { after, limit }: PageRequest<K>,
  keyOf: (candidate: A) => K,
  matches: (candidate: A) => boolean,
  most: number = MORE
): Effect.Effect<ReadonlyArray<A>, E> =>
  Effect.gen(function* () {
    const found: Array<A> = []
    let asked: PageRequest<K> = { after, limit }
    let more = MORE
    for (;;) {
      const candidates = yield* read(asked)
      for (const candidate of candidates) if (found.length < limit && matches(candidate)) found.push(candidate)
      if (found.length === limit || candidates.length < asked.limit) return found
      asked = { after: keyOf(candidates.at(-1)!), limit: more }
      more = Math.min(most, GROWTH * more)
    }
  })

/** Counts those of the candidates that match. */
export const count = <A, K, E>(
  read: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E>,
  keyOf: (candidate: A) => K,
  matches: (candidate: A) => boolean
): Effect.Effect<number, E> =>
  Effect.gen(function* () {
    let counted = 0
    let after: K | null = null
    for (;;) {
      const candidates: ReadonlyArray<A> = yield* read({ after, limit: MORE })
      for (const candidate of candidates) if (matches(candidate)) counted++
      if (candidates.length < MORE) return counted
      after = keyOf(candidates.at(-1)!)
    }
  })
