/**
 * Organizations on Postgres and PGlite.
 *
 * Guarantees: a change and its entry in the audit log are one statement. Changes wait for one another, so that no two organizations
 * get one short name; they hold up neither reads nor new events.
 */
import { type Organization, type OrganizationName, SlugTaken } from "@turnout/core/access/domain/Organization"
import { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate } from "../admission/Rows.ts"
import { transact } from "../client/InTransaction.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { by, entry } from "./PostgresAuditLog.ts"

interface OrganizationRow {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly created_at: Time
}

const toOrganization = ({ created_at, id, name, slug }: OrganizationRow): Organization => ({
  id: OrganizationId.make(id),
  slug,
  name,
  createdAt: toDate(created_at)
})

const COLUMNS = "id, slug, name, created_at"

const written = (s: string, action: string) =>
  entry(s, {
    by: "$2",
    action,
    details: { organization: "id", slug: "slug", name: "name" },
    resource: ["organization", "id"],
    organization: "id",
    from: "written"
  })

const statements = (s: string) => ({
  lock: `LOCK TABLE ${s}.organizations IN SHARE ROW EXCLUSIVE MODE`,
  create: `WITH written AS (
  INSERT INTO ${s}.organizations (id, slug, name) VALUES ($1::uuid, $3::text, $4::text)
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}
), noted AS (
  ${written(s, "organizations.create")}
)
SELECT ${COLUMNS} FROM written`,
  update: `WITH written AS (
  UPDATE ${s}.organizations o SET slug = coalesce($3::text, slug), name = coalesce($4::text, name)
  WHERE id = $1::uuid AND (coalesce($3::text, slug), coalesce($4::text, name)) IS DISTINCT FROM (slug, name)
    AND NOT EXISTS (SELECT FROM ${s}.organizations other WHERE other.slug = $3::text AND other.id <> o.id)
  RETURNING ${COLUMNS}
), noted AS (
  ${written(s, "organizations.update")}
)
SELECT ${COLUMNS} FROM written`,
  byId: `SELECT ${COLUMNS} FROM ${s}.organizations WHERE id = $1::uuid`,
  bySlug: `SELECT ${COLUMNS} FROM ${s}.organizations WHERE slug = $1::text`,
  list: `SELECT ${COLUMNS} FROM ${s}.organizations
WHERE $1::text IS NULL OR slug > $1::text ORDER BY slug LIMIT $2::integer`
})

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const { bySlug, byId, create, list, lock, update } = statements(quote(schema))
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)

  const find = (name: OrganizationName): Effect.Effect<Organization | undefined, StoreError> => {
    const found = "id" in name ? query<OrganizationRow>(byId, [name.id]) : query<OrganizationRow>(bySlug, [name.slug])
    return Effect.map(found, ([row]) => (row === undefined ? undefined : toOrganization(row)))
  }
  /** Changes an organization while nobody else changes any. */
  const change = (statement: string, parameters: ReadonlyArray<unknown>) =>
    transact<ReadonlyArray<OrganizationRow>, never, never>(
      sql,
      (run) => Effect.andThen(run(lock), run<OrganizationRow>(statement, parameters)),
      Query.onceFailed
    )

  return OrganizationStore.of({
    create: Effect.fnUntraced(function* (id, { name, slug }, who) {
      const [row] = yield* change(create, [id, yield* by(who), slug, name])
      // There is one if it was written before the connection was lost.
      const organization = row === undefined ? yield* find({ id }) : toOrganization(row)
      return organization ?? (yield* new SlugTaken({ slug }))
    }),
    find,
    list: ({ after, limit }) =>
      Effect.map(query<OrganizationRow>(list, [after, limit]), (rows) => rows.map(toOrganization)),
    update: Effect.fnUntraced(function* (id, changes, who) {
      const [row] = yield* change(update, [id, yield* by(who), changes.slug ?? null, changes.name ?? null])
      if (row !== undefined) return toOrganization(row)
      const now = yield* find({ id })
      if (now === undefined) return yield* new OrganizationNotFound({ organization: id })
      const { name = now.name, slug = now.slug } = changes
      return slug === now.slug && name === now.name ? now : yield* new SlugTaken({ slug })
    })
  })
})

/** Organizations on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<OrganizationStore, never, SqlClient.SqlClient> =>
  Layer.effect(OrganizationStore, make(options))
