/**
 * The journal in memory, by slot: what the store appends to and the outbox reads from.
 */
import type { Delivery } from "@turnout/core/domain/Delivery"
import type { StoredJournalEntry } from "@turnout/core/domain/JournalEvent"
import { slotOf, slots } from "@turnout/core/domain/Slot"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export interface MemoryLog {
  /** Every entry in the order in which they were committed. */
  readonly all: ReadonlyArray<Delivery>
  /** The entries of a slot, likewise. */
  readonly slot: (slot: number) => ReadonlyArray<Delivery>
  readonly append: (entries: ReadonlyArray<StoredJournalEntry>) => void
}

export const make = (): MemoryLog => {
  const log = slots.map((): Array<Delivery> => [])
  const all: Array<Delivery> = []
  return {
    all,
    slot: (slot) => log[slot]!,
    append: (entries) => {
      for (const entry of entries) {
        const delivery = { ...entry, payload: JSON.stringify(entry.payload) }
        all.push(delivery)
        log[slotOf(entry.eventId)]!.push(delivery)
      }
    }
  }
}

export class Log extends Context.Service<Log, MemoryLog>()("@turnout/adapters/memory/MemoryLog") {}

/** A log of its own for each build of the layer. */
export const layer: Layer.Layer<Log> = Layer.sync(Log, make)
