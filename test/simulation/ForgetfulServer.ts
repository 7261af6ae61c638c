/**
 * The outbox on a database server that forgets (`ForgetfulLog`), which loses changes of its tables with its commits. Each
 * request is one statement, which the server carries out in one step or not at all.
 */
import type { At, KnownMark, LogServer, Rows } from "@turnout/adapters/postgres/log-reader"
import * as LogReader from "@turnout/adapters/postgres/log-reader"
import * as LogWindow from "@turnout/adapters/postgres/log-window"
import * as LogWindowText from "@turnout/adapters/postgres/log-window-text"
import type { JournalReader, Position } from "@turnout/core/journal/ports/JournalReader"
import type { Block } from "@turnout/core/delivery/domain/Block"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { slotOf, slots } from "@turnout/core/journal/domain/Slot"
import {
  type Acknowledgement,
  type HeldLease,
  Outbox,
  type Retry,
  type Settlement,
  type SinkId
} from "@turnout/core/delivery/ports/Outbox"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect } from "effect"
import * as ForgetfulLog from "../support/ForgetfulLog.ts"
import type { Network } from "./Network.ts"
import type { Node, World } from "./World.ts"

/** An entry that a transaction has written. */
export interface Entry {
  readonly tx: bigint
  readonly seq: number
  readonly delivery: StoredEntry
}

export type Transaction = ForgetfulLog.Transaction<Entry>

interface Blocked extends Omit<Block, "retryAfterMillis" | "stream"> {
  readonly retryAt: number | null
}

interface Slot {
  readonly epoch: number
  readonly owner: string | null
  readonly until: number
  readonly position: Position
}

interface Tables {
  /** The slots of the only sink; there are none before it is registered. */
  readonly slots: ReadonlyArray<Slot>
  readonly blocked: ReadonlyMap<EventId, Blocked>
  readonly workers: ReadonlyMap<string, number>
}

export class ForgetfulServer {
  readonly #world: World
  readonly #log: ForgetfulLog.ForgetfulLog<Entry, Tables>
  readonly node: Node
  #messages = 0
  /** The longest time until a flush reaches the standby. */
  longestLagMillis = 0

  constructor(world: World) {
    this.#world = world
    this.node = world.node("server")
    this.#log = new ForgetfulLog.ForgetfulLog({ slots: [], blocked: new Map(), workers: new Map() }, (arrive) => {
      if (this.longestLagMillis === 0) arrive()
      else world.after(world.choose(this.longestLagMillis), arrive)
    })
  }

  get journal(): ReadonlyArray<Entry> {
    return this.#log.committed
  }
  get #tables(): Tables {
    return this.#log.tables
  }
  crash(): void {
    this.#log.crash()
  }
  failOver(): void {
    this.#log.failOver()
  }

  // --- transactions ---

  begin(): Transaction {
    return this.#log.begin()
  }
  /** Writes the next entry of a stream. Gives false if another transaction has the lock, or the server has started again. */
  append(transaction: Transaction, stream: EventId): boolean {
    const own = (all: ReadonlyArray<Entry>) => all.filter(({ delivery }) => delivery.eventId === stream).length
    return this.#log.append(transaction, stream, (tx, seq) => ({
      tx,
      seq,
      delivery: {
        id: `message-${++this.#messages}`,
        eventId: stream,
        version: own(this.journal) + own(transaction.rows) + 1,
        type: "EventPublished",
        schemaVersion: 1,
        payload: "{}",
        metadata: { actor: "test", correlationId: null, causationId: null },
        occurredAt: new Date(this.#world.now)
      }
    }))
  }
  end(transaction: Transaction, how: "commit" | "rollback"): void {
    this.#log.end(transaction, how)
  }

  // --- reading the log ---

  #has(marks: ReadonlyArray<LogWindow.Mark>): boolean {
    return marks.every((mark) => this.#log.mark(mark) !== undefined)
  }
  #mark(): LogWindow.Horizon {
    const floor = this.#log.lastNumber
    const drawing = this.#log.begin()
    this.#log.assign(drawing)
    this.#log.end(drawing, "commit", false)
    return this.#log.writeMark({ floor, snapshot: this.#log.snapshot })
  }
  #isCertain({ acknowledged, at, slot }: At, sink: string | null): boolean {
    const isStored = sink === null || acknowledged === undefined || this.#tables.slots[slot]?.position === acknowledged
    return isStored && this.#has(LogWindow.witnesses(at))
  }
  #rows(sink: string | null, windows: ReadonlyArray<At<LogWindow.Reading>>, limit: number): ReadonlyArray<Rows> {
    const bySlot = Map.groupBy(this.journal, ({ delivery }) => slotOf(delivery.eventId))
    return windows.flatMap(({ at: { passed, window }, slot }) => {
      const rows = (bySlot.get(slot) ?? [])
        .filter(
          ({ seq, tx }) =>
            seq > window.position && LogWindow.isVisible(window.until, tx) && !LogWindow.isVisible(passed, tx)
        )
        .toSorted((a, b) => a.seq - b.seq)
        .slice(0, limit)
      if (rows.length === 0) return []
      const given = rows.filter(({ delivery }) => sink === null || !this.#tables.blocked.has(delivery.eventId))
      const deliveries = given.map(({ delivery }) => delivery)
      const numbers = given.map(({ seq }) => seq)
      return [{ slot, count: rows.length, lastNumber: rows.at(-1)!.seq, deliveries, numbers }]
    })
  }
  #known(marks: ReadonlyArray<LogWindow.Mark>): ReadonlyArray<KnownMark> {
    return marks
      .flatMap((mark) => this.#log.mark(mark) ?? [])
      .toSorted((a, b) => Number(b.mark.tx - a.mark.tx))
      .map((found) => ({ ...found, openSince: this.#log.openSince(found) }))
  }

  // --- the outbox ---

  /** Changes the slots whose leases are still held, and, in the same transaction, the blocked streams. Gives the slots. */
  #held<L extends Omit<HeldLease, "acknowledged">>(
    leases: ReadonlyArray<L>,
    change: (slot: Slot, lease: L) => Slot | undefined,
    blocked: ReadonlyMap<EventId, Blocked> = this.#tables.blocked
  ): ReadonlyArray<number> {
    const after = [...this.#tables.slots]
    const held = leases.flatMap((lease) => {
      const slot = after[lease.slot]
      if (slot === undefined || slot.epoch !== lease.epoch || slot.owner !== lease.owner) return []
      const changed = change(slot, lease)
      if (changed === undefined) return []
      after[lease.slot] = changed
      return [lease.slot]
    })
    if (held.length > 0) this.#log.write({ slots: after, blocked })
    return held
  }
  #toBlocked({ attempts, error, retryAfterMillis, version }: Block): Blocked {
    const retryAt = retryAfterMillis === null ? null : this.#world.now + retryAfterMillis
    return { version, attempts, error, retryAt }
  }
  #due(positions: ReadonlyArray<{ readonly slot: number; readonly position: Position }>, depth: number) {
    const at = new Map(positions.map(({ position, slot }) => [slot, LogWindowText.fromText(position)]))
    const isGiven = ({ delivery, seq, tx }: Entry): boolean => {
      const { passed, window } = at.get(slotOf(delivery.eventId))!
      if (LogWindow.isVisible(passed, tx)) return true
      return window !== null && seq <= window.position && LogWindow.isVisible(window.until, tx)
    }
    return Array.from(this.#tables.blocked).flatMap(
      ([stream, { attempts, retryAt, version }]): ReadonlyArray<Retry> => {
        const slot = slotOf(stream)
        if (!at.has(slot) || retryAt === null || retryAt > this.#world.now) return []
        const own = this.journal.filter(({ delivery }) => delivery.eventId === stream)
        if (own.some((entry) => entry.delivery.version === version - 1 && !isGiven(entry))) return []
        const deliveries = own
          .filter((entry) => entry.delivery.version >= version && isGiven(entry))
          .map(({ delivery }) => delivery)
          .toSorted((a, b) => a.version - b.version)
        return [{ slot, stream, version, attempts, deliveries: deliveries.slice(0, depth) }]
      }
    )
  }

  /** The reader by which a node reads the journal of this server, and the function by which it sends other requests. */
  #readerOf(network: Network, from: Node) {
    const lost = () =>
      new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("no answer") }) })
    const ask = <A>(work: () => A) => network.call(from, this.node, Effect.sync(work), lost)
    const server: LogServer = {
      root: ask(() => ForgetfulLog.ROOT),
      mark: ask(() => this.#mark()),
      now: (marks) =>
        ask(() => ({ isCertain: this.#has(marks), snapshot: this.#log.snapshot, lastNumber: this.#log.lastNumber })),
      rows: (sink, windows, limit) =>
        ask(() => (windows.every((one) => this.#isCertain(one, sink)) ? this.#rows(sink, windows, limit) : undefined)),
      uncertain: (sink, positions) =>
        ask(() => positions.filter((one) => !this.#isCertain(one, sink)).map(({ slot }) => slot)),
      known: (marks) => ask(() => this.#known(marks))
    }
    return { ask, reader: LogReader.make(server) }
  }

  /** The journal reader of a node. */
  journalReader(network: Network, from: Node): JournalReader["Service"] {
    return LogReader.toJournalReader(this.#readerOf(network, from).reader, () => () => {})
  }

  /** The outbox of a node, which sends one statement after the other to this server. */
  outbox(network: Network, from: Node): Outbox["Service"] {
    const { ask, reader } = this.#readerOf(network, from)
    const now = () => this.#world.now
    const idOf = ask(() => (this.#tables.slots.length > 0 ? ("sink" as SinkId) : undefined))
    const register = (at: LogWindow.LogPosition) =>
      ask(() => {
        if (!this.#has(LogWindow.witnesses(at))) return
        const position = LogReader.toText(at)
        if (this.#tables.slots.length === 0)
          this.#log.write({ slots: slots.map(() => ({ epoch: 0, owner: null, until: 0, position })) })
      })
    return Outbox.of({
      onCommit: () => () => {},
      register: Effect.fnUntraced(function* (_, start, before) {
        while (true) {
          const known = yield* idOf
          if (known !== undefined) return known
          const at = yield* reader.startOf(before === undefined ? start : "beginning")
          yield* register(at)
        }
      }),
      announce: (_, owner, ttlMillis) =>
        ask(() => {
          const there = [...this.#tables.workers].filter(([, until]) => until > now())
          const workers = new Map([...there, [owner, now() + ttlMillis]])
          this.#log.write({ workers })
          return workers.size
        }),
      depart: (_, owner) =>
        ask(() => this.#log.write({ workers: new Map([...this.#tables.workers].filter(([name]) => name !== owner)) })),
      claim: (_, { limit, owner, ttlMillis }) =>
        ask(() => {
          const after = [...this.#tables.slots]
          const free = slots.filter((slot) => after[slot] !== undefined && after[slot].until <= now()).slice(0, limit)
          for (const slot of free)
            after[slot] = { ...after[slot]!, epoch: after[slot]!.epoch + 1, owner, until: now() + ttlMillis }
          if (free.length > 0) this.#log.write({ slots: after })
          return free.map((slot) => {
            const { epoch, position } = after[slot]!
            return { slot, epoch, owner, position, acknowledged: position }
          })
        }),
      renew: (_, leases, ttlMillis) =>
        ask(() =>
          this.#held(leases, (slot, { acknowledged }) =>
            slot.position === acknowledged ? { ...slot, until: now() + ttlMillis } : undefined
          )
        ),
      release: (_, leases) => ask(() => this.#held(leases, (slot) => ({ ...slot, owner: null, until: 0 }))),
      read: reader.read,
      acknowledge: (_, acknowledgements) =>
        ask(() => {
          const blocked = new Map(this.#tables.blocked)
          const change = (slot: Slot, { acknowledged, blocked: blocks, position }: Acknowledgement) => {
            const isStored = slot.position === acknowledged || slot.position === position
            if (!isStored || !this.#has(LogWindow.witnesses(LogWindowText.fromText(position)))) return undefined
            if (slot.position === acknowledged)
              for (const block of blocks)
                if (!blocked.has(block.stream)) blocked.set(block.stream, this.#toBlocked(block))
            return { ...slot, position }
          }
          return this.#held(acknowledgements, change, blocked)
        }),
      due: (_, positions, { depth }) => ask(() => this.#due(positions, depth)),
      parkedMillis: () => Effect.succeed(0),
      settle: (_, settlements) =>
        ask(() => {
          const blocked = new Map(this.#tables.blocked)
          const change = (slot: Slot, { block, stream, version }: Settlement) => {
            if (blocked.get(stream)?.version !== version) return slot
            if (block === null) blocked.delete(stream)
            else blocked.set(stream, this.#toBlocked(block))
            return slot
          }
          return [...new Set(this.#held(settlements, change, blocked))]
        })
    })
  }
}
