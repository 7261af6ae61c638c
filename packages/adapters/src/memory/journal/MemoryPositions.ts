/**
 * Positions in a log in memory: the number of entries of the slot that have been given, with the name of the log.
 *
 * Entries are committed one batch at a time, and a log in memory loses nothing as long as it exists, so no reader is set back.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { Position, ReadFrom, Slice } from "@turnout/core/journal/ports/JournalReader"
import type { MemoryLog } from "./MemoryLog.ts"

export interface MemoryPositions {
  readonly toPosition: (given: number) => Position
  readonly givenOf: (position: Position) => number
  readonly isPosition: (text: string) => boolean
  /** The next entries after each position, without those that are left out. */
  readonly read: (
    positions: ReadonlyArray<ReadFrom>,
    limit: number,
    isLeftOut: (entry: StoredEntry) => boolean
  ) => ReadonlyArray<Slice>
}

export const make = (log: MemoryLog): MemoryPositions => {
  const toPosition = (given: number): Position => `${log.name} ${given}` as Position
  const givenOf = (position: Position): number => Number(position.slice(log.name.length + 1))
  return {
    toPosition,
    givenOf,
    isPosition: (text) => text.startsWith(`${log.name} `) && /^\d{1,15}$/.test(text.slice(log.name.length + 1)),
    read: (positions, limit, isLeftOut) =>
      positions.flatMap(({ position, slot }) => {
        const given = givenOf(position)
        const all = log.slot(slot)
        if (given >= all.length) return []
        const entries = all.slice(given, given + limit)
        const deliveries = entries.filter((entry) => !isLeftOut(entry))
        const positionAfter = (index: number) => toPosition(given + entries.indexOf(deliveries[index]!) + 1)
        const behind = toPosition(given + entries.length)
        const isFull = entries.length === limit
        return [{ slot, deliveries, isFull, isSetBack: false, position: behind, positionAfter }]
      })
  }
}
