/**
 * How many wait, counted by blocks of the sequence.
 *
 * A place in the waitlist is a rank, and a rank by counting rows costs as much as the list is long. So the store keeps
 * counts for blocks of 64 numbers of the sequence (level 1), of 16 of those (level 2), and so on up to level 4, of 262,144
 * numbers; a rank is a sum over at most 15 of each of the smaller ones, few of the largest, and at most 64 rows, which are
 * counted in the index. Blocks are further apart in the table, so there are fewer of them in a sum.
 */
import type { ChangedRegistration } from "@turnout/core/admission/domain/Batch"
import type { EventId } from "@turnout/core/kernel/domain/EventId"

/** A number of the sequence without so many of its last bits is the number of its block at a level. */
export const BITS = [6, 10, 14, 18] as const

export interface BlockDelta {
  readonly eventId: EventId
  /** From 1, the smallest blocks, on. */
  readonly level: number
  readonly block: number
  /** How many more wait in it. */
  delta: number
}

/** What a batch adds to the counts. */
export const deltas = (changed: ReadonlyArray<ChangedRegistration>): ReadonlyArray<BlockDelta> => {
  const found = new Map<string, BlockDelta>()
  for (const { before, registration } of changed) {
    const { eventId, sequence, state } = registration
    const by = Number(state === "waitlisted") - Number(before === "waitlisted")
    if (by === 0) continue
    for (const [index, bits] of BITS.entries()) {
      const level = index + 1
      // Not by shifting: sequences may outgrow 32 bits.
      const block = Math.floor(sequence / 2 ** bits)
      const key = `${eventId}/${level}/${block}`
      const delta = found.get(key)
      if (delta === undefined) found.set(key, { eventId, level, block, delta: by })
      else delta.delta += by
    }
  }
  return [...found.values()].filter(({ delta }) => delta !== 0)
}
