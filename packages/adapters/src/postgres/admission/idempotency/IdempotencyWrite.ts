/**
 * Writing idempotency records: new ones, and those that replace expired ones.
 */
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Changes } from "@turnout/core/admission/domain/state/IdempotencyRows"
import { type Column, json, nullable, plain, quoted } from "../../statements/RowSource.ts"
import { type Chosen, type Part, type Shared, time } from "../batch/WriteParts.ts"
import { fromAnswer } from "../Rows.ts"

/** A record, with its answer in the form in which it is stored. */
type StoredRecord = { readonly record: IdempotencyRecord } & ReturnType<typeof fromAnswer>

const recordColumns: ReadonlyArray<Column<StoredRecord, Shared>> = [
  quoted("key", ({ record }) => record.scope.key),
  plain("operation", "text", ({ record }) => record.scope.operation),
  quoted("principal", ({ record }) => record.scope.principal),
  plain("fingerprint", "text", ({ record }) => record.fingerprint),
  nullable(
    plain("request_id", "uuid", ({ record, registrationId }) =>
      record.requestId === registrationId ? null : record.requestId
    )
  ),
  nullable(plain("registration_id", "uuid", ({ registrationId }) => registrationId)),
  plain("created_at", "integer", ({ record }, _, { times }) => times.numberOf(record.createdAt)),
  plain("expires_at", "integer", ({ record }, _, { times }) => times.numberOf(record.expiresAt)),
  json("answer", ({ json }) => json)
]

const insert = (s: string, rows: string): string =>
  `INSERT INTO ${s}.idempotency AS i (key, operation, principal, fingerprint, request_id, registration_id,
    created_at, expires_at, answer)
  SELECT t.key, t.operation, t.principal, t.fingerprint, coalesce(t.request_id, t.registration_id), t.registration_id,
    ${time("t.created_at")}, ${time("t.expires_at")}, t.answer::json
  FROM ${rows}`

const remembered: Part<StoredRecord> = { name: "remembered", columns: recordColumns, sql: insert }

/**
 * Records in the place of expired ones, unless another transaction has replaced them in the meantime. An expired record may
 * have been deleted since it was loaded, and is not missed.
 */
const renewed: Part<StoredRecord> = {
  name: "renewed",
  columns: recordColumns,
  mustFindAll: true,
  sql: (s, rows) => `${insert(s, rows)}
  ON CONFLICT (key, operation, principal) DO UPDATE SET fingerprint = excluded.fingerprint,
    request_id = excluded.request_id, registration_id = excluded.registration_id, answer = excluded.answer,
    created_at = excluded.created_at, expires_at = excluded.expires_at
  WHERE i.expires_at <= excluded.created_at RETURNING 1`
}

export const choose = (chosen: Chosen, { idempotency }: Changes): void => {
  const records = idempotency.map(({ record, renews }) => ({ record, renews, ...fromAnswer(record.answer) }))
  chosen.add(
    remembered,
    records.filter((row) => !row.renews)
  )
  chosen.add(
    renewed,
    records.filter((row) => row.renews)
  )
}
