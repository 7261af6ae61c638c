/**
 * Lists that are read page by page: by a cursor in the API, and after a key in the API for operators, with the same limit; and the
 * parameters of lists that have several values, which commas separate, since a parameter is in a query once.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { Limit } from "@turnout/core/kernel/domain/Page"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export const limit = described("The most items of a page", Schema.optionalKey(Limit), { examples: [50] })

/** A cursor is an opaque text here: the use cases read it, and refuse the cursor of another list. */
export const cursor = described("nextCursor of the page before", Schema.optionalKey(Schema.String))

/** One of the values or more, any of which will do. No value has a comma in it. */
export const several = <A extends string>(
  one: Schema.Codec<A> & { readonly literals: ReadonlyArray<A> }
): Schema.Codec<ReadonlyArray<A>, string> => {
  const rule = `must be one or more of ${one.literals.join(", ")}, separated by commas`
  const isOne = Schema.is(one)
  const word = `(?:${one.literals.join("|")})`
  return Schema.String.annotate({ pattern: `^${word}(?:,${word})*$` })
    .check(Schema.makeFilter((text) => text.split(",").every(isOne) || rule))
    .pipe(
      Schema.decodeTo(
        Schema.Array(Schema.toType(one)),
        SchemaTransformation.transform<ReadonlyArray<A>, string>({
          decode: (text) => [...new Set(text.split(",") as Array<A>)],
          encode: (all) => all.join(",")
        })
      )
    )
}

const pageOf = <S extends Schema.Top>(item: S) => ({
  items: described("The items of this page", Schema.Array(item)),
  nextCursor: described("Where the next page begins; null on the last page", Schema.NullOr(Schema.String))
})

/** A page of a list. The next page begins at `nextCursor`. */
export const cursorPage = <S extends Schema.Top>(
  item: S,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly nextCursor: Schema.NullOr<Schema.String> }> =>
  Schema.Struct(pageOf(item)).annotate({ identifier })

/** A page of a list that may be counted: `total` is the number of items on all pages, and is there if it was asked for. */
export const countedPage = <S extends Schema.Top>(
  item: S,
  identifier: string
): Schema.Struct<{
  readonly items: Schema.$Array<S>
  readonly nextCursor: Schema.NullOr<Schema.String>
  readonly total: Schema.optionalKey<Schema.Natural>
}> =>
  Schema.Struct({
    ...pageOf(item),
    total: described("The number of items on all pages, if it was asked for", Schema.optionalKey(Schema.Natural))
  }).annotate({ identifier })

/** A page of a list for operators. The next page begins after the key `next`. */
export const keyPage = <S extends Schema.Top>(
  item: S,
  next: Schema.Top,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly next: Schema.NullOr<Schema.Codec<unknown>> }> =>
  Schema.Struct({
    items: described("The items of this page", Schema.Array(item)),
    next: described(
      "The key after which the next page begins; null on the last page",
      Schema.NullOr(next as Schema.Codec<unknown>)
    )
  }).annotate({ identifier })

/** Says of parameters what they find, each with an example. Parameters that nothing is said of stay as they are. */
export const describedEach = <Fields extends Schema.Struct.Fields>(
  fields: Fields,
  words: { readonly [Name in keyof Fields]?: readonly [description: string, example?: Schema.Json] }
): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const [description, example] = words[name] ?? []
      if (description === undefined) return [name, field]
      return [name, described(description, field as Schema.Top, example === undefined ? {} : { examples: [example] })]
    })
  ) as unknown as Fields

/** What is said of the parameters that lists have in common. */
export const TOTAL = ["Whether to count the items of all pages, which costs a look at each of them", true] as const
