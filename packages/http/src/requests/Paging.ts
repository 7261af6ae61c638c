/**
 * How lists are read page by page: by a cursor in the API, and after a key in the API for operators, with the same limit.
 */
import { Limit } from "@turnout/core/kernel/domain/Page"
import * as Schema from "effect/Schema"

export const limit = Schema.optionalKey(Limit)

/** Cursors stay opaque here: the use cases read them, and refuse one that is not theirs. */
export const cursor = Schema.optionalKey(Schema.String.annotate({ description: "nextCursor of the page before" }))

/** A page that is followed by the one at `nextCursor`. */
export const cursorPage = <S extends Schema.Top>(
  item: S,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly nextCursor: Schema.NullOr<Schema.String> }> =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) }).annotate({ identifier })

/** A page that is followed by the one after the key `next`. */
export const keyPage = <S extends Schema.Top>(
  item: S,
  next: Schema.Top,
  identifier: string
): Schema.Struct<{ readonly items: Schema.$Array<S>; readonly next: Schema.NullOr<Schema.Codec<unknown>> }> =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(next as Schema.Codec<unknown>) }).annotate({
    identifier
  })

/** Query parameters are documented by what the text must hold. */
export const describeLimit = (operation: Record<string, unknown>): Record<string, unknown> => ({
  ...operation,
  parameters: ((operation["parameters"] ?? []) as ReadonlyArray<Record<string, unknown>>).map((parameter) =>
    parameter["in"] === "query" && parameter["name"] === "limit"
      ? { ...parameter, schema: { type: "integer", minimum: 1, maximum: 500, default: 50 } }
      : parameter
  )
})
