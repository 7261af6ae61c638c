/**
 * Positions in the log as text, in which they are stored and become part of a cursor.
 *
 * `fromText` decodes the texts of `toText`. `isText` says whether `fromText` can decode a text from outside.
 */
import type { LogPosition, Mark, Snapshot } from "./LogWindow.ts"

/** A snapshot from Postgres' text for it, `xmin:xmax:xip,xip`. */
export const parseSnapshot = (text: string): Snapshot => {
  const [, xmax, open] = text.split(":")
  return { xmax: BigInt(xmax!), open: open === "" ? [] : open!.split(",").map(BigInt) }
}

export const snapshotText = ({ open, xmax }: Snapshot): string => `${open[0] ?? xmax}:${xmax}:${open.join()}`

export const markText = ({ nonce, tx }: Mark): string => `${tx}.${nonce}`

const parseMark = (text: string): Mark => {
  const [tx, nonce] = text.split(".")
  return { tx: BigInt(tx!), nonce: nonce! }
}

interface Stored {
  readonly passed: string
  readonly floor: number
  readonly since?: ReadonlyArray<number>
  readonly marks: readonly [string, ...ReadonlyArray<string>]
  readonly until?: string
  readonly untilMark?: string
  readonly untilFloor?: number
  readonly position?: number
}

/** As JSON. */
export const toText = ({ floor, marks, openSince, passed, window }: LogPosition): string => {
  const [first, ...earlier] = marks
  const stored: Stored = {
    passed: snapshotText(passed),
    floor,
    ...(openSince.size === 0 ? {} : { since: passed.open.map((tx) => openSince.get(tx)!) }),
    marks: [markText(first), ...earlier.map(markText)],
    ...(window && {
      until: snapshotText(window.until),
      untilMark: markText(window.mark),
      untilFloor: window.floor,
      position: window.position
    })
  }
  return JSON.stringify(stored)
}

export const fromText = (text: string): LogPosition => {
  const { floor, marks, passed, position, since = [], until, untilFloor, untilMark } = JSON.parse(text) as Stored
  const snapshot = parseSnapshot(passed)
  const [first, ...earlier] = marks
  return {
    passed: snapshot,
    floor,
    openSince: new Map(since.map((number, index) => [snapshot.open[index]!, number])),
    marks: [parseMark(first), ...earlier.map(parseMark)],
    window:
      until === undefined
        ? null
        : { until: parseSnapshot(until), mark: parseMark(untilMark!), floor: untilFloor!, position: position! }
  }
}

const SNAPSHOT = /^[1-9]\d{0,18}:[1-9]\d{0,18}:([1-9]\d{0,18}(,[1-9]\d{0,18})*)?$/
/** Whether the server could have written it: the open ids are in order, below `xmax`, and begin with `xmin`. */
const isSnapshot = (text: string): boolean => {
  if (!SNAPSHOT.test(text)) return false
  const snapshot = parseSnapshot(text)
  const isInOrder = snapshot.open.every((tx, index) => tx < (snapshot.open[index + 1] ?? snapshot.xmax))
  return isInOrder && snapshotText(snapshot) === text
}
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** The most marks that a position can keep, for all transaction ids. */
const MAX_MARKS = 34
const isMark = (value: unknown): boolean => typeof value === "string" && /^[1-9]\d{0,18}\.[0-9a-f]{12}$/.test(value)
const areMarks = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= MAX_MARKS && value.every(isMark)

/** Whether `fromText` can decode a text. */
export const isText = (text: string): boolean => {
  try {
    const {
      floor,
      marks,
      passed,
      position,
      since = [],
      until,
      untilFloor,
      untilMark
    } = JSON.parse(text) as Partial<Stored>
    const isWindow =
      until === undefined
        ? position === undefined && untilFloor === undefined && untilMark === undefined
        : isSnapshot(until) && isNumber(position) && isNumber(untilFloor) && isMark(untilMark)
    const listed = passed === undefined || !isSnapshot(passed) ? undefined : parseSnapshot(passed).open
    return (
      isNumber(floor) &&
      isWindow &&
      areMarks(marks) &&
      listed !== undefined &&
      since.length <= listed.length &&
      since.every(isNumber)
    )
  } catch {
    return false
  }
}
