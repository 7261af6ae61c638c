/**
 * Exports of the audit trail as text (`TextExport`): CSV for spreadsheets, and JSON lines for programs. Both have the entries of the list,
 * in its order. In CSV, an entry has its details as JSON.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "../../../kernel/application/InvalidInput.ts"
import * as TextExport from "../../../kernel/application/TextExport.ts"
import { toText } from "../../../kernel/domain/Instant.ts"
import { MAX_LIMIT } from "../../../kernel/domain/Page.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { AuditEntry } from "../../domain/audit/AuditEntry.ts"
import type { AuditQuery } from "../../domain/audit/AuditQuery.ts"
import { AuditStore } from "../../ports/AuditStore.ts"
import * as Audit from "./Audit.ts"

export type Format = "csv" | "jsonl"

/** The errors of an export, before its first text and in the middle. */
export type ExportError = InvalidInput | StoreError

/** The text of an export, a piece for each entry; the first piece of CSV is the header. */
export type Export = Stream.Stream<string, ExportError>

const COLUMNS: TextExport.Columns<AuditEntry> = {
  at: ({ at }) => toText(at),
  who: ({ who }) => who,
  action: ({ action }) => action,
  resource: ({ resource }) => resource ?? "",
  organization_id: ({ organizationId }) => organizationId ?? "",
  outcome: ({ outcome }) => outcome,
  credential: ({ credential }) => credential ?? "",
  address: ({ address }) => address ?? "",
  user_agent: ({ userAgent }) => userAgent ?? "",
  request_id: ({ requestId }) => requestId ?? "",
  id: ({ id }) => id,
  details: ({ details }) => JSON.stringify(details)
}

const toLine = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(AuditEntry)))

/** Makes the export of what a query finds. */
export const make = Effect.fnUntraced(function* (
  format: Format,
  query: typeof AuditQuery.Encoded
): Effect.fn.Return<Export, ExportError, AuditStore> {
  const store = yield* AuditStore
  const entries = yield* TextExport.items((after: string | null) =>
    Effect.provideService(Audit.list(query, { after, limit: MAX_LIMIT }), AuditStore, store)
  )
  return format === "csv" ? TextExport.csv(entries, COLUMNS) : Stream.map(entries, (entry) => `${toLine(entry)}\n`)
})
