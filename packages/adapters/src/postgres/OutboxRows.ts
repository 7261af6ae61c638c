/**
 * Journal rows as the outbox reads them.
 */
import type { Delivery } from "@turnout/core/domain/Delivery"
import type { EventId } from "@turnout/core/domain/Event"
import { type Time, toDate } from "./Rows.ts"

/** The columns, of a row `j`. */
export const ENTRY = `j.seq, j.event_id, j.version, j.id, j.type, j.schema_version, j.payload::text AS payload, j.actor,
  j.correlation_id, j.causation_id, j.occurred_at`

/** A row of `ENTRY`. */
export interface EntryRow {
  readonly seq: bigint
  readonly event_id: string
  readonly version: bigint
  readonly id: string
  readonly type: string
  readonly schema_version: number
  readonly payload: string
  readonly actor: string
  readonly correlation_id: string | null
  readonly causation_id: string | null
  readonly occurred_at: Time
}

export const toDelivery = (row: EntryRow): Delivery => ({
  id: row.id,
  eventId: row.event_id as EventId,
  version: Number(row.version),
  type: row.type,
  schemaVersion: row.schema_version,
  payload: row.payload,
  metadata: { actor: row.actor, correlationId: row.correlation_id, causationId: row.causation_id },
  occurredAt: toDate(row.occurred_at)
})
