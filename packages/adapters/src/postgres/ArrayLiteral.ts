/**
 * Array parameters as Postgres array literals.
 *
 * A literal is bound untyped and cast in the statement (`$1::uuid[]`), so that a statement has the same parameter types,
 * and one plan, whatever the values are, even when all of them are null or there are none.
 */

/** `{1,2,NULL}`: of values whose text needs no quotes, such as numbers, UUIDs, times and the names of states. */
export const plainArray = <A>(
  values: ReadonlyArray<A>,
  text: (value: A, index: number) => string | number | null
): string => {
  let literal = "{"
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ","
    literal += text(values[index]!, index) ?? "NULL"
  }
  return `${literal}}`
}

const SPECIAL = /["\\]/
const SPECIALS = /["\\]/g

/** `{"a","b",NULL}`: of any text. */
export const textArray = <A>(
  values: ReadonlyArray<A>,
  text: (value: A, index: number) => string | number | null
): string => {
  let literal = "{"
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ","
    const element = text(values[index]!, index)
    if (element === null) literal += "NULL"
    else if (typeof element === "string" && SPECIAL.test(element)) literal += `"${element.replace(SPECIALS, "\\$&")}"`
    else literal += `"${element}"`
  }
  return `${literal}}`
}
