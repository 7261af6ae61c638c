/**
 * Array parameters as Postgres array literals.
 *
 * A literal is bound untyped and cast in the statement (`$1::uuid[]`), so that a statement has the same parameter types,
 * and one plan, whatever the values are, even when all of them are null or there are none.
 */

const quote = (value: string): string => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`

/** `{"a","b",NULL}`; every element in the text form of its type. */
export const arrayLiteral = <A>(
  values: ReadonlyArray<A>,
  text: (value: A) => string | number | bigint | boolean | null
): string => {
  const elements = values.map((value) => {
    const element = text(value)
    return element === null ? "NULL" : typeof element === "string" ? quote(element) : String(element)
  })
  return `{${elements.join(",")}}`
}
