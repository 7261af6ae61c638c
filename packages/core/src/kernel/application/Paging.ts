/**
 * Reading lists page by page.
 */
import * as Effect from "effect/Effect"
import type { PageByKey, PageRequest } from "../domain/Page.ts"

/** Returns a page of a list. It asks the list for one item more than the limit, to know whether others follow. */
export const pageByKey = <A, K, E, R>(
  list: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E, R>,
  { after, limit }: PageRequest<K>,
  keyOf: (last: A) => K
): Effect.Effect<PageByKey<A, K>, E, R> =>
  Effect.map(list({ after, limit: limit + 1 }), (found) => {
    const items = found.slice(0, limit)
    return { items, next: found.length > limit ? keyOf(items.at(-1)!) : null }
  })
