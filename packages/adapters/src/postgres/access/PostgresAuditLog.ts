/**
 * The audit log on Postgres and PGlite.
 *
 * Every entry is written by one of the two statements that are made here: by that of `note`, or as a part of the statement that
 * carries out a decision, see `entry`.
 */
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as Query from "../client/Query.ts"
import { type Time, toDate } from "../admission/Rows.ts"

const into = (s: string): string => `INSERT INTO ${s}.audit_log (who, action, details)`

/** The parts of a decision's entry. All but the action are SQL. */
export interface Entry {
  readonly who: string
  /** The action, such as `outbox.skip`. */
  readonly action: string
  /** The details by their names, in order. */
  readonly details: Readonly<Record<string, string>>
  /** The rows for each of which one entry is written; without them, one entry is. */
  readonly from?: string
}

/** The statement that writes the entries of a decision into the log of a schema, given as a quoted identifier. */
export const entry = (s: string, { action, details, from, who }: Entry): string => {
  const document = Object.entries(details).map(([name, value]) => `'${name}', ${value}`)
  return `${into(s)}
  SELECT ${who}, '${action}', json_build_object(${document.join(", ")})${from === undefined ? "" : ` FROM ${from}`}`
}

interface EntryRow {
  readonly id: bigint
  readonly at: Time
  readonly who: string
  readonly action: string
  readonly details: Record<string, unknown>
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = {
    note: `${into(s)} VALUES ($1, $2, $3::json)`,
    list: `SELECT id, at, who, action, details FROM ${s}.audit_log
WHERE $1::bigint IS NULL OR id < $1::bigint ORDER BY id DESC LIMIT $2::integer`
  }
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)

  return AuditLog.of({
    note: (who, action, details) => Effect.asVoid(once(statements.note, [who, action, JSON.stringify(details)])),
    list: ({ after, limit }) =>
      Effect.map(query<EntryRow>(statements.list, [after, limit]), (rows) =>
        rows.map((row) => ({ ...row, id: Number(row.id), at: toDate(row.at) }))
      )
  })
})

/** The audit log on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<AuditLog, never, SqlClient.SqlClient> =>
  Layer.effect(AuditLog, make(options))
