/**
 * The audit log on Postgres and PGlite.
 *
 * Every entry of a decision is written by one of the two statements that are made here: by that of `note`, or as a part of the statement
 * that carries out the decision, see `entry`. What a process has noted is written by `PostgresAuditStore`.
 */
import { CurrentRequest } from "@turnout/core/access/application/audit/CurrentRequest"
import type { AuditOutcome } from "@turnout/core/access/domain/audit/AuditEntry"
import { AuditLog, type LoggedEntry } from "@turnout/core/access/ports/AuditLog"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as Query from "../client/Query.ts"
import { type Time, toDate } from "../admission/Rows.ts"

const into = (s: string): string =>
  `INSERT INTO ${s}.audit_log (who, request_id, credential, action, details, resource, organization_id)`

/**
 * The parameter that tells who has decided something, and in which request: what `entry` takes for `by`. It is JSON, from which `whoIn`
 * takes the principal. `otherwise` is the id of the request where there is none.
 */
export const by = (who: string, otherwise: string | null = null): Effect.Effect<string> =>
  Effect.map(CurrentRequest, ({ credential, id }) => JSON.stringify([who, id ?? otherwise, credential]))

/** The principal in a parameter that `by` has made, as SQL. */
export const whoIn = (parameter: string): string => `(${parameter}::json ->> 0)`

/** The principal, the request and the credential in such a parameter, as SQL. */
const partsOf = (parameter: string): string => [0, 1, 2].map((part) => `${parameter}::json ->> ${part}`).join(", ")

/** The parts of a decision's entry. All but the action are SQL. */
export interface Entry {
  /** The parameter that `by` has made. */
  readonly by: string
  /** The action, such as `outbox.skip`. */
  readonly action: string
  /** The details by their names, in order. */
  readonly details: Readonly<Record<string, string>>
  /** What it was done to: the kind, and its id. Default: nothing in particular. */
  readonly resource?: readonly [kind: string, id: string]
  /** The organization that it concerns. Default: none. */
  readonly organization?: string
  /** The rows for each of which one entry is written; without them, one entry is. */
  readonly from?: string
}

/** The statement that writes the entries of a decision into the log of a schema, given as a quoted identifier. */
export const entry = (s: string, { action, by, details, from, organization = "NULL", resource }: Entry): string => {
  const document = Object.entries(details).map(([name, value]) => `'${name}', ${value}`)
  const named = resource === undefined ? "NULL" : `'${resource[0]}:' || (${resource[1]})::text`
  return `${into(s)}
  SELECT ${partsOf(by)}, '${action}', json_build_object(${document.join(", ")}), ${named}, ${organization}::uuid${
    from === undefined ? "" : ` FROM ${from}`
  }`
}

/** The parts of an origin, all of them SQL. */
export interface Origin {
  /** The parameter that `by` has made, which has a request. */
  readonly by: string
  readonly address: string
  readonly userAgent: string
  /** The row for which the origin is written. */
  readonly from: string
}

const agreeing = (column: string): string =>
  `${column} = CASE WHEN o.${column} IS NOT DISTINCT FROM excluded.${column} THEN o.${column} END`

/** Of requests of one principal that were sent under one id, only that is kept in which they agree: clients choose the id. */
export const ONLY_WHAT_AGREES: string = `ON CONFLICT (request_id, who) DO UPDATE SET ${["credential", "address", "user_agent"].map(agreeing).join(", ")}`

/** The statement that writes down where a request came from. */
export const originOf = (s: string, { address, by, from, userAgent }: Origin): string =>
  `INSERT INTO ${s}.audit_origins AS o (who, request_id, credential, address, user_agent)
  SELECT ${partsOf(by)}, ${address}, ${userAgent} FROM ${from}
  WHERE ${address} IS NOT NULL OR ${userAgent} IS NOT NULL
  ${ONLY_WHAT_AGREES}`

interface EntryRow {
  readonly id: bigint
  readonly at: Time
  readonly who: string
  readonly action: string
  readonly details: Record<string, unknown>
  readonly resource: string | null
  readonly organization_id: string | null
  readonly outcome: string
  readonly request_id: string | null
  readonly credential: string | null
}

const toEntry = ({ at, credential, id, organization_id, outcome, request_id, ...row }: EntryRow): LoggedEntry => ({
  ...row,
  id: Number(id),
  at: toDate(at),
  organizationId: organization_id as OrganizationId | null,
  outcome: outcome as AuditOutcome,
  requestId: request_id,
  credential
})

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const statements = {
    note: `${into(s)} SELECT ${partsOf("$1")}, $2, $3::json, $4, $5::uuid`,
    list: `SELECT id, at, who, action, details, resource, organization_id, outcome, request_id, credential FROM ${s}.audit_log
WHERE $1::bigint IS NULL OR id < $1::bigint ORDER BY id DESC LIMIT $2::integer`
  }
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)

  return AuditLog.of({
    note: (who, action, details, { organizationId = null, resource = null } = {}) =>
      Effect.flatMap(by(who), (said) =>
        Effect.asVoid(once(statements.note, [said, action, JSON.stringify(details), resource, organizationId]))
      ),
    list: ({ after, limit }) =>
      Effect.map(query<EntryRow>(statements.list, [after, limit]), (rows) => rows.map(toEntry))
  })
})

/** The audit log on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<AuditLog, never, SqlClient.SqlClient> =>
  Layer.effect(AuditLog, make(options))
