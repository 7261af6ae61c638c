/**
 * A journal entry on its way to a sink.
 */
import type { EventId } from "./Event.ts"
import { decode, type JournalEvent, type Metadata } from "./JournalEvent.ts"

export interface Delivery {
  /** The message id: equal for every delivery of an entry, whatever happens. Consumers tell duplicates by it. */
  readonly id: string
  /** Whose stream it is in. */
  readonly eventId: EventId
  /** Place in the stream: 1, 2, 3, … */
  readonly version: number
  readonly type: string
  readonly schemaVersion: number
  /** The payload as it was stored, as JSON. */
  readonly payload: string
  readonly metadata: Metadata
  readonly occurredAt: Date
}

/** What has become of a delivery. Those behind a failed one in the same stream count as failed, whatever they say. */
export type Outcome =
  | { readonly _tag: "Delivered" }
  | {
      readonly _tag: "Failed"
      /** For the operator: what went wrong, in a sentence. */
      readonly error: string
      /** Whether trying again is pointless: the stream is parked at once. */
      readonly isFinal: boolean
    }

export const delivered: Outcome = { _tag: "Delivered" }

/** The event in today's form. Throws if no such thing was ever written. */
export const toEvent = ({ payload, schemaVersion, type }: Delivery): JournalEvent =>
  decode(type, schemaVersion, JSON.parse(payload))
