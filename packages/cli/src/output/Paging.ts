/**
 * Lists that are shown page by page. A page continues after an opaque cursor, or, in lists for operators, after the key of the
 * last item.
 */
import * as Line from "./Line.ts"

export interface Paging {
  readonly limit: number
  readonly cursor?: string
}

export const toQuery = ({ cursor, limit }: Paging): { readonly limit: number; readonly cursor?: string } =>
  cursor === undefined ? { limit } : { limit, cursor }

/** The line with the number of items on all pages, if it was asked for. */
export const totalOf = ({ total }: { readonly total?: number }): ReadonlyArray<Line.Line> =>
  total === undefined ? [] : ["", `${total} in all`]

/** The line that says how to see the next page, by its cursor. */
export const more = ({ nextCursor }: { readonly nextCursor: string | null }): ReadonlyArray<Line.Line> =>
  nextCursor === null ? [] : ["", Line.faint(`more with: --cursor ${nextCursor}`)]

/** The line that says how to see the next page, by the last key. */
export const moreAfter = ({ next }: { readonly next: string | number | null }): ReadonlyArray<Line.Line> =>
  next === null ? [] : ["", Line.faint(`more with: --after ${next}`)]
