/**
 * Reading a log in which the order of commits is not the order of numbers, without ever skipping a row.
 *
 * Every journal row has `seq`, drawn from a sequence, and `tx`, the id of the transaction that wrote it. Transactions commit in
 * any order, so neither "seq after the last one read" (a late one is lost), nor "only rows older than the oldest open
 * transaction" (one open transaction holds up every reader), nor the order of (tx, seq) (the holder of a lower id may have
 * waited for one with a higher id) will do. Instead a position moves from *snapshot* to snapshot:
 *
 * ```text
 *   passed          everything that is visible in this snapshot has been given
 *      │
 *      │  the window: rows that are visible in `until` and not in `passed`, in the order of seq
 *      ▼
 *   until           a snapshot of the server, taken when the window was opened
 * ```
 *
 * When a window is exhausted, its end becomes the beginning of the next. A row is in exactly one window: the one in which
 * its transaction turned visible. Entries of a stream are serialised by the lock of its event, so the later one is
 * visible only where the earlier one is, and drew the higher `seq`: windows in a row, each in the order of `seq`, give a
 * stream in its order.
 *
 * To find a window by the index on (slot, seq), a reader has to know where in the log its rows can begin:
 *
 * - Before the snapshot is taken, the last number of the sequence is read (the *floor*), and then a transaction id is drawn
 *   and used up. A transaction that is not yet over in the snapshot either has an id below that one, and is listed as open in
 *   it, or has a higher one, and then drew its numbers after the floor was read. (`xmax` of a snapshot alone would not do:
 *   it is one beyond the last transaction that is *over*, not beyond the last that has begun.)
 * - For each transaction that is listed as open, the position keeps the floor of the last snapshot that did not know it yet.
 *
 * So a transaction that stays open costs nothing while it is open, and when it is over, one look through the rows that have
 * been written since it was first seen.
 *
 * A server can forget. A transaction id is durable only with the log record that bears it: an id that was drawn and never
 * written is given out again after a crash, and a standby that takes over goes on with the ids and numbers that it has heard
 * of. A snapshot that is ahead of that would count the next rows as read. So a snapshot is used only once it is written down,
 * in a row of its own that is committed first: the *mark*. Every transaction that is over in the snapshot has its record before
 * that of the mark, and so has every number up to the floor; a server that has the mark has all of them, and gives none of
 * these ids and numbers out again. A mark has a random nonce besides its transaction id, which distinguishes it from a mark of
 * another history with the same id. A position names the marks of the snapshots that it rests on. It is *certain* on a server
 * that has these marks, and worth nothing on any other.
 *
 * A position that is kept outside of the database names earlier marks as well, each about sixteen times as far back as the one
 * before. On a server that has lost the last of them, the reader goes on at the latest mark that the server has.
 */

/** A transaction id, 64 bits wide. */
export type TransactionId = bigint

/** The transactions that are over: those below `xmax` that are not `open`. */
export interface Snapshot {
  readonly xmax: TransactionId
  readonly open: ReadonlyArray<TransactionId>
}

/** The row in which a snapshot is written down, and by which a server recognises it. */
export interface Mark {
  readonly tx: TransactionId
  readonly nonce: string
}

/** What is written down to open a window. The floor is read before the snapshot is taken, see above. */
export interface Horizon {
  /** No number above it had been drawn by a transaction that the snapshot neither shows nor lists. */
  readonly floor: number
  readonly snapshot: Snapshot
  readonly mark: Mark
}

/** A window that is being read. */
export interface Window {
  readonly until: Snapshot
  /** The mark of `until`. */
  readonly mark: Mark
  readonly floor: number
  /** Rows up to this number have been given. */
  readonly position: number
}

/** How far the log has been read. */
export interface LogPosition {
  readonly passed: Snapshot
  /** Rows that are not visible in `passed` have higher numbers, except those of the transactions that it lists. */
  readonly floor: number
  /** For each transaction that `passed` lists as open: its rows have higher numbers than this. */
  readonly openSince: ReadonlyMap<TransactionId, number>
  /** The mark of `passed`, then earlier ones, if they are kept. */
  readonly marks: readonly [Mark, ...ReadonlyArray<Mark>]
  readonly window: Window | null
}

/** The first transaction id that Postgres gives out. */
export const FIRST: TransactionId = 3n
/** Higher than any transaction id that Postgres gives out. */
export const LAST: TransactionId = 2n ** 63n - 1n

/** The position before the first row. The root is the mark that is made with the journal, and is never removed. */
export const beginning = (root: Mark): LogPosition => ({
  passed: { xmax: FIRST, open: [] },
  floor: 0,
  openSince: new Map(),
  marks: [root],
  window: null
})

/** A position after every row that is committed by now. Rows that are being written may be left out as well. */
export const behind = ({ floor, mark, snapshot }: Horizon, root: Mark): LogPosition => ({
  passed: { xmax: snapshot.xmax, open: [] },
  floor,
  openSince: new Map(),
  marks: [mark, root],
  window: null
})

/** The position after every row that is visible in the snapshot of a mark; `openSince` as in `LogPosition`. */
export const at = (
  { floor, mark, snapshot }: Horizon,
  openSince: LogPosition["openSince"],
  earlier: ReadonlyArray<Mark>
): LogPosition => ({ passed: snapshot, floor, openSince, marks: [mark, ...earlier], window: null })

/**
 * The marks that a server must have for a position to be certain there. With a window, these are the marks of both of its ends:
 * the later one may have been written down by a server that never had the earlier one.
 */
export const witnesses = ({ marks, window }: LogPosition): ReadonlyArray<Mark> =>
  window === null ? [marks[0]] : [window.mark, marks[0]]

/** The factor by which each mark that a position keeps is further back than the one before. */
const SPREAD = 16n

/**
 * The marks that are kept with a new one. Transaction ids are divided into ranges of each power of `SPREAD`; for each of these
 * lengths, two marks are kept: the latest before the range of the new mark, and the latest before the range before that. So a
 * reader that is set back reads again at most about 32 times as much as was lost. The root is kept in any case.
 */
const remember = (mark: Mark, before: LogPosition["marks"]): LogPosition["marks"] => {
  const kept = new Set<Mark>()
  for (let length = 1n; length <= mark.tx; length *= SPREAD) {
    const range = mark.tx / length
    for (const back of [1n, 2n]) {
      const latest = before.find(({ tx }) => tx / length <= range - back)
      if (latest !== undefined) kept.add(latest)
    }
  }
  kept.add(before.at(-1)!)
  return [mark, ...before.filter((one) => kept.has(one))]
}

export const isVisible = ({ open, xmax }: Snapshot, tx: TransactionId): boolean => tx < xmax && !open.includes(tx)

/**
 * Whether a window that is opened now is known to be empty, without looking: no number has been drawn since, and every
 * transaction that was open still is. `now` was taken before the last number was read.
 */
export const isUpToDate = ({ floor, openSince, window }: LogPosition, lastNumber: number, now: Snapshot): boolean =>
  window === null && floor === lastNumber && ![...openSince.keys()].some((tx) => isVisible(now, tx))

/** A position whose window is open. */
export type Reading = LogPosition & { readonly window: Window }

export const isReading = (position: LogPosition): position is Reading => position.window !== null

/** Opens a window up to what is visible now. */
export const open = (position: LogPosition, { floor, mark, snapshot }: Horizon): Reading => {
  // Transactions that were open, and are over now, may have written rows further back.
  const over = [...position.openSince].filter(([tx]) => isVisible(snapshot, tx)).map(([, since]) => since)
  return { ...position, window: { until: snapshot, mark, floor, position: Math.min(position.floor, ...over) } }
}

/** Every row up to this number has been given; some rows after it may have been. */
export const deliveredUpTo = ({ floor, openSince, window }: LogPosition): number =>
  Math.min(window?.position ?? floor, floor, ...openSince.values())

/** No row after this number has been given, as far as is known. */
export const readUpTo = ({ floor, window }: LogPosition): number => Math.max(floor, window?.position ?? 0)

/** The position after the rows of its window up to this number. */
export const advance = (position: Reading, lastNumber: number): LogPosition => ({
  ...position,
  window: { ...position.window, position: lastNumber }
})

/** The position after the last row of its window. Earlier marks are kept if `keepsMarks`. */
export const close = ({ floor, marks, openSince, window }: Reading, keepsMarks: boolean): LogPosition => ({
  passed: window.until,
  floor: window.floor,
  openSince: new Map(window.until.open.map((tx) => [tx, openSince.get(tx) ?? floor])),
  marks: keepsMarks ? remember(window.mark, marks) : [window.mark],
  window: null
})
