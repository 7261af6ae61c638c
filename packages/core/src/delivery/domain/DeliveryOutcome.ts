/**
 * What has become of an entry that was given to a sink.
 */
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"

/**
 * The outcome of one delivery. After a failed one, later ones of the same stream count as failed, even if they say otherwise.
 */
export type DeliveryOutcome =
  | { readonly _tag: "Delivered" }
  | {
      readonly _tag: "Failed"
      /** What went wrong, in a sentence for the operator. */
      readonly error: string
      /** Whether trying again is of no use: the stream is parked at once. */
      readonly isFinal: boolean
      /** The shortest time after which trying again is welcome, if the sink has said so. */
      readonly retryAfterMillis?: number
    }
  | {
      /** The sink has not tried: the stream waits, and no attempt is used up. */
      readonly _tag: "NotTried"
      /** Why not, in a sentence for the operator. */
      readonly error: string
    }

export const delivered: DeliveryOutcome = { _tag: "Delivered" }

/** The outcome of a delivery that the sink's answer leaves out. */
export const unanswered: DeliveryOutcome = {
  _tag: "Failed",
  error: "the sink said nothing about this delivery",
  isFinal: false
}

/**
 * Tells which deliveries are settled, when some outcomes are not known yet (`undefined`). In each stream, the deliveries before
 * the first unknown outcome are settled. Later deliveries than a failed one are settled as well: they wait.
 */
export const areSettled = (
  deliveries: ReadonlyArray<StoredEntry>,
  outcomes: ReadonlyArray<DeliveryOutcome | undefined>
): ReadonlyArray<boolean> => {
  /** The streams with a failed or an unknown outcome; the value says whether their later deliveries are settled. */
  const ended = new Map<string, boolean>()
  return deliveries.map(({ eventId }, index) => {
    const outcome = outcomes[index]
    if (outcome?._tag !== "Delivered" && !ended.has(eventId)) ended.set(eventId, outcome !== undefined)
    return ended.get(eventId) ?? true
  })
}
