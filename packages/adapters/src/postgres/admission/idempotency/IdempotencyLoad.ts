/**
 * Loading idempotency records for a batch.
 */
import type { Footprint, Loaded } from "@turnout/core/admission/domain/state/IdempotencyRows"
import type { Chosen, Found, Part } from "../../statements/Parts.ts"
import { plain, quoted } from "../../statements/RowSource.ts"
import {
  type IdempotencyRow,
  REGISTRATION,
  type RegistrationRow,
  toIdempotencyRecord,
  toRegistration
} from "../Rows.ts"

/** Idempotency records, each with the registration that it refers to. */
const records: Part<Footprint["idempotency"][number]> = {
  name: "records",
  columns: [
    quoted("key", ({ key }) => key),
    plain("operation", "text", ({ operation }) => operation),
    quoted("principal", ({ principal }) => principal)
  ],
  sql: (s, rows) => `SELECT 'records' AS kind, ${REGISTRATION}, i.record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT i.registration_id, to_jsonb(i) AS record FROM ${s}.idempotency i
  WHERE i.key = t.key AND i.operation = t.operation AND i.principal = t.principal OFFSET 0
) i
LEFT JOIN LATERAL (SELECT * FROM ${s}.registrations r WHERE r.id = i.registration_id OFFSET 0) r ON true`
}

/** A record, and the registration that it refers to, if any. */
type FoundRecord = (RegistrationRow | { readonly [Column in keyof RegistrationRow]: null }) & {
  readonly record: IdempotencyRow
}

export const choose = (chosen: Chosen<undefined>, footprint: Footprint): void =>
  chosen.add(records, footprint.idempotency)

export const read = (found: Found): Loaded => ({
  idempotency: found
    .of<FoundRecord>(records)
    .map((row) => toIdempotencyRecord(row.record, row.id === null ? null : toRegistration(row)))
})
