/**
 * Reading a log whose rows are committed in any order, on a model of what Postgres does with transaction ids, sequences
 * and snapshots. The ways of reading that come to mind first are run on the same histories, and lose or misplace rows.
 */
import * as LogWindow from "@turnout/adapters/postgres/log-window"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

interface Row {
  readonly tx: bigint
  readonly seq: number
  readonly stream: number
  readonly version: number
}

interface Transaction {
  tx: bigint | undefined
  readonly rows: Array<Row>
  readonly locks: Set<number>
}

/** As much of Postgres as matters here. */
class Server {
  #nextTx = 3n
  #completed = 2n
  #lastNumber = 0
  readonly #running = new Set<bigint>()
  readonly #versions = new Map<number, number>()
  readonly #locked = new Set<number>()
  readonly committed: Array<Row> = []

  get lastNumber(): number {
    return this.#lastNumber
  }

  get snapshot(): LogWindow.Snapshot {
    const xmax = this.#completed + 1n
    return { xmax, open: [...this.#running].filter((tx) => tx < xmax) }
  }

  /** Gives a transaction its id, as its first write does. */
  assign(transaction: Transaction): bigint {
    if (transaction.tx === undefined) {
      transaction.tx = this.#nextTx++
      this.#running.add(transaction.tx)
    }
    return transaction.tx
  }

  /** Writes an entry, unless somebody else has the lock of the stream. */
  write(transaction: Transaction, stream: number): void {
    if (this.#locked.has(stream) && !transaction.locks.has(stream)) return
    this.#locked.add(stream)
    transaction.locks.add(stream)
    const version =
      (this.#versions.get(stream) ?? 0) + transaction.rows.filter((row) => row.stream === stream).length + 1
    const tx = this.assign(transaction)
    transaction.rows.push({ tx, seq: ++this.#lastNumber, stream, version })
  }

  end(transaction: Transaction, how: "commit" | "rollback"): void {
    const { locks, rows, tx } = transaction
    if (tx === undefined) return
    if (how === "commit") {
      this.committed.push(...rows)
      for (const { stream, version } of rows) this.#versions.set(stream, version)
    }
    for (const stream of locks) this.#locked.delete(stream)
    this.#running.delete(tx)
    if (tx > this.#completed) this.#completed = tx
  }
}

/** What happens, one thing after the other, between whatever the reader does. */
type Step =
  | { readonly kind: "begin" }
  | { readonly kind: "assign"; readonly who: number }
  | { readonly kind: "write"; readonly who: number; readonly stream: number }
  | { readonly kind: "commit" | "rollback"; readonly who: number }
  | { readonly kind: "read" }

const who = fc.nat(5)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "begin" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("assign" as const), who }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), who, stream: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("commit" as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rollback" as const), who }) },
  { weight: 6, arbitrary: fc.constant({ kind: "read" as const }) }
)

interface History {
  readonly steps: ReadonlyArray<Step>
  readonly limit: number
}

const history: fc.Arbitrary<History> = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 120, size: "max" }),
  limit: fc.constantFrom(1, 2, 3, 100)
})

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
}

const windows = (shortcuts: Shortcuts = {}): Reader =>
  function* (server, limit) {
    let text = LogWindow.toText(LogWindow.beginning)
    while (true) {
      const position = LogWindow.fromText(text)
      let floor = server.lastNumber
      yield NOTHING
      if (LogWindow.isUpToDate(position, floor)) continue
      if (!LogWindow.isReading(position)) {
        if (shortcuts.noDraw !== true) {
          const drawing: Transaction = { tx: undefined, rows: [], locks: new Set() }
          server.assign(drawing)
          yield NOTHING
          server.end(drawing, "commit")
          yield NOTHING
        }
      }
      const { snapshot } = server
      if (shortcuts.floorLast === true) {
        yield NOTHING
        floor = server.lastNumber
      }
      const opened = LogWindow.isReading(position) ? position : LogWindow.open(position, { floor, snapshot })
      yield NOTHING
      const rows = rowsOf(server, opened, opened.window, limit)
      const next = rows.length < limit ? LogWindow.close(opened) : LogWindow.advance(opened, rows.at(-1)!.seq)
      text = LogWindow.toText(shortcuts.forget === true ? { ...next, openSince: new Map() } : next)
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
    if (one.kind === "begin" && transactions.length < 6)
      transactions.push({ tx: undefined, rows: [], locks: new Set() })
    if (one.kind === "read") read()
    if (transaction === undefined) continue
    if (one.kind === "assign") server.assign(transaction)
    if (one.kind === "write") server.write(transaction, one.stream)
    if (one.kind === "commit" || one.kind === "rollback") {
      server.end(transaction, one.kind)
      transactions.splice(transactions.indexOf(transaction), 1)
    }
  }
  // With one transaction still open, everything that was committed is given before long.
  const heldUp = transactions.length > 0 ? transactions.slice(1) : []
  for (const transaction of heldUp) server.end(transaction, "rollback")
  for (let again = 0; again < 10 * (server.committed.length + 5); again++) read()
  const versions = new Map<number, number>()
  for (const { stream, version } of given) {
    if (version !== (versions.get(stream) ?? 0) + 1)
      return `stream ${stream}: ${version} after ${versions.get(stream) ?? 0}`
    versions.set(stream, version)
  }
  return given.length === server.committed.length ? undefined : `${server.committed.length - given.length} rows missing`
}

const RUNS = { numRuns: 4_000 }

const hasCounterexample = (reader: Reader): void => {
  const outcome = fc.check(
    fc.property(history, (drawn) => flaw(reader, drawn) === undefined),
    { ...RUNS, numRuns: 20_000, endOnFailure: true }
  )
  assert.isTrue(outcome.failed)
}

describe("a log that is read by windows", () => {
  it("O2, O3, O5: gives every committed row once, streams in order, whoever commits when and whatever stays open", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        assert.isUndefined(flaw(windows(), drawn))
      }),
      RUNS
    )
  })

  it.each<readonly [string, Reader]>([
    ["what follows the last number that was read", afterLastNumber],
    ["only what is older than every open transaction, in the order of transactions", oldestFirst],
    ["windows, with the floor read after the snapshot", windows({ floorLast: true })],
    ["windows, without using up a transaction id", windows({ noDraw: true })],
    ["windows, without remembering what was open", windows({ forget: true })]
  ])("would lose or misplace rows by reading %s", (_, reader) => {
    hasCounterexample(reader)
  })

  it("keeps a position as text without losing anything", () => {
    const number = fc.nat(1_000_000)
    const snapshot = fc
      .uniqueArray(fc.bigInt(3n, 2n ** 40n), { maxLength: 5 })
      .map((open) => open.toSorted((a, b) => Number(a - b)))
      .map((open): LogWindow.Snapshot => ({ xmax: (open.at(-1) ?? 5n) + 1n, open }))
    const position = fc
      .record({
        passed: snapshot,
        floor: number,
        window: fc.option(fc.record({ until: snapshot, floor: number, position: number }))
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
        assert.isTrue(LogWindow.isText(LogWindow.toText(one)))
        assert.deepStrictEqual(LogWindow.fromText(LogWindow.toText(one)), one)
      })
    )
  })

  it.each(["0:0:", "5:4:", "5:9:6,7", "5:9:5,5", "5:9:7,5", "5:9:5,9", "05:9:", "5:9:5,", "5:9", "a:9:", ""])(
    "takes no snapshot for one that the server cannot have written: %j",
    (passed) => {
      const text = (snapshot: string) => JSON.stringify({ passed: snapshot, floor: 7 })
      assert.isTrue(LogWindow.isText(text("5:9:5,7")))
      assert.isFalse(LogWindow.isText(text(passed)))
      const reading = (until: string) => JSON.stringify({ passed: "5:5:", floor: 7, until, untilFloor: 8, position: 7 })
      assert.isTrue(LogWindow.isText(reading("9:9:")))
      assert.isFalse(LogWindow.isText(reading(passed)))
    }
  )

  it("reads a snapshot as Postgres writes it", () => {
    const text = "100:105:100,102"
    const snapshot = LogWindow.parseSnapshot(text)
    assert.strictEqual(LogWindow.snapshotText(snapshot), text)
    assert.deepStrictEqual(
      [99n, 100n, 101n, 102n, 104n, 105n].map((tx) => LogWindow.isVisible(snapshot, tx)),
      [true, false, true, false, true, false]
    )
    assert.deepStrictEqual(LogWindow.parseSnapshot("7:7:"), { xmax: 7n, open: [] })
  })

  it("knows that there is nothing to read where nothing was written and nothing was open", () => {
    const snapshot: LogWindow.Snapshot = { xmax: 50n, open: [] }
    const read = LogWindow.close(LogWindow.open(LogWindow.beginning, { floor: 7, snapshot }))
    assert.isTrue(LogWindow.isUpToDate(read, 7))
    assert.isFalse(LogWindow.isUpToDate(read, 8))
    const open = LogWindow.close(
      LogWindow.open(LogWindow.beginning, { floor: 7, snapshot: { xmax: 50n, open: [40n] } })
    )
    assert.isFalse(LogWindow.isUpToDate(open, 7))
    assert.isFalse(LogWindow.isUpToDate(LogWindow.open(read, { floor: 7, snapshot }), 7))
  })
})
