/**
 * Lists in pages: which part of a list is asked for, and the part that is returned.
 *
 * A page is found by the key of the last item before it, so that it stays the same while others add items elsewhere. Callers
 * get that key as a cursor, an opaque string.
 */
import * as Schema from "effect/Schema"

/** The number of items on a page: by default, and at most. */
export const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 500

export const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT })).annotate({
  default: DEFAULT_LIMIT
})

/** The cursors of a list with keys of this kind. */
export const cursorOf = <T>(key: Schema.Codec<T, unknown>): Schema.Codec<T, string> =>
  Schema.StringFromBase64Url.pipe(Schema.decodeTo(Schema.fromJsonString(Schema.toCodecJson(key))))

/** The part of a list, in its order, that is asked for: up to `limit` items after the key `after`. */
export interface PageRequest<Key> {
  readonly limit: number
  readonly after: Key | null
}

/** A part of a list; `nextCursor` asks for what follows, and is `null` on the last page. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly nextCursor: string | null
}

/** A page of a list that may be counted. `total` is the number of items on all pages, and is there if it was asked for. */
export interface CountedPage<A> extends Page<A> {
  readonly total?: number
}

/** A part of a list by its keys; `next` is the key to go on after, and `null` on the last page. */
export interface PageByKey<A, K> {
  readonly items: ReadonlyArray<A>
  readonly next: K | null
}

/** Makes a page of the items that the store returned for `limit + 1`. */
export const toPage = <A, K>(
  found: ReadonlyArray<A>,
  limit: number,
  cursor: Schema.Codec<K, string>,
  keyOf: (last: A) => K
): Page<A> => {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const nextCursor = found.length > limit && last !== undefined ? Schema.encodeSync(cursor)(keyOf(last)) : null
  return { items, nextCursor }
}
