/**
 * Entries as a store keeps them and gives them to a sink.
 */
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import { decode, type JournalEvent } from "./JournalEvent.ts"

/** A stored entry. Its `id` is the message id: it is the same in every delivery, and consumers recognise duplicates by it. */
export interface StoredEntry extends Omit<StoredJournalEntry, "payload"> {
  /** The payload as it was stored, as JSON. */
  readonly payload: string
}

/** The journal event of an entry, in today's form. Throws if none like it was ever written. */
export const toEvent = ({ payload, schemaVersion, type }: StoredEntry): JournalEvent =>
  decode(type, schemaVersion, JSON.parse(payload))
