/**
 * The number of waiters, counted by blocks of the sequence.
 *
 * A place in the waitlist is a rank, and finding a rank by counting rows costs as much as the list is long. So the store keeps
 * counts for blocks of 64 numbers of the sequence (level 1), of 16 of those (level 2), and so on up to level 4, of 262,144
 * numbers; a rank is a sum over at most 15 of each of the smaller ones, few of the largest, and at most 64 rows, which are
 * counted in the index. Blocks are further apart in the table, so a sum must not have many of them.
 */
import type { ChangedRegistration } from "@turnout/core/admission/domain/state/RegistrationRows"
import type { EventId } from "@turnout/core/kernel/domain/EventId"

/** For each level, the number of last bits without which a number of the sequence is the number of its block. */
export const BITS = [6, 10, 14, 18] as const

export interface BlockDelta {
  readonly eventId: EventId
  /** The level of the block; 1 has the smallest blocks. */
  readonly level: number
  readonly block: number
  /** How many more people wait in the block. */
  delta: number
}

/** The changes of the counts by a batch. */
export const deltas = (changed: ReadonlyArray<ChangedRegistration>): ReadonlyArray<BlockDelta> => {
  const found = new Map<string, BlockDelta>()
  for (const { before, registration } of changed) {
    const { eventId, sequence, state } = registration
    const by = Number(state === "waitlisted") - Number(before === "waitlisted")
    if (by === 0) continue
    for (const [index, bits] of BITS.entries()) {
      const level = index + 1
      // Division instead of a shift: sequences may outgrow 32 bits.
      const block = Math.floor(sequence / 2 ** bits)
      const key = `${eventId}/${level}/${block}`
      const delta = found.get(key)
      if (delta === undefined) found.set(key, { eventId, level, block, delta: by })
      else delta.delta += by
    }
  }
  return [...found.values()].filter(({ delta }) => delta !== 0)
}
