/**
 * What has become of an entry that a sink was given.
 */
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"

/** The outcome of one delivery. Those after a failed one in the same stream count as failed, whatever their own outcome says. */
export type DeliveryOutcome =
  | { readonly _tag: "Delivered" }
  | {
      readonly _tag: "Failed"
      /** For the operator: what went wrong, in a sentence. */
      readonly error: string
      /** Whether trying again is pointless: the stream is parked at once. */
      readonly isFinal: boolean
    }
  | {
      /** The sink has not tried at all: the stream waits, and no attempt is used up. */
      readonly _tag: "NotTried"
      /** For the operator: why, in a sentence. */
      readonly error: string
    }

export const delivered: DeliveryOutcome = { _tag: "Delivered" }

/** Of a delivery that an answer leaves out. */
export const unanswered: DeliveryOutcome = {
  _tag: "Failed",
  error: "the sink said nothing about this delivery",
  isFinal: false
}

/**
 * Which of some deliveries are settled, though what became of others may not be known, which is then `undefined`: those of a
 * stream up to the first of which nothing is known. What is behind a failed one in its stream is settled as well: it waits.
 */
export const areSettled = (
  deliveries: ReadonlyArray<StoredEntry>,
  outcomes: ReadonlyArray<DeliveryOutcome | undefined>
): ReadonlyArray<boolean> => {
  /** Streams of which an entry has failed, or nothing is known; whether what is behind that is settled. */
  const ended = new Map<string, boolean>()
  return deliveries.map(({ eventId }, index) => {
    const outcome = outcomes[index]
    if (outcome?._tag !== "Delivered" && !ended.has(eventId)) ended.set(eventId, outcome !== undefined)
    return ended.size === 0 || (ended.get(eventId) ?? true)
  })
}
