/**
 * A model of a database server, with the parts that matter to a reader of its journal: transaction ids and numbers, locks,
 * snapshots and marks, and a write-ahead log that is flushed to a disk and sent to a standby.
 *
 * A change is in the log at once, on disk after a flush, and on the standby when it has arrived there. After a crash the
 * server goes on with the state on disk: ids and numbers that are in no record are given out again. After a failover it
 * goes on with the state of the standby: later commits, marks and other writes are lost.
 */
import * as LogWindow from "@turnout/adapters/postgres/log-window"
import * as LogWindowText from "@turnout/adapters/postgres/log-window-text"

export interface Transaction<Row> {
  /** The life of the server in which it began. */
  readonly life: number
  tx: bigint | undefined
  readonly rows: Array<Row>
  /** The streams whose locks it has. */
  readonly locks: Set<unknown>
}

/** The state of a server that has read its log up to some place. */
interface State<Row, Tables> {
  /** The highest id with a record in the log. */
  readonly highest: bigint
  /**
   * The last number that the log has reserved: a server reserves numbers ahead, and goes on after them when it has crashed.
   */
  readonly reserved: number
  readonly committed: ReadonlyArray<Row>
  readonly marks: ReadonlyMap<string, LogWindow.Horizon>
  readonly tables: Tables
}

/** The mark that is made with the journal. */
export const ROOT: LogWindow.Mark = { tx: 3n, nonce: "000000000000" }
const NUMBERS_AHEAD = 3

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

export class ForgetfulLog<Row, Tables = unknown> {
  #state: State<Row, Tables>
  #onDisk: State<Row, Tables>
  #onStandby: State<Row, Tables>
  readonly #send: (arrive: () => void) => void
  #nextTx = 4n
  #completed = 3n
  #lastNumber = 0
  #running = new Set<bigint>()
  #locked = new Set<unknown>()
  #life = 0
  #nonces = 0

  /** `send` calls `arrive` when the last flush has reached the standby: at once, later, or never. */
  constructor(tables: Tables, send: (arrive: () => void) => void) {
    const root = { floor: 0, snapshot: { xmax: LogWindow.FIRST, open: [] }, mark: ROOT }
    const marks = new Map([[LogWindowText.markText(ROOT), root]])
    this.#state = this.#onDisk = this.#onStandby = { highest: 3n, reserved: 0, committed: [], marks, tables }
    this.#send = send
  }

  get committed(): ReadonlyArray<Row> {
    return this.#state.committed
  }
  get tables(): Tables {
    return this.#state.tables
  }
  get lastNumber(): number {
    return this.#lastNumber
  }
  get snapshot(): LogWindow.Snapshot {
    const xmax = this.#completed + 1n
    return { xmax, open: [...this.#running].filter((tx) => tx < xmax) }
  }
  /** The number of times that the server has started again. */
  get life(): number {
    return this.#life
  }

  get marks(): ReadonlyArray<LogWindow.Mark> {
    return Array.from(this.#state.marks.values(), ({ mark }) => mark)
  }
  mark(mark: LogWindow.Mark): LogWindow.Horizon | undefined {
    return this.#state.marks.get(LogWindowText.markText(mark))
  }
  /** For each transaction that the snapshot of a mark lists as open, the floor of the last mark before it. */
  openSince({ snapshot }: LogWindow.Horizon): LogWindow.LogPosition["openSince"] {
    const all = [...this.#state.marks.values()]
    const floorBefore = (tx: bigint) => Math.max(0, ...all.filter(({ mark }) => mark.tx < tx).map(({ floor }) => floor))
    return new Map(snapshot.open.map((tx) => [tx, floorBefore(tx)]))
  }

  #log(change: Partial<State<Row, Tables>>): void {
    this.#state = { ...this.#state, ...change }
  }
  #flush(): void {
    const written = (this.#onDisk = this.#state)
    const life = this.#life
    this.#send(() => {
      // A later state never gives way to an earlier one.
      if (life === this.#life && written.highest >= this.#onStandby.highest) this.#onStandby = written
    })
  }
  #goOnWith(state: State<Row, Tables>): void {
    this.#life += 1
    this.#state = this.#onDisk = this.#onStandby = state
    this.#nextTx = state.highest + 1n
    this.#completed = state.highest
    this.#lastNumber = state.reserved
    this.#running = new Set()
    this.#locked = new Set()
  }
  crash(): void {
    this.#goOnWith(this.#onDisk)
  }
  failOver(): void {
    this.#goOnWith(this.#onStandby)
  }

  begin(): Transaction<Row> {
    return { life: this.#life, tx: undefined, rows: [], locks: new Set() }
  }

  /** Gives a transaction its id, as its first write does. An id without a write is not in the log. */
  assign(transaction: Transaction<Row>): bigint {
    if (transaction.tx === undefined) {
      transaction.tx = this.#nextTx++
      this.#running.add(transaction.tx)
    }
    return transaction.tx
  }

  /**
   * Writes a row of a stream. Gives false if another transaction has the lock of the stream, or the server has started
   * again.
   */
  append(transaction: Transaction<Row>, stream: unknown, row: (tx: bigint, seq: number) => Row): boolean {
    if (transaction.life !== this.#life) return false
    if (this.#locked.has(stream) && !transaction.locks.has(stream)) return false
    this.#locked.add(stream)
    transaction.locks.add(stream)
    const tx = this.assign(transaction)
    const seq = ++this.#lastNumber
    if (seq > this.#state.reserved) this.#log({ reserved: seq + NUMBERS_AHEAD })
    this.#log({ highest: max(this.#state.highest, tx) })
    transaction.rows.push(row(tx, seq))
    return true
  }

  /** Ends a transaction. A commit with a write is on disk before other transactions see it, unless `isFlushed` is false. */
  end(transaction: Transaction<Row>, how: "commit" | "rollback", isFlushed = true): void {
    const { life, locks, rows, tx } = transaction
    if (tx === undefined || life !== this.#life || !this.#running.has(tx)) return
    const committed = how === "commit" ? [...this.committed, ...rows] : this.committed
    this.#log({ highest: max(this.#state.highest, tx), committed })
    if (how === "commit" && isFlushed) this.#flush()
    for (const stream of locks) this.#locked.delete(stream)
    this.#running.delete(tx)
    this.#completed = max(this.#completed, tx)
  }

  /** Writes to the tables, in a transaction of its own. */
  write(change: Partial<Tables>): void {
    const writing = this.begin()
    this.assign(writing)
    this.#log({ tables: { ...this.tables, ...change } })
    this.end(writing, "commit")
  }

  /** Writes a mark with a snapshot, in a transaction of its own. */
  writeMark(horizon: Omit<LogWindow.Horizon, "mark">): LogWindow.Horizon {
    const marking = this.begin()
    const mark = { tx: this.assign(marking), nonce: (++this.#nonces).toString(16).padStart(12, "0") }
    const written = { ...horizon, mark }
    this.#log({ marks: new Map([...this.#state.marks, [LogWindowText.markText(mark), written]]) })
    this.end(marking, "commit")
    return written
  }
}
