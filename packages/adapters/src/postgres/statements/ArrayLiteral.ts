/**
 * Array parameters as Postgres array literals.
 *
 * A literal is bound untyped and cast in the statement (`$1::uuid[]`), so that a statement has the same parameter types, and
 * one plan, for all values, even when all of them are null or there are none.
 */

type Element = string | number | null

/** A kind of array: makes the literal from values, each written as the text that `text` has for it and for what all share. */
interface ArrayOf {
  <A>(values: ReadonlyArray<A>, text: (value: A, index: number) => Element): string
  <A, Shared>(
    values: ReadonlyArray<A>,
    text: (value: A, index: number, shared: Shared) => Element,
    shared: Shared
  ): string
}

/** `{1,2,NULL}`: for values whose text needs no quotes, such as numbers, UUIDs, times and the names of states. */
export const plainArray: ArrayOf = <A, Shared>(
  values: ReadonlyArray<A>,
  text: (value: A, index: number, shared: Shared) => Element,
  shared?: Shared
): string => {
  let literal = "{"
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ","
    literal += text(values[index]!, index, shared!) ?? "NULL"
  }
  return `${literal}}`
}

const SPECIAL = /["\\]/
const SPECIALS = /["\\]/g

/** `{"a","b",NULL}`: for any text. */
export const textArray: ArrayOf = <A, Shared>(
  values: ReadonlyArray<A>,
  text: (value: A, index: number, shared: Shared) => Element,
  shared?: Shared
): string => {
  let literal = "{"
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ","
    const element = text(values[index]!, index, shared!)
    if (element === null) literal += "NULL"
    else if (typeof element === "string" && SPECIAL.test(element)) literal += `"${element.replace(SPECIALS, "\\$&")}"`
    else literal += `"${element}"`
  }
  return `${literal}}`
}
