/**
 * Pages of the lists for operators: each page begins after a key.
 */
import { pageByKey } from "@turnout/core/kernel/application/Paging"
import { DEFAULT_LIMIT, type PageByKey, type PageRequest } from "@turnout/core/kernel/domain/Page"
import type * as Effect from "effect/Effect"

export interface Asked<K> {
  readonly after?: K | null | undefined
  readonly limit?: number | undefined
}

export const toPageRequest = <K>({ after = null, limit = DEFAULT_LIMIT }: Asked<K>): PageRequest<K> => ({
  after,
  limit
})

/** Reads the page of a list that a request asks for. */
export const paged = <A, K, E, R>(
  asked: Asked<K>,
  keyOf: (item: A) => K,
  list: (page: PageRequest<K>) => Effect.Effect<ReadonlyArray<A>, E, R>
): Effect.Effect<PageByKey<A, K>, E, R> => pageByKey(list, toPageRequest(asked), keyOf)
