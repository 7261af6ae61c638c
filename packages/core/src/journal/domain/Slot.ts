/**
 * Slots: the parts of the journal that are delivered independently of each other.
 *
 * Every stream lives in one slot for ever, so its order is the order of its slot; different slots can be delivered by different
 * relays at the same time.
 */
import type { EventId } from "../../kernel/domain/EventId.ts"

/** The number of slots. Another number would move streams between slots, and so break their order. */
export const SLOTS = 64

/** Every slot. */
export const slots: ReadonlyArray<number> = Array.from({ length: SLOTS }, (_, slot) => slot)

/** The slot of a stream: the last bits of its id, which are random in ids of every version in use. */
export const slotOf = (stream: EventId): number => Number.parseInt(stream.slice(-2), 16) % SLOTS
