/**
 * The journal in memory, by slot: the store appends to it, and the outbox reads from it.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { slotOf, slots } from "@turnout/core/journal/domain/Slot"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import * as CommitSignal from "../../CommitSignal.ts"

export interface MemoryLog {
  /** Distinguishes this log from every other: positions of another log mean nothing here. */
  readonly name: string
  /** Every entry, in the order of the commits. */
  readonly all: ReadonlyArray<StoredEntry>
  /** The entries of a slot, in the order of the commits. */
  readonly slot: (slot: number) => ReadonlyArray<StoredEntry>
  readonly append: (entries: ReadonlyArray<StoredJournalEntry>) => void
  /** Calls the listener whenever an entry was appended, until the returned function is called. */
  readonly onAppend: (listener: () => void) => () => void
}

export const make = (): MemoryLog => {
  const name = randomUUID()
  const log = slots.map((): Array<StoredEntry> => [])
  const all: Array<StoredEntry> = []
  const signal = CommitSignal.of(name)
  return {
    name,
    all,
    slot: (slot) => log[slot]!,
    append: (entries) => {
      for (const entry of entries) {
        const delivery = { ...entry, payload: JSON.stringify(entry.payload) }
        all.push(delivery)
        log[slotOf(entry.eventId)]!.push(delivery)
      }
      if (entries.length > 0) signal.notify()
    },
    onAppend: signal.listen
  }
}

export class Log extends Context.Service<Log, MemoryLog>()("@turnout/MemoryLog") {}

/** A log of its own for each build of the layer. */
export const layer: Layer.Layer<Log> = Layer.sync(Log, make)
