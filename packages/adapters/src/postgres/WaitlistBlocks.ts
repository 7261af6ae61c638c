/**
 * How many wait, counted by blocks of the sequence.
 *
 * A place in the waitlist is a rank, and a rank by counting rows costs as much as the list is long. So the store keeps
 * counts for blocks of 256 numbers of the sequence (level 1) and for superblocks of 65,536 (level 2), and a rank is a sum
 * over few of each, and at most 255 rows.
 */
import type { ChangedRegistration } from "@turnout/core/domain/Batch"
import type { EventId } from "@turnout/core/domain/Event"

/** A number of the sequence without its last bits is the number of its block. */
export const BLOCK_BITS = 8
export const SUPERBLOCK_BITS = 16

export interface BlockDelta {
  readonly eventId: EventId
  readonly level: 1 | 2
  readonly block: number
  /** How many more wait in it. */
  delta: number
}

/** What a batch adds to the counts, in the order of event, level and block. */
export const deltas = (changed: ReadonlyArray<ChangedRegistration>): ReadonlyArray<BlockDelta> => {
  const found = new Map<string, BlockDelta>()
  const add = (eventId: EventId, level: 1 | 2, block: number, by: number) => {
    const key = `${eventId}/${level}/${block}`
    const delta = found.get(key)
    if (delta === undefined) found.set(key, { eventId, level, block, delta: by })
    else delta.delta += by
  }
  for (const { before, registration } of changed) {
    const by = Number(registration.state === "waitlisted") - Number(before === "waitlisted")
    if (by === 0) continue
    // Sequences outgrow 32 bits before they outgrow exact numbers.
    add(registration.eventId, 1, Math.floor(registration.sequence / 2 ** BLOCK_BITS), by)
    add(registration.eventId, 2, Math.floor(registration.sequence / 2 ** SUPERBLOCK_BITS), by)
  }
  return [...found.values()].filter(({ delta }) => delta !== 0)
}
