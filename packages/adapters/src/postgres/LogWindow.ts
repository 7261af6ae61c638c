/**
 * Reading a log in which the order of commits is not the order of numbers, without ever skipping a row.
 *
 * Every journal row has `seq`, drawn from a sequence, and `tx`, the id of the transaction that wrote it. Transactions
 * commit in any order, so neither "seq after the last one read" (a late one is lost), nor "only rows older than the
 * oldest open transaction" (one open transaction holds up everybody), nor the order of (tx, seq) (the holder of a lower id
 * may have waited for one with a higher id) will do. Instead a position moves from *snapshot* to snapshot:
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
 * So that a window is found by the index on (slot, seq), it has to be known where in the log its rows can begin:
 *
 * - Before the snapshot is taken, the last number of the sequence is read (the *floor*), and then a transaction id is drawn
 *   and used up. A transaction that is not yet over in the snapshot either has an id below that one, and is listed as open in
 *   it, or has a higher one, and then drew its numbers after the floor was read. (`xmax` of a snapshot alone would not do:
 *   it is one beyond the last transaction that is *over*, not beyond the last that has begun.)
 * - For those that are listed as open, the floor of the last snapshot that did not know them yet is kept with the position.
 *
 * So a transaction that stays open costs nothing while it does, and when it is over, one look through what has been
 * written since it was first seen.
 */

/** A transaction id, 64 bits wide. */
export type TransactionId = bigint

/** Which transactions are over: those below `xmax` that are not `open`. */
export interface Snapshot {
  readonly xmax: TransactionId
  readonly open: ReadonlyArray<TransactionId>
}

/** What is read of the server to open a window; the floor before the rest, see above. */
export interface Horizon {
  /** No number above it had been drawn by a transaction that the snapshot neither shows nor lists. */
  readonly floor: number
  readonly snapshot: Snapshot
}

/** A window that is being read. */
export interface Window {
  readonly until: Snapshot
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
  readonly window: Window | null
}

/** The first transaction id that Postgres gives out. */
const FIRST: TransactionId = 3n

/** Before the first row. */
export const beginning: LogPosition = {
  passed: { xmax: FIRST, open: [] },
  floor: 0,
  openSince: new Map(),
  window: null
}

/** Behind every row that is committed by now. Those that are being written may be left out as well. */
export const behind = ({ floor, snapshot }: Horizon): LogPosition => ({
  passed: { xmax: snapshot.xmax, open: [] },
  floor,
  openSince: new Map(),
  window: null
})

export const isVisible = ({ open, xmax }: Snapshot, tx: TransactionId): boolean => tx < xmax && !open.includes(tx)

/** Whether the window that would be opened now is known to be empty, without looking. */
export const isUpToDate = ({ floor, openSince, window }: LogPosition, lastNumber: number): boolean =>
  window === null && openSince.size === 0 && floor === lastNumber

/** Whether a position is further than the server has ever come: then it is one of another server. */
export const isAhead = ({ passed, window }: LogPosition, now: Snapshot): boolean =>
  passed.xmax > now.xmax || (window !== null && window.until.xmax > now.xmax)

/** A position whose window is open. */
export type Reading = LogPosition & { readonly window: Window }

export const isReading = (position: LogPosition): position is Reading => position.window !== null

/** Opens a window up to what is visible now. */
export const open = (position: LogPosition, { floor, snapshot }: Horizon): Reading => {
  // Transactions that were open and are no longer may have written rows further back.
  const over = [...position.openSince].filter(([tx]) => isVisible(snapshot, tx)).map(([, since]) => since)
  return { ...position, window: { until: snapshot, floor, position: Math.min(position.floor, ...over) } }
}

/** Every row up to this number has been given; some behind it may have been. */
export const deliveredUpTo = ({ floor, openSince, window }: LogPosition): number =>
  Math.min(window?.position ?? floor, floor, ...openSince.values())

/** Rows behind this number have not been given, as far as is known. */
export const readUpTo = ({ floor, window }: LogPosition): number => Math.max(floor, window?.position ?? 0)

/** The position behind rows of its window that end with this number. */
export const advance = (position: Reading, lastNumber: number): LogPosition => ({
  ...position,
  window: { ...position.window, position: lastNumber }
})

/** The position behind the last row of its window. */
export const close = ({ floor, openSince, window }: Reading): LogPosition => ({
  passed: window.until,
  floor: window.floor,
  openSince: new Map(window.until.open.map((tx) => [tx, openSince.get(tx) ?? floor])),
  window: null
})

/** A snapshot from Postgres' text for it, `xmin:xmax:xip,xip`. */
export const parseSnapshot = (text: string): Snapshot => {
  const [, xmax, open] = text.split(":")
  return { xmax: BigInt(xmax!), open: open === "" ? [] : open!.split(",").map(BigInt) }
}

export const snapshotText = ({ open, xmax }: Snapshot): string => `${open[0] ?? xmax}:${xmax}:${open.join()}`

interface Stored {
  readonly passed: string
  readonly floor: number
  readonly since?: ReadonlyArray<number>
  readonly until?: string
  readonly untilFloor?: number
  readonly position?: number
}

/** As JSON. */
export const toText = ({ floor, openSince, passed, window }: LogPosition): string => {
  const stored: Stored = {
    passed: snapshotText(passed),
    floor,
    ...(openSince.size === 0 ? {} : { since: passed.open.map((tx) => openSince.get(tx)!) }),
    ...(window && { until: snapshotText(window.until), untilFloor: window.floor, position: window.position })
  }
  return JSON.stringify(stored)
}

export const fromText = (text: string): LogPosition => {
  const { floor, passed, position, since = [], until, untilFloor } = JSON.parse(text) as Stored
  const snapshot = parseSnapshot(passed)
  return {
    passed: snapshot,
    floor,
    openSince: new Map(since.map((number, index) => [snapshot.open[index]!, number])),
    window: until === undefined ? null : { until: parseSnapshot(until), floor: untilFloor!, position: position! }
  }
}

const SNAPSHOT = /^[1-9]\d{0,18}:[1-9]\d{0,18}:([1-9]\d{0,18}(,[1-9]\d{0,18})*)?$/
/** Whether the server could have written it: the open ones are in order, below the end, and begin with the first number. */
const isSnapshot = (text: string): boolean => {
  if (!SNAPSHOT.test(text)) return false
  const snapshot = parseSnapshot(text)
  const isInOrder = snapshot.open.every((tx, index) => tx < (snapshot.open[index + 1] ?? snapshot.xmax))
  return isInOrder && snapshotText(snapshot) === text
}
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** Whether `fromText` can make something of a text. */
export const isText = (text: string): boolean => {
  try {
    const { floor, passed, position, since = [], until, untilFloor } = JSON.parse(text) as Partial<Stored>
    const isWindow =
      until === undefined
        ? position === undefined && untilFloor === undefined
        : isSnapshot(until) && isNumber(position) && isNumber(untilFloor)
    const listed = passed === undefined || !isSnapshot(passed) ? undefined : parseSnapshot(passed).open
    return isNumber(floor) && isWindow && listed !== undefined && since.length <= listed.length && since.every(isNumber)
  } catch {
    return false
  }
}
