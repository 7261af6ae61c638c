/**
 * Reading a log whose rows are committed in any order, on a model of what Postgres does with transaction ids, sequences
 * and snapshots. The ways of reading that come to mind first are run on the same histories, and lose or misplace rows.
 */
import * as LogWindow from "@turnout/adapters/postgres/log-window"
import * as LogWindowText from "@turnout/adapters/postgres/log-window-text"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as ForgetfulLog from "../support/ForgetfulLog.ts"

interface Row {
  readonly tx: bigint
  readonly seq: number
  readonly stream: number
  readonly version: number
  /** Which row it is, whatever numbers it has. */
  readonly name: number
}

type Transaction = ForgetfulLog.Transaction<Row>

/** The server of the log, and what its standby hears of only when it is told to. */
class Server extends ForgetfulLog.ForgetfulLog<Row> {
  readonly #sent: { arrive: () => void }
  #names = 0

  constructor() {
    const sent = { arrive: () => {} }
    super({}, (arrive) => void (sent.arrive = arrive))
    this.#sent = sent
  }

  /** A standby is never further than the disk. */
  replicate(): void {
    this.#sent.arrive()
  }

  /** Writes an entry, unless somebody else has the lock of the stream. */
  writeRow(transaction: Transaction, stream: number): void {
    const own = (rows: ReadonlyArray<Row>) => rows.filter((row) => row.stream === stream).length
    const version = own(this.committed) + own(transaction.rows) + 1
    this.append(transaction, stream, (tx, seq) => ({ tx, seq, stream, version, name: ++this.#names }))
  }
}

const { ROOT } = ForgetfulLog

/** What happens, one thing after the other, between whatever the reader does. */
type Step =
  | { readonly kind: "begin" | "read" | "replicate" | "crash" | "failOver" }
  | { readonly kind: "assign"; readonly who: number }
  | { readonly kind: "write"; readonly who: number; readonly stream: number }
  | { readonly kind: "commit" | "rollback"; readonly who: number }

const who = fc.nat(5)
const calm: ReadonlyArray<fc.WeightedArbitrary<Step>> = [
  { weight: 3, arbitrary: fc.constant({ kind: "begin" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("assign" as const), who }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), who, stream: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("commit" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rollback" as const), who }) },
  { weight: 6, arbitrary: fc.constant({ kind: "read" as const }) }
]
const crashes: ReadonlyArray<fc.WeightedArbitrary<Step>> = [
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) }
]
const failovers: ReadonlyArray<fc.WeightedArbitrary<Step>> = [
  ...crashes,
  { weight: 2, arbitrary: fc.constant({ kind: "replicate" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "failOver" as const }) }
]

interface History {
  readonly steps: ReadonlyArray<Step>
  readonly limit: number
}

const historyOf = (accidents: ReadonlyArray<fc.WeightedArbitrary<Step>>): fc.Arbitrary<History> =>
  fc.record({
    steps: fc.array(fc.oneof(...calm, ...accidents), { minLength: 5, maxLength: 120, size: "max" }),
    limit: fc.constantFrom(1, 2, 3, 100)
  })
const histories = { calm: historyOf([]), crashes: historyOf(crashes), failovers: historyOf(failovers) }

/** A way of reading: does one step at a time, so that others come in between, and gives rows now and then. */
type Reader = (server: Server, limit: number) => Generator<ReadonlyArray<Row>, never, void>

const NOTHING: ReadonlyArray<Row> = []

const bySeq = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => rows.toSorted((a, b) => a.seq - b.seq)

/** What the index on the sequence and the two snapshots give. */
const rowsOf = (server: Server, position: LogWindow.LogPosition, window: LogWindow.Window, limit: number) =>
  bySeq(
    server.committed.filter(
      ({ seq, tx }) =>
        seq > window.position && LogWindow.isVisible(window.until, tx) && !LogWindow.isVisible(position.passed, tx)
    )
  ).slice(0, limit)

interface Shortcuts {
  /** The floor is read after the snapshot. */
  readonly floorLast?: boolean
  /** No transaction id is drawn, and the end of the snapshot is taken for the last that has begun. */
  readonly noDraw?: boolean
  /** What was open is forgotten. */
  readonly forget?: boolean
  /** The snapshot is not written down: whatever the server has given is believed. */
  readonly unwritten?: boolean
  /** The snapshot is written down, and nobody looks whether it is there: right until a server loses what it has committed. */
  readonly unchecked?: boolean
  /** The mark is known by its transaction id alone. */
  readonly noNonce?: boolean
  /** Only the mark at the end of a window is looked for. */
  readonly lastOnly?: boolean
  /** The snapshot is taken after the mark was written, so the mark tells nothing of what it shows. */
  readonly markFirst?: boolean
}

const sameTx = (server: Server, { tx }: LogWindow.Mark): boolean => server.marks.some((mark) => mark.tx === tx)

/** The place on its way that the server still knows. */
const takeBack = (server: Server, { marks }: LogWindow.LogPosition): LogWindow.LogPosition => {
  const index = marks.findIndex((mark) => server.mark(mark) !== undefined)
  const found = server.mark(marks[index]!)!
  return LogWindow.at(found, server.openSince(found), marks.slice(index + 1))
}

const windows = (shortcuts: Shortcuts = {}): Reader =>
  function* (server, limit) {
    const isKnown = (position: LogWindow.LogPosition): boolean => {
      if (shortcuts.unwritten === true || shortcuts.unchecked === true) return true
      const marks =
        shortcuts.lastOnly === true ? LogWindow.witnesses(position).slice(0, 1) : LogWindow.witnesses(position)
      return marks.every((mark) =>
        shortcuts.noNonce === true ? sameTx(server, mark) : server.mark(mark) !== undefined
      )
    }
    let text = LogWindowText.toText(LogWindow.beginning(ROOT))
    while (true) {
      const position = LogWindowText.fromText(text)
      if (!isKnown(position)) {
        text = LogWindowText.toText(takeBack(server, position))
        yield NOTHING
        continue
      }
      if (LogWindow.isUpToDate(position, server.lastNumber, server.snapshot)) {
        yield NOTHING
        continue
      }
      yield NOTHING
      let opened = position
      if (!LogWindow.isReading(position)) {
        // One statement is carried out by one server: if that is lost in between, there is no answer.
        const life = server.life
        let floor = server.lastNumber
        yield NOTHING
        if (shortcuts.noDraw !== true) {
          const drawing = server.begin()
          if (server.life === life) server.assign(drawing)
          yield NOTHING
          if (server.life === life) server.end(drawing, "commit", false)
          yield NOTHING
        }
        if (server.life !== life) continue
        let { snapshot } = server
        if (shortcuts.floorLast === true) {
          yield NOTHING
          if (server.life !== life) continue
          floor = server.lastNumber
        }
        let horizon: LogWindow.Horizon = { floor, snapshot, mark: ROOT }
        if (shortcuts.unwritten !== true) horizon = server.writeMark({ floor, snapshot })
        if (shortcuts.markFirst === true) {
          yield NOTHING
          if (server.life !== life) continue
          ;({ snapshot } = server)
          horizon = { ...horizon, snapshot }
        }
        opened = LogWindow.open(position, horizon)
        yield NOTHING
      }
      const reading = opened as LogWindow.Reading
      if (!isKnown(reading)) {
        text = LogWindowText.toText(takeBack(server, reading))
        continue
      }
      const rows = rowsOf(server, reading, reading.window, limit)
      const next = rows.length < limit ? LogWindow.close(reading, true) : LogWindow.advance(reading, rows.at(-1)!.seq)
      text = LogWindowText.toText(shortcuts.forget === true ? { ...next, openSince: new Map() } : next)
      yield rows
    }
  }

/** Everything after the last number that was read. */
const afterLastNumber: Reader = function* (server, limit) {
  let position = 0
  while (true) {
    const rows = bySeq(server.committed.filter(({ seq }) => seq > position)).slice(0, limit)
    position = rows.at(-1)?.seq ?? position
    yield rows
  }
}

/** Only what is older than every open transaction, in the order of transaction and number. */
const oldestFirst: Reader = function* (server, limit) {
  let last: Row | undefined
  while (true) {
    const { open, xmax } = server.snapshot
    const oldest = open.reduce((a, b) => (a < b ? a : b), xmax)
    const rows = server.committed
      .filter(
        ({ seq, tx }) => tx < oldest && (last === undefined || tx > last.tx || (tx === last.tx && seq > last.seq))
      )
      .toSorted((a, b) => Number(a.tx - b.tx) || a.seq - b.seq)
      .slice(0, limit)
    last = rows.at(-1) ?? last
    yield rows
  }
}

/** What is wrong with what a reader gave: `undefined` if nothing is. */
const flaw = (reader: Reader, { limit, steps }: History): string | undefined => {
  const server = new Server()
  const transactions: Array<Transaction> = []
  const reading = reader(server, limit)
  const given: Array<Row> = []
  const read = () => given.push(...reading.next().value)
  for (const one of steps) {
    const transaction = "who" in one ? transactions[one.who % Math.max(transactions.length, 1)] : undefined
    if (one.kind === "begin" && transactions.length < 6) transactions.push(server.begin())
    if (one.kind === "read") read()
    if (one.kind === "replicate") server.replicate()
    if (one.kind === "crash" || one.kind === "failOver") {
      transactions.length = 0
      if (one.kind === "crash") server.crash()
      else server.failOver()
    }
    if (transaction === undefined) continue
    if (one.kind === "assign") server.assign(transaction)
    if (one.kind === "write") server.writeRow(transaction, one.stream)
    if (one.kind === "commit" || one.kind === "rollback") {
      server.end(transaction, one.kind)
      transactions.splice(transactions.indexOf(transaction), 1)
    }
  }
  // With one transaction still open, everything that was committed is given before long.
  const heldUp = transactions.length > 0 ? transactions.slice(1) : []
  for (const transaction of heldUp) server.end(transaction, "rollback")
  for (let again = 0; again < 10 * (server.committed.length + 5); again++) read()
  // Of what there is in the end, each stream is given in order, though some of it again after what was lost.
  const last = new Map(server.committed.map(({ name }) => [name, given.findIndex((row) => row.name === name)]))
  const missing = server.committed.filter(({ name }) => last.get(name) === -1)
  if (missing.length > 0) return `${missing.length} rows missing`
  for (const [stream, rows] of Map.groupBy(server.committed, (row) => row.stream)) {
    const firsts = rows.toSorted((a, b) => a.version - b.version).map(({ name }) => last.get(name)!)
    if (firsts.some((place, index) => place < (firsts[index - 1] ?? -1))) return `stream ${stream} is out of order`
  }
  const hasAccident = steps.some(({ kind }) => kind === "crash" || kind === "failOver")
  return hasAccident || given.length === server.committed.length ? undefined : "rows given twice"
}

/** More of them are worth having now and then. */
const RUNS = { numRuns: Number(process.env["TURNOUT_LOG_RUNS"] ?? 4_000) }

/** Some of them are rare: one in a few thousand histories shows them. Always the same histories, so that none is ever missed. */
const hasCounterexample = (reader: Reader, history: fc.Arbitrary<History>): void => {
  const outcome = fc.check(
    fc.property(history, (drawn) => flaw(reader, drawn) === undefined),
    { seed: 1, numRuns: 100_000, endOnFailure: true }
  )
  assert.isTrue(outcome.failed)
}

describe("a log that is read by windows", () => {
  it.each(Object.entries(histories))(
    "O2, O3, O5: gives every committed row, streams in order, whoever commits when and whatever stays open: %s",
    (_, history) => {
      fc.assert(
        fc.property(history, (drawn) => {
          assert.isUndefined(flaw(windows(), drawn))
        }),
        RUNS
      )
    }
  )

  it.each<readonly [string, Reader, keyof typeof histories]>([
    ["what follows the last number that was read", afterLastNumber, "calm"],
    ["only what is older than every open transaction, in the order of transactions", oldestFirst, "calm"],
    ["windows, with the floor read after the snapshot", windows({ floorLast: true }), "calm"],
    ["windows, without using up a transaction id", windows({ noDraw: true }), "calm"],
    ["windows, without remembering what was open", windows({ forget: true }), "calm"],
    ["windows whose snapshots are not written down, when the server crashes", windows({ unwritten: true }), "crashes"],
    ["windows, without looking for the mark after a failover", windows({ unchecked: true }), "failovers"],
    ["windows, with marks that are told by their transaction ids alone", windows({ noNonce: true }), "failovers"],
    ["windows, with a look at the mark of their end only", windows({ lastOnly: true }), "failovers"],
    ["windows, with the snapshot taken after the mark was written", windows({ markFirst: true }), "failovers"]
  ])("would lose or misplace rows by reading %s", (_, reader, history) => {
    hasCounterexample(reader, histories[history])
  })

  it("O2: needs no look at the mark as long as a server only crashes", () => {
    fc.assert(
      fc.property(histories.crashes, (drawn) => {
        assert.isUndefined(flaw(windows({ unchecked: true }), drawn))
      }),
      RUNS
    )
  })

  it("keeps a position as text without losing anything", () => {
    const number = fc.nat(1_000_000)
    const snapshot = fc
      .uniqueArray(fc.bigInt(3n, 2n ** 40n), { maxLength: 5 })
      .map((open) => open.toSorted((a, b) => Number(a - b)))
      .map((open): LogWindow.Snapshot => ({ xmax: (open.at(-1) ?? 5n) + 1n, open }))
    const mark = fc.record({
      tx: fc.bigInt(3n, 2n ** 40n),
      nonce: fc.nat(1_000_000).map((one) => one.toString(16).padStart(12, "0"))
    })
    const marks = fc
      .tuple(mark, fc.array(mark, { maxLength: 5 }))
      .map(([first, earlier]): LogWindow.LogPosition["marks"] => [first, ...earlier])
    const position = fc
      .record({
        passed: snapshot,
        floor: number,
        marks,
        window: fc.option(fc.record({ until: snapshot, mark, floor: number, position: number }))
      })
      .chain((rest) =>
        fc
          .array(number, { minLength: rest.passed.open.length, maxLength: rest.passed.open.length })
          .map((since): LogWindow.LogPosition => ({
            ...rest,
            openSince: new Map(since.map((one, index) => [rest.passed.open[index]!, one]))
          }))
      )
    fc.assert(
      fc.property(position, (one) => {
        assert.isTrue(LogWindowText.isText(LogWindowText.toText(one)))
        assert.deepStrictEqual(LogWindowText.fromText(LogWindowText.toText(one)), one)
      })
    )
  })

  it.each(["0:0:", "5:4:", "5:9:6,7", "5:9:5,5", "5:9:7,5", "5:9:5,9", "05:9:", "5:9:5,", "5:9", "a:9:", ""])(
    "takes no snapshot for one that the server cannot have written: %j",
    (passed) => {
      const marks = ["5.0123456789ab"]
      const text = (snapshot: string) => JSON.stringify({ passed: snapshot, floor: 7, marks })
      assert.isTrue(LogWindowText.isText(text("5:9:5,7")))
      assert.isFalse(LogWindowText.isText(text(passed)))
      const reading = (until: string) =>
        JSON.stringify({
          passed: "5:5:",
          floor: 7,
          marks,
          until,
          untilMark: "6.0123456789ab",
          untilFloor: 8,
          position: 7
        })
      assert.isTrue(LogWindowText.isText(reading("9:9:")))
      assert.isFalse(LogWindowText.isText(reading(passed)))
    }
  )

  it("reads a snapshot as Postgres writes it", () => {
    const text = "100:105:100,102"
    const snapshot = LogWindowText.parseSnapshot(text)
    assert.strictEqual(LogWindowText.snapshotText(snapshot), text)
    assert.deepStrictEqual(
      [99n, 100n, 101n, 102n, 104n, 105n].map((tx) => LogWindow.isVisible(snapshot, tx)),
      [true, false, true, false, true, false]
    )
    assert.deepStrictEqual(LogWindowText.parseSnapshot("7:7:"), { xmax: 7n, open: [] })
  })

  it.each([[], "5.0123456789ab", ["5"], ["5."], ["5.xyz"], ["5.0123456789abc"], ["05.0123456789ab"], [5], [null]])(
    "takes nothing for marks that cannot be: %j",
    (marks) => {
      assert.isFalse(LogWindowText.isText(JSON.stringify({ passed: "5:5:", floor: 7, marks })))
    }
  )

  it("knows that there is nothing to read where nothing was written and what was open still is", () => {
    const mark = { tx: 50n, nonce: "0123456789ab" }
    const calm: LogWindow.Horizon = { floor: 7, snapshot: { xmax: 50n, open: [] }, mark }
    const now = calm.snapshot
    const beginning = LogWindow.beginning(ROOT)
    const read = LogWindow.close(LogWindow.open(beginning, calm), true)
    assert.isTrue(LogWindow.isUpToDate(read, 7, now))
    assert.isFalse(LogWindow.isUpToDate(read, 8, now))
    assert.isFalse(LogWindow.isUpToDate(LogWindow.open(read, calm), 7, now))
    const busy = { ...calm, snapshot: { xmax: 50n, open: [40n] } }
    const open = LogWindow.close(LogWindow.open(beginning, busy), true)
    assert.isTrue(LogWindow.isUpToDate(open, 7, busy.snapshot))
    assert.isFalse(LogWindow.isUpToDate(open, 7, now))
    assert.isFalse(LogWindow.isUpToDate(open, 8, busy.snapshot))
  })

  it("keeps a few marks of a long way, each much further back than the one before, and the root", () => {
    const horizon = (tx: bigint): LogWindow.Horizon => ({
      floor: Number(tx),
      snapshot: { xmax: tx, open: [] },
      mark: { tx, nonce: tx.toString(16).padStart(12, "0") }
    })
    let position = LogWindow.beginning(ROOT)
    const way: Array<bigint> = [3n]
    for (let tx = 10n; tx < 200_000n; tx += 1n + (tx % 7n)) {
      position = LogWindow.close(LogWindow.open(position, horizon(tx)), true)
      way.push(tx)
      const kept = position.marks.map((mark) => mark.tx)
      assert.isAtMost(kept.length, 12)
      assert.strictEqual(kept[0], tx)
      assert.strictEqual(kept.at(-1), 3n)
      if (way.length % 1_000 !== 0) continue
      // Wherever the way is cut off, what has to be gone again is at most about 32 times as long as what was lost.
      for (const lost of [1n, 30n, 500n, 5_000n, 50_000n]) {
        const last = way.findLast((one) => one <= tx - lost)
        const back = kept.find((one) => one <= tx - lost)
        if (last !== undefined) assert.isAtMost(Number(tx - back!), Number(lost) * 32 + 16)
      }
    }
    const leased = LogWindow.close(LogWindow.open(position, horizon(300_000n)), false)
    assert.deepStrictEqual(
      leased.marks.map(({ tx }) => tx),
      [300_000n]
    )
  })
})
