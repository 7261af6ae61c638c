/**
 * Exports of lists as text, which a reader takes piece by piece.
 *
 * A list is read page by page as the reader takes it, and one page is held in memory, whatever the length of the list. The first page
 * is read before the export begins, so what cannot be read at all fails before any text. A later failure ends the text with that
 * failure, and never as if it were complete.
 */
import { Csv } from "effect/encoding"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { PageByKey } from "../domain/Page.ts"
import * as SpreadsheetCell from "../domain/text/SpreadsheetCell.ts"

/** Returns the items of a list, whose pages `read` gives: the first page after `null`. */
export const items = <A, K, E>(
  read: (after: K | null) => Effect.Effect<PageByKey<A, K>, E>
): Effect.Effect<Stream.Stream<A, E>, E> =>
  Effect.map(read(null), (first) =>
    Stream.paginate<Effect.Effect<PageByKey<A, K>, E>, A, E>(Effect.succeed(first), (page) =>
      Effect.map(page, ({ items, next }) => [
        items,
        next === null ? Option.none() : Option.some(Effect.suspend(() => read(next)))
      ])
    )
  )

/** The columns of a file in their order, each with its value. */
export type Columns<A> = Readonly<Record<string, (item: A) => string>>

const BYTE_ORDER_MARK = "\uFEFF"

/**
 * Returns items as CSV: a piece for the header, and one for each item.
 *
 * The text is CSV as in RFC 4180, in UTF-8 with a byte order mark, without which Excel reads it in the encoding of its machine. No cell
 * is a formula (`SpreadsheetCell`).
 */
export const csv = <A, E>(items: Stream.Stream<A, E>, columns: Columns<A>): Stream.Stream<string, E> => {
  const cells = Object.entries(columns)
  const toRow = (item: A): Readonly<Record<string, string>> =>
    Object.fromEntries(cells.map(([column, of]) => [column, SpreadsheetCell.guarded(of(item))]))
  return Stream.map(items, toRow).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ columns: Object.keys(columns), headers: true })),
    Stream.mapArray((records, index) => (index === 0 ? [BYTE_ORDER_MARK + records[0], ...records.slice(1)] : records))
  )
}
