/**
 * Journal rows as the outbox reads them: the payload is text, which is passed on as it is.
 */
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { type JournalRow, toJournalEntry } from "../admission/Rows.ts"

/** The columns of an entry, from a row `j`. */
export const ENTRY = `j.seq, j.event_id, j.version, j.id, j.type, j.schema_version, j.payload::text AS payload, j.actor,
  j.correlation_id, j.causation_id, j.trace_parent, j.occurred_at`

/** A row of `ENTRY`. */
export interface EntryRow extends JournalRow<string> {
  readonly seq: bigint
}

export const toDelivery: (row: EntryRow) => StoredEntry = toJournalEntry
