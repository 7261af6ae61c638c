/**
 * A journal entry on its way to a sink.
 */
import { decode, type JournalEvent, type StoredJournalEntry } from "./JournalEvent.ts"

/** A stored entry. Its `id` is the message id: equal for every delivery, and what consumers tell duplicates by. */
export interface Delivery extends Omit<StoredJournalEntry, "payload"> {
  /** The payload as it was stored, as JSON. */
  readonly payload: string
}

/** What has become of a delivery. Those behind a failed one in the same stream count as failed, whatever they say. */
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

/** The event in today's form. Throws if no such thing was ever written. */
export const toEvent = ({ payload, schemaVersion, type }: Delivery): JournalEvent =>
  decode(type, schemaVersion, JSON.parse(payload))
