/**
 * Exports of the audit trail as text: CSV for spreadsheets, and JSON lines for programs. Both have the entries of the list, in its order.
 *
 * An export is read page by page as its reader takes it, and holds one page in memory. Its first page is read before it begins. A later
 * failure of the store ends the text with that failure, and never as if it were complete.
 *
 * The CSV is as in RFC 4180, in UTF-8 with a byte order mark, without which Excel reads it in the encoding of its machine. No cell is a
 * formula (`SpreadsheetCell`). An entry has the details as JSON.
 */
import { Csv } from "effect/encoding"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "../../../kernel/application/InvalidInput.ts"
import { toText } from "../../../kernel/domain/Instant.ts"
import { MAX_LIMIT, type PageByKey } from "../../../kernel/domain/Page.ts"
import * as SpreadsheetCell from "../../../kernel/domain/text/SpreadsheetCell.ts"
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

const BYTE_ORDER_MARK = "\uFEFF"

/** The columns, each with its value. */
const COLUMNS = {
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
} satisfies Readonly<Record<string, (entry: AuditEntry) => string>>

export const columns: ReadonlyArray<string> = Object.keys(COLUMNS)

const toRow = (entry: AuditEntry): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(COLUMNS).map(([column, of]) => [column, SpreadsheetCell.guarded(of(entry))]))

const toLine = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(AuditEntry)))

const inCsv = (entries: Stream.Stream<AuditEntry, ExportError>): Export =>
  Stream.map(entries, toRow).pipe(
    Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: true })),
    Stream.mapArray((records, index) => (index === 0 ? [BYTE_ORDER_MARK + records[0], ...records.slice(1)] : records))
  )

/** Makes the export of what a query finds. */
export const make = Effect.fnUntraced(function* (
  format: Format,
  query: typeof AuditQuery.Encoded
): Effect.fn.Return<Export, ExportError, AuditStore> {
  const store = yield* AuditStore
  const read = (after: string | null) =>
    Effect.provideService(Audit.list(query, { after, limit: MAX_LIMIT }), AuditStore, store)
  const first = yield* read(null)
  const entries = Stream.paginate<Effect.Effect<PageByKey<AuditEntry, string>, ExportError>, AuditEntry, ExportError>(
    Effect.succeed(first),
    (page) =>
      Effect.map(page, ({ items, next }) => [
        items,
        next === null ? Option.none() : Option.some(Effect.suspend(() => read(next)))
      ])
  )
  return format === "csv" ? inCsv(entries) : Stream.map(entries, (entry) => `${toLine(entry)}\n`)
})
