/**
 * The audit trail on Postgres and PGlite.
 *
 * Guarantees: a stretch costs a bounded number of statements, each of which reads a bounded number of entries. What a process has noted is
 * one statement.
 */
import {
  type AuditEntry,
  type AuditOutcome,
  eventResource,
  registrationResource
} from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import type { Stretch } from "@turnout/core/access/domain/audit/Stretch"
import { AuditStore, type LogPlace, type Noted, ORIGIN_MILLIS } from "@turnout/core/access/ports/AuditStore"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate } from "../../admission/Rows.ts"
import * as Query from "../../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../../schema/SchemaName.ts"
import * as TableSweep from "../../statements/TableSweep.ts"
import { ONLY_WHAT_AGREES } from "../PostgresAuditLog.ts"
import * as JournalStretches from "./JournalStretches.ts"
import * as LogStretches from "./LogStretches.ts"

interface OriginColumns {
  readonly address: string | null
  readonly user_agent: string | null
}

/** What a statement returns that finds entries: those, or one row without any. */
type Found<Edge, Row> = Edge & (Row | { readonly [Column in keyof Row]: null })

const isFound = <Edge, Row extends { readonly id: unknown }>(row: Found<Edge, Row>): row is Edge & Row =>
  row.id !== null

interface LogRow extends OriginColumns {
  readonly id: bigint
  readonly at: Time
  readonly who: string
  readonly action: string
  readonly resource: string | null
  readonly organization_id: string | null
  readonly outcome: string
  readonly request_id: string | null
  readonly used: string | null
  readonly details: Record<string, unknown>
}
type LogEdge =
  | { readonly seen: number; readonly edge: bigint; readonly edge_at: Time }
  | { readonly seen: 0; readonly edge: null; readonly edge_at: null }

const ofLog = (row: LogRow): AuditEntry => ({
  id: `log:${row.id}`,
  at: toDate(row.at),
  who: row.who,
  action: row.action,
  resource: row.resource,
  organizationId: row.organization_id as OrganizationId | null,
  outcome: row.outcome as AuditOutcome,
  credential: row.used,
  requestId: row.request_id,
  address: row.address,
  userAgent: row.user_agent,
  details: row.details
})

interface JournalRow extends OriginColumns {
  readonly place: bigint
  readonly event_id: string
  readonly version: bigint
  readonly id: string
  readonly type: string
  readonly actor: string
  readonly correlation_id: string | null
  readonly occurred_at: Time
  readonly organization_id: string
  readonly registration_id: string | null
  readonly credential: string | null
}
interface JournalEdge {
  readonly edge_at: Time | null
}

const ofJournal = (row: JournalRow): AuditEntry => ({
  id: `journal:${row.id}`,
  at: toDate(row.occurred_at),
  who: row.actor,
  action: row.type,
  resource: row.registration_id === null ? eventResource(row.event_id) : registrationResource(row.registration_id),
  organizationId: row.organization_id as OrganizationId,
  outcome: "done",
  credential: row.credential,
  requestId: row.correlation_id,
  address: row.address,
  userAgent: row.user_agent,
  details: { event: row.event_id, version: Number(row.version) }
})

/** The value of a column of some rows if they agree in it. */
const agreed = (column: string): string =>
  `CASE WHEN count(DISTINCT coalesce(${column}, '')) = 1 THEN min(${column}) END`

const write = (s: string): string => `WITH noted AS (
  INSERT INTO ${s}.audit_log (at, who, action, details, request_id, credential, organization_id, resource, outcome)
  SELECT date_trunc('milliseconds', clock_timestamp() - n."ageMillis" * interval '1 millisecond'),
    n.who, n.action, n.details, n."requestId", n.credential, n."organizationId", n.resource, n.outcome
  FROM ROWS FROM (json_to_recordset($1::json) AS ("ageMillis" float8, who text, action text, details json, "requestId" text,
    credential text, "organizationId" uuid, resource text, outcome text)) WITH ORDINALITY
    AS n("ageMillis", who, action, details, "requestId", credential, "organizationId", resource, outcome, number)
  ORDER BY n.number
)
INSERT INTO ${s}.audit_origins AS o (request_id, who, credential, address, user_agent)
SELECT n."requestId", n.who, ${["n.credential", "n.address", 'n."userAgent"'].map(agreed).join(", ")}
FROM json_to_recordset($2::json) AS n("requestId" text, who text, credential text, address text, "userAgent" text)
GROUP BY n."requestId", n.who
${ONLY_WHAT_AGREES}`

const EMPTY: Stretch<never> = { entries: [], looked: null }

/** The journal, read backwards. */
const journalOf = (s: string, query: Query.Query): AuditStore["Service"]["journal"] => {
  const lastStatement = JournalStretches.last(s)
  const isUuid = Schema.is(Uuid)

  const last = (down: number) =>
    Effect.map(
      query<{ readonly seq: bigint; readonly occurred_at: Time }>(lastStatement, [down]),
      ([row]) => row && { seq: Number(row.seq), at: toDate(row.occurred_at).getTime() }
    )
  /** The number from which on an entry can be before a time: found by halves, since the journal has no index by time. */
  const before = Effect.fnUntraced(function* (time: Date): Effect.fn.Return<number, StoreError> {
    const limit = time.getTime() + JournalStretches.SLACK_MILLIS
    let high = (yield* last(Number.MAX_SAFE_INTEGER))?.seq ?? 0
    let low = 0
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const found = yield* last(middle)
      if (found === undefined || found.at < limit) low = middle
      else high = found.seq - 1
    }
    return low
  })
  /** The stream that a query is about: that of its event, or of the event of its registration, if it is there still. */
  const streamOf = Effect.fnUntraced(function* ({ resource }: AuditQuery) {
    const [kind, id] = resource?.split(/:(.*)/s) ?? []
    if (kind === undefined) return { isAny: true as const }
    if (!isUuid(id)) return { isAny: false as const, stream: undefined }
    if (kind === "event") return { isAny: false as const, stream: id as string }
    const [row] = yield* query<{ event_id: string }>(`SELECT event_id FROM ${s}.registrations WHERE id = $1::uuid`, [
      id
    ])
    return row === undefined ? { isAny: true as const } : { isAny: false as const, stream: row.event_id }
  })
  /** The first place of the windows. */
  const startOf = (asked: AuditQuery, stream: string | undefined) => {
    if (stream === undefined && asked.until !== undefined) return before(asked.until)
    if (stream === undefined) return Effect.map(last(Number.MAX_SAFE_INTEGER), (row) => row?.seq ?? 0)
    const highest = `SELECT max(version) AS version FROM ${s}.journal WHERE event_id = $1::uuid`
    return Effect.map(query<{ version: bigint | null }>(highest, [stream]), ([row]) => Number(row!.version ?? 0))
  }

  return Effect.fnUntraced(function* (asked, after, limit) {
    const about = yield* streamOf(asked)
    const stream = about.isAny ? undefined : about.stream
    if (!about.isAny && stream === undefined) return EMPTY
    let down = after === null ? yield* startOf(asked, stream) : after - 1
    const earliest = asked.from === undefined ? -Infinity : asked.from.getTime() - JournalStretches.SLACK_MILLIS
    const entries: Array<{ readonly place: number; readonly entry: AuditEntry }> = []
    let at = new Date(0)
    for (const length of JournalStretches.WINDOWS) {
      // Numbers that were never used, and entries that were pruned, are skipped.
      if (stream === undefined) down = (yield* last(down))?.seq ?? 0
      if (down <= 0) return { entries, looked: null }
      const window = stream === undefined ? { down, length } : { down, length, stream }
      const { parameters, text } = JournalStretches.reading(s, asked, window, limit - entries.length)
      const rows = yield* query<Found<JournalEdge, JournalRow>>(text, parameters)
      const found = rows.filter(isFound)
      entries.push(...found.map((row) => ({ place: Number(row.place), entry: ofJournal(row) })))
      if (entries.length >= limit) {
        const { entry, place } = entries.at(-1)!
        return { entries, looked: { place, at: entry.at } }
      }
      const edge = rows[0]?.edge_at
      if (edge !== null && edge !== undefined) at = toDate(edge)
      down -= length
      if (down <= 0 || at.getTime() < earliest) return { entries, looked: null }
    }
    return { entries, looked: { place: down + 1, at } }
  })
}

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const s = quote(schema)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)
  const written = write(s)
  const old = `t.at <= clock_timestamp() - ${ORIGIN_MILLIS} * interval '1 millisecond'`
  const sweep = TableSweep.make(Query.makePlannedAnew(sql), `${s}.audit_origins`, old)

  return AuditStore.of({
    log: Effect.fnUntraced(function* (asked, after, limit): Effect.fn.Return<Stretch<LogPlace>, StoreError> {
      const { parameters, text, window } = LogStretches.reading(s, asked, after, limit)
      const rows = yield* query<Found<LogEdge, LogRow>>(text, parameters)
      const entries = rows.filter(isFound).map((row) => {
        const entry = ofLog(row)
        return { entry, place: { at: entry.at, id: Number(row.id) } }
      })
      const last = entries.at(-1)
      if (entries.length >= limit) return { entries, looked: { place: last!.place, at: last!.place.at } }
      const [row] = rows
      if (row === undefined || row.edge === null || row.seen < window) return { entries, looked: null }
      const at = toDate(row.edge_at)
      return { entries, looked: { place: { at, id: Number(row.edge) }, at } }
    }),
    journal: journalOf(s, query),
    write: (noted: ReadonlyArray<Noted>, origins) =>
      Effect.asVoid(once(written, [JSON.stringify(noted), JSON.stringify(origins)])),
    forgetOrigins: sweep([])
  })
})

/** The audit trail on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<AuditStore, never, SqlClient.SqlClient> =>
  Layer.effect(AuditStore, make(options))
