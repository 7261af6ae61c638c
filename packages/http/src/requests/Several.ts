/**
 * Parameters that may have several values.
 *
 * A parameter is in a query once, so its values are separated by commas: `?status=draft,published`.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** One of the values or more, any of which will do. No value has a comma in it. */
export const several = <A extends string>(
  one: Schema.Codec<A> & { readonly literals: ReadonlyArray<A> }
): Schema.Codec<ReadonlyArray<A>, string> => {
  const rule = `must be one or more of ${one.literals.join(", ")}, separated by commas`
  const isOne = Schema.is(one)
  return Schema.String.check(Schema.makeFilter((text) => text.split(",").every(isOne) || rule)).pipe(
    Schema.decodeTo(
      Schema.Array(Schema.toType(one)),
      SchemaTransformation.transform<ReadonlyArray<A>, string>({
        decode: (text) => [...new Set(text.split(",") as Array<A>)],
        encode: (all) => all.join(",")
      })
    )
  )
}
