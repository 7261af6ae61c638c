/**
 * Reading the log of a server by windows (`LogWindow`), in a few statements, each of which may reach another server.
 *
 * `LogServer` has the statements. Each is carried out by one server, and says whether that server has the marks that it was
 * given. If it has not, nothing was read, and the reader gets the position to go on at.
 */
import { slots } from "@turnout/core/journal/domain/Slot"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { ReadUnderLease } from "@turnout/core/delivery/ports/Outbox"
import {
  JournalReader,
  type OnCommit,
  type Position,
  type Slice,
  type StartFrom
} from "@turnout/core/journal/ports/JournalReader"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as LogWindow from "./LogWindow.ts"
import * as LogWindowText from "./LogWindowText.ts"

/** A position to read on from, with its text decoded. */
export interface At<P extends LogWindow.LogPosition = LogWindow.LogPosition> extends ReadUnderLease {
  readonly at: P
}

/** The rows of a window that were read. */
export interface Rows {
  readonly slot: number
  /** How many rows there are, and the number of the last of them. */
  readonly count: number
  readonly lastNumber: number
  /** The rows whose stream is not blocked for the sink, in the order of their numbers, and these numbers. */
  readonly deliveries: ReadonlyArray<StoredEntry>
  readonly numbers: ReadonlyArray<number>
}

/**
 * A mark that a server has. `openSince` has a number for each transaction that its snapshot lists as open: the rows of the
 * transaction are above it.
 */
export interface KnownMark extends LogWindow.Horizon {
  readonly openSince: LogWindow.LogPosition["openSince"]
}

type Answer<A> = Effect.Effect<A, StoreError>

/** The statements that a server carries out. */
export interface LogServer {
  /** The first mark of the journal. */
  readonly root: Answer<LogWindow.Mark>
  /** Writes down a snapshot, and commits it. */
  readonly mark: Answer<LogWindow.Horizon>
  /** Whether the server has these marks, the last number that was drawn, and a snapshot that was taken before. */
  readonly now: (
    marks: ReadonlyArray<LogWindow.Mark>
  ) => Answer<{ readonly isCertain: boolean; readonly snapshot: LogWindow.Snapshot; readonly lastNumber: number }>
  /**
   * The next rows of each window that has any, at most `limit` of a slot; `undefined` if the server does not have all of their
   * marks, or if another position is acknowledged for the sink.
   */
  readonly rows: (
    sink: string | null,
    windows: ReadonlyArray<At<LogWindow.Reading>>,
    limit: number
  ) => Answer<ReadonlyArray<Rows> | undefined>
  /** The slots whose marks the server does not have, or for which another position is acknowledged. */
  readonly uncertain: (sink: string | null, positions: ReadonlyArray<At>) => Answer<ReadonlyArray<number>>
  /** The marks among these that the server has, the latest first. */
  readonly known: (marks: ReadonlyArray<LogWindow.Mark>) => Answer<ReadonlyArray<KnownMark>>
}

export interface LogReader {
  /** As `Outbox.read`; without a sink, as `JournalReader.read`. */
  readonly read: (
    sink: string | null,
    positions: ReadonlyArray<ReadUnderLease>,
    limit: number
  ) => Answer<ReadonlyArray<Slice>>
  readonly startOf: (from: StartFrom) => Answer<LogWindow.LogPosition>
  /** Whether each of these texts is a position of this journal. */
  readonly arePositions: (texts: ReadonlyArray<string>) => Answer<boolean>
}

export const toText = (position: LogWindow.LogPosition): Position => LogWindowText.toText(position) as Position

/** Decodes the positions of some items, each text once: most slots are at the same position. */
export const understand = <A extends { readonly position: string }>(
  all: ReadonlyArray<A>
): ReadonlyArray<A & { readonly at: LogWindow.LogPosition }> => {
  const at = memoised(LogWindowText.fromText)
  return all.map((one) => ({ ...one, at: at(one.position) }))
}

/** A function that does the work once for each argument. */
const memoised = <A, B>(make: (a: A) => B): ((a: A) => B) => {
  const made = new Map<A, B>()
  return (a) => {
    if (!made.has(a)) made.set(a, make(a))
    return made.get(a)!
  }
}

/** The witnesses of some positions, each once. */
export const witnessesOf = (
  positions: ReadonlyArray<{ readonly at: LogWindow.LogPosition }>
): ReadonlyArray<LogWindow.Mark> =>
  distinct([...new Set(positions.map(({ at }) => at))].flatMap((at) => LogWindow.witnesses(at)))

const distinct = (marks: ReadonlyArray<LogWindow.Mark>): ReadonlyArray<LogWindow.Mark> => [
  ...new Map(marks.map((mark) => [LogWindowText.markText(mark), mark])).values()
]

const NOTHING: Pick<Slice, "deliveries" | "isFull" | "positionAfter"> = {
  deliveries: [],
  isFull: false,
  positionAfter: (index) => {
    throw new RangeError(`there is no delivery ${index}`)
  }
}

const NO_ROWS: Omit<Rows, "slot"> = { count: 0, lastNumber: 0, deliveries: [], numbers: [] }

const setBackTo = (slot: number, position: Position): Slice => ({ ...NOTHING, slot, position, isSetBack: true })

/** The position of a sink or reader that begins now. */
export const startOf = (
  { mark, root }: Pick<LogServer, "mark" | "root">,
  from: StartFrom
): Answer<LogWindow.LogPosition> =>
  from === "beginning" ? Effect.map(root, LogWindow.beginning) : Effect.zipWith(mark, root, LogWindow.behind)

export const make = (server: LogServer): LogReader => {
  /** Where readers without a lease go on if they are ahead of the server. */
  const takeBack = Effect.fnUntraced(function* (
    positions: ReadonlyArray<At>
  ): Effect.fn.Return<ReadonlyArray<Slice>, StoreError> {
    const known = yield* server.known(distinct(positions.flatMap(({ at }) => at.marks)))
    const first = LogWindow.beginning(yield* server.root)
    return positions.map(({ at, slot }) => {
      const names = at.marks.map(LogWindowText.markText)
      const latest = known.find(({ mark }) => names.includes(LogWindowText.markText(mark)))
      if (latest === undefined) return setBackTo(slot, toText(first))
      const earlier = at.marks.slice(names.indexOf(LogWindowText.markText(latest.mark)) + 1)
      return setBackTo(slot, toText(LogWindow.at(latest, latest.openSince, earlier)))
    })
  })

  /**
   * The slots among these whose positions are not certain. Under a lease, the relay finds the position to go on at by claiming
   * the slot again.
   */
  const setBack = Effect.fnUntraced(function* (
    sink: string | null,
    positions: ReadonlyArray<At>
  ): Effect.fn.Return<ReadonlyArray<Slice>, StoreError> {
    const slots = yield* server.uncertain(sink, positions)
    const uncertain = positions.filter(({ slot }) => slots.includes(slot))
    if (sink !== null) return uncertain.map(({ position, slot }) => setBackTo(slot, position))
    return uncertain.length === 0 ? [] : yield* takeBack(uncertain)
  })

  const read = Effect.fnUntraced(function* (
    sink: string | null,
    positions: ReadonlyArray<ReadUnderLease>,
    limit: number
  ): Effect.fn.Return<ReadonlyArray<Slice>, StoreError> {
    const all = understand(positions)
    const { isCertain, lastNumber, snapshot } = yield* server.now(witnessesOf(all))
    if (!isCertain) return yield* setBack(sink, all)
    const isUpToDate = memoised((at: LogWindow.LogPosition) => LogWindow.isUpToDate(at, lastNumber, snapshot))
    const behind = all.filter(({ at }) => !isUpToDate(at))
    if (behind.length === 0) return []
    // A snapshot is written down only if there is a window to open.
    const until = behind.every(({ at }) => LogWindow.isReading(at)) ? undefined : yield* server.mark
    const opened = memoised((at: LogWindow.LogPosition) => (LogWindow.isReading(at) ? at : LogWindow.open(at, until!)))
    const windows = behind.map((one) => ({ ...one, at: opened(one.at) }))
    const rows = yield* server.rows(sink, windows, limit)
    if (rows === undefined) return yield* setBack(sink, windows)
    const found = new Map(rows.map((one) => [one.slot, one]))
    // Only positions that are kept outside of the database keep earlier marks.
    const closed = memoised((at: LogWindow.Reading) => toText(LogWindow.close(at, sink === null)))
    return windows.map(({ at, slot }) => {
      const { count, deliveries, lastNumber, numbers } = found.get(slot) ?? NO_ROWS
      return {
        slot,
        deliveries,
        isFull: count === limit,
        isSetBack: false,
        position: count < limit ? closed(at) : toText(LogWindow.advance(at, lastNumber)),
        positionAfter: (index: number) => toText(LogWindow.advance(at, numbers[index]!))
      }
    })
  })

  return {
    read,
    startOf: (from) => startOf(server, from),
    arePositions: Effect.fnUntraced(function* (texts) {
      if (!texts.every(LogWindowText.isText)) return false
      const positions = texts.map(LogWindowText.fromText)
      const known = yield* server.known(distinct(positions.flatMap(({ marks }) => marks)))
      const names = new Set(known.map(({ mark }) => LogWindowText.markText(mark)))
      return positions.every(({ marks }) => marks.some((mark) => names.has(LogWindowText.markText(mark))))
    })
  }
}

/** The port for reading the journal, on this reader. */
export const toJournalReader = (reader: LogReader, onCommit: OnCommit): JournalReader["Service"] =>
  JournalReader.of({
    onCommit,
    arePositions: reader.arePositions,
    positions: (from) =>
      Effect.map(reader.startOf(from), (start) => {
        const position = toText(start)
        return slots.map((slot) => ({ slot, position }))
      }),
    read: (positions, limit) => reader.read(null, positions, limit)
  })
