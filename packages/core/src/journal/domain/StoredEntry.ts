/**
 * Entries as a store keeps them and a sink is given them.
 */
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import { decode, type JournalEvent } from "./JournalEvent.ts"

/** A stored entry. Its `id` is the message id: equal for every delivery, and what consumers tell duplicates by. */
export interface StoredEntry extends Omit<StoredJournalEntry, "payload"> {
  /** The payload as it was stored, as JSON. */
  readonly payload: string
}

/** The event in today's form. Throws if no such thing was ever written. */
export const toEvent = ({ payload, schemaVersion, type }: StoredEntry): JournalEvent =>
  decode(type, schemaVersion, JSON.parse(payload))
