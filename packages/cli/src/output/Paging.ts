/**
 * Lists that are shown page by page: by an opaque cursor, or for operators by the key of the last item.
 */
import * as Output from "./Output.ts"

export interface Paging {
  readonly limit: number
  readonly cursor?: string
}

export const toQuery = ({ cursor, limit }: Paging): { readonly limit: number; readonly cursor?: string } =>
  cursor === undefined ? { limit } : { limit, cursor }

/** How to see what follows. */
export const more = ({ nextCursor }: { readonly nextCursor: string | null }): ReadonlyArray<string> =>
  nextCursor === null ? [] : ["", Output.faint(`more with: --cursor ${nextCursor}`)]

/** How to see what follows. */
export const moreAfter = ({ next }: { readonly next: string | number | null }): ReadonlyArray<string> =>
  next === null ? [] : ["", Output.faint(`more with: --after ${next}`)]
