/**
 * Lists that are read page by page: by a cursor in the API, and after a key in the API for operators, with the same limit; and the
 * parameters of lists that have several values, which commas separate, since a parameter is in a query once.
 */
import { DEFAULT_LIMIT, Limit, MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export const limit = Schema.optionalKey(Limit)

/** A cursor is an opaque text here: the use cases read it, and refuse the cursor of another list. */
export const cursor = Schema.optionalKey(Schema.String.annotate({ description: "nextCursor of the page before" }))

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

/** A page of a list. The next page begins at `nextCursor`. */
export const cursorPage = <S extends Schema.Top>(
  item: S,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly nextCursor: Schema.NullOr<Schema.String> }> =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) }).annotate({ identifier })

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
    items: Schema.Array(item),
    nextCursor: Schema.NullOr(Schema.String),
    total: Schema.optionalKey(Schema.Natural)
  }).annotate({ identifier })

/** A page of a list for operators. The next page begins after the key `next`. */
export const keyPage = <S extends Schema.Top>(
  item: S,
  next: Schema.Top,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly next: Schema.NullOr<Schema.Codec<unknown>> }> =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(next as Schema.Codec<unknown>) }).annotate({
    identifier
  })

type Parameter = Readonly<Record<string, unknown>>

const LIMIT = { schema: { type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT } }
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  total: "Whether to count the items of all pages, which costs a look at each of them"
}

/** Documents parameters by their names. Documents `limit` as an integer: a schema of a query describes it as text. */
export const describeParameters =
  (described: Readonly<Record<string, string>>) =>
  (operation: Record<string, unknown>): Record<string, unknown> => ({
    ...operation,
    parameters: ((operation["parameters"] ?? []) as ReadonlyArray<Parameter>).map((parameter) => {
      if (parameter["in"] !== "query") return parameter
      const name = String(parameter["name"])
      const description = described[name] ?? DESCRIPTIONS[name]
      return {
        ...parameter,
        ...(description === undefined ? {} : { description }),
        ...(name === "limit" ? LIMIT : {})
      }
    })
  })

/** Documents a list whose parameters are `cursor` and `limit`. */
export const describeLimit: (operation: Record<string, unknown>) => Record<string, unknown> = describeParameters({})
