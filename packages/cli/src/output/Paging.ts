/**
 * Lists that are shown page by page. Each page but the last has a cursor, and the command that shows the next page is printed whole.
 */
import type { PageByKey } from "@turnout/core/kernel/domain/Page"
import * as Line from "./Line.ts"
import * as Shell from "../usage/Shell.ts"
import { count } from "./Words.ts"

export interface Paging {
  readonly limit: number
  readonly cursor?: string
}

/** The options of a list whose cursors are the keys of its items. */
export interface KeyPaging<Key> {
  readonly limit: number
  readonly cursor?: Key
}

export const toQuery = ({ cursor, limit }: Paging): { readonly limit: number; readonly cursor?: string } =>
  cursor === undefined ? { limit } : { limit, cursor }

/** The page that the options of a list ask for, by its key. */
export const toRequest = <Key>({
  cursor,
  limit
}: KeyPaging<Key>): { readonly limit: number; readonly after: Key | null } => ({
  after: cursor ?? null,
  limit
})

/** A page as its document has it: the cursor of the next page is the key to go on after. */
export const byKey = <A, Key extends string | number>({
  items,
  next
}: PageByKey<A, Key>): { readonly items: ReadonlyArray<A>; readonly nextCursor: string | null } => ({
  items,
  nextCursor: next === null ? null : String(next)
})

/** The line with the number of items on all pages, if it was asked for. */
export const totalOf = ({ total }: { readonly total?: number }): ReadonlyArray<Line.Line> =>
  total === undefined ? [] : ["", `${count(total)} in all`]

/** The line with the command that shows the next page. */
export const more = (
  { typed = [] }: { readonly typed?: ReadonlyArray<string> },
  { nextCursor }: { readonly nextCursor: string | null }
): ReadonlyArray<Line.Line> =>
  nextCursor === null ? [] : ["", Line.faint(`next page: ${Shell.nextPage(typed, nextCursor)}`)]
