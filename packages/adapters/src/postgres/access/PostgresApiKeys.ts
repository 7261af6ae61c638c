/**
 * API keys on Postgres and PGlite.
 *
 * Guarantees: a change and its entry in the audit log are one statement.
 */
import { type ApiKey, ApiKeyNotFound, ApiKeyNotReplaceable } from "@turnout/core/access/domain/credentials/ApiKey"
import { Role } from "@turnout/core/access/domain/policy/Role"
import { ApiKeyStore } from "@turnout/core/access/ports/ApiKeyStore"
import { OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { by, entry } from "./PostgresAuditLog.ts"

interface KeyRow {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly organization_id: string | null
  readonly created_at: Time
  readonly expires_at: Time | null
  readonly last_used_at: Time | null
  readonly revoked_at: Time | null
  readonly replaced_by: string | null
}

interface StoredRow extends KeyRow {
  readonly digest: string
  readonly valid_millis: number | null
}

const toKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  role: Role.make(row.role as Role),
  organizationId: row.organization_id === null ? null : OrganizationId.make(row.organization_id),
  createdAt: toDate(row.created_at),
  expiresAt: toDateOrNull(row.expires_at),
  lastUsedAt: toDateOrNull(row.last_used_at),
  revokedAt: toDateOrNull(row.revoked_at),
  replacedBy: row.replaced_by
})

const COLUMNS = "id, name, role, organization_id, created_at, expires_at, last_used_at, revoked_at, replaced_by"

/** For how long a key is valid still; milliseconds are rounded up, so that only a key that has ended has none left. */
const VALID_MILLIS = `CASE WHEN revoked_at IS NOT NULL THEN 0 WHEN expires_at IS NULL THEN NULL
  ELSE greatest(0, ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000)) END::float8`

const statements = (s: string) => ({
  create: `WITH written AS (
  INSERT INTO ${s}.api_keys (id, digest, name, role, organization_id, expires_at)
  SELECT $1::text, $3::text, $4::text, $5::text, $6::uuid, $7::timestamptz
  WHERE $6::uuid IS NULL OR EXISTS (SELECT FROM ${s}.organizations WHERE id = $6::uuid)
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}
), noted AS (
  ${entry(s, {
    by: "$2",
    action: "keys.create",
    details: { key: "id", name: "name", role: "role", organization: "organization_id" },
    resource: ["key", "id"],
    organization: "organization_id",
    from: "written"
  })}
)
SELECT ${COLUMNS} FROM written`,
  find: `SELECT ${COLUMNS}, digest, ${VALID_MILLIS} AS valid_millis FROM ${s}.api_keys WHERE id = $1::text`,
  list: (condition: string) => `SELECT ${COLUMNS} FROM ${s}.api_keys
WHERE ($1::text IS NULL OR id > $1::text) AND ${condition} ORDER BY id LIMIT $2::integer`,
  replace: `WITH replaced AS (
  UPDATE ${s}.api_keys SET replaced_by = $3::text,
    expires_at = least(expires_at, clock_timestamp() + $5::float8 * interval '1 millisecond')
  FROM (SELECT expires_at AS ends_at FROM ${s}.api_keys WHERE id = $1::text FOR UPDATE) before
  WHERE id = $1::text AND replaced_by IS NULL AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > clock_timestamp())
  RETURNING name, role, organization_id, ends_at
), written AS (
  INSERT INTO ${s}.api_keys (id, digest, name, role, organization_id, expires_at)
  SELECT $3::text, $4::text, name, role, organization_id, ends_at FROM replaced
  RETURNING ${COLUMNS}
), noted AS (
  ${entry(s, {
    by: "$2",
    action: "keys.replace",
    details: { key: "$1::text", by: "id" },
    resource: ["key", "$1::text"],
    organization: "organization_id",
    from: "written"
  })}
)
SELECT ${COLUMNS} FROM written`,
  revoke: `WITH written AS (
  UPDATE ${s}.api_keys SET revoked_at = clock_timestamp() WHERE id = $1::text AND revoked_at IS NULL RETURNING ${COLUMNS}
), noted AS (
  ${entry(s, {
    by: "$2",
    action: "keys.revoke",
    details: { key: "id" },
    resource: ["key", "id"],
    organization: "organization_id",
    from: "written"
  })}
)
SELECT ${COLUMNS} FROM written`,
  noteUsed: `UPDATE ${s}.api_keys SET last_used_at = date_trunc('hour', clock_timestamp(), 'UTC')
WHERE id = $1::text AND last_used_at IS DISTINCT FROM date_trunc('hour', clock_timestamp(), 'UTC')`
})

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const of = statements(quote(schema))
  const listOf = {
    all: of.list("true"),
    operators: of.list("organization_id IS NULL"),
    organization: of.list("organization_id = $3::uuid")
  }
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)

  const find = (id: string) =>
    Effect.map(query<StoredRow>(of.find, [id]), ([row]) =>
      row === undefined
        ? undefined
        : {
            key: toKey(row),
            digest: row.digest,
            validMillis: row.valid_millis === null ? null : Number(row.valid_millis)
          }
    )

  return ApiKeyStore.of({
    create: Effect.fnUntraced(function* ({ digest, expiresAt, id, name, organizationId, role }, who) {
      const said = yield* by(who)
      const [row] = yield* repeatable<KeyRow>(of.create, [id, said, digest, name, role, organizationId, expiresAt])
      if (row !== undefined) return toKey(row)
      // There is one if it was written before the connection was lost.
      const known = yield* find(id)
      return known === undefined ? yield* new OrganizationNotFound({ organization: String(organizationId) }) : known.key
    }),
    find,
    list: (keys, { after, limit }) => {
      const page = [after, limit]
      const rows =
        keys === "all"
          ? query<KeyRow>(listOf.all, page)
          : keys === null
            ? query<KeyRow>(listOf.operators, page)
            : query<KeyRow>(listOf.organization, [...page, keys])
      return Effect.map(rows, (found) => found.map(toKey))
    },
    replace: Effect.fnUntraced(function* (id, next, overlapMillis, who) {
      const said = yield* by(who)
      const [row] = yield* repeatable<KeyRow>(of.replace, [id, said, next.id, next.digest, overlapMillis])
      if (row !== undefined) return toKey(row)
      const stored = yield* find(id)
      if (stored === undefined) return yield* new ApiKeyNotFound({ id })
      const { replacedBy } = stored.key
      const known = replacedBy === next.id ? yield* find(next.id) : undefined
      return known === undefined ? yield* new ApiKeyNotReplaceable({ id, replacedBy }) : known.key
    }),
    revoke: Effect.fnUntraced(function* (id, who) {
      const [row] = yield* repeatable<KeyRow>(of.revoke, [id, yield* by(who)])
      if (row !== undefined) return toKey(row)
      const stored = yield* find(id)
      return stored === undefined ? yield* new ApiKeyNotFound({ id }) : stored.key
    }),
    noteUsed: (id) => Effect.asVoid(query(of.noteUsed, [id]))
  })
})

/** API keys on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<ApiKeyStore, never, SqlClient.SqlClient> =>
  Layer.effect(ApiKeyStore, make(options))
