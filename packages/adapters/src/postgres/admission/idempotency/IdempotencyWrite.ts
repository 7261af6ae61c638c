/**
 * Writing idempotency records: new ones, and those that replace expired ones.
 */
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Changes } from "@turnout/core/admission/domain/state/IdempotencyRows"
import { type Column, json, nullable, plain, quoted } from "../../statements/RowSource.ts"
import { type Chosen, type Part, placeOf, type Shared, time } from "../batch/WriteParts.ts"
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

const remembered: Part<StoredRecord> = {
  name: "remembered",
  columns: recordColumns,
  sql: (s, rows) => `INSERT INTO ${s}.idempotency (key, operation, principal, fingerprint, request_id, registration_id,
    created_at, expires_at, answer)
  SELECT t.key, t.operation, t.principal, t.fingerprint, coalesce(t.request_id, t.registration_id), t.registration_id,
    ${time("t.created_at")}, ${time("t.expires_at")}, t.answer::json
  FROM ${rows}`
}

/** Expired records that are replaced by new ones, unless another transaction has replaced them in the meantime. */
const renewed: Part<StoredRecord> = {
  name: "renewed",
  columns: recordColumns,
  mustFindAll: true,
  sql: (s, rows) => `UPDATE ${s}.idempotency i SET fingerprint = t.fingerprint,
    request_id = coalesce(t.request_id, t.registration_id), registration_id = t.registration_id,
    answer = t.answer::json, created_at = ${time("t.created_at")}, expires_at = ${time("t.expires_at")}
  FROM ${rows} ${placeOf(
    s,
    "idempotency",
    `f.key = t.key AND f.operation = t.operation AND f.principal = t.principal
    AND f.expires_at <= ${time("t.created_at")}`
  )}
  WHERE i.ctid = p.place RETURNING 1`
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
