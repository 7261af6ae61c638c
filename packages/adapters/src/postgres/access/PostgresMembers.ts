/**
 * Members on Postgres and PGlite.
 *
 * Guarantees: a change and its entry in the audit log are one transaction. Changes of the members of one organization wait for one
 * another by the lock of its row, which holds up neither reads nor new events; the owners are read after that, and locked as well, so
 * that a change is decided by the owners that there are.
 */
import {
  type LastOwner,
  type Member,
  MemberExists,
  MemberId,
  type MemberName,
  MemberNotFound,
  refusal,
  strongest
} from "@turnout/core/access/domain/Member"
import { type MayNotGive, MemberRole } from "@turnout/core/access/domain/policy/Role"
import { read, type Subject, textOf } from "@turnout/core/access/domain/Subject"
import { type By, MemberStore } from "@turnout/core/access/ports/MemberStore"
import { OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate } from "../admission/Rows.ts"
import { transact } from "../client/InTransaction.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { textArray } from "../statements/ArrayLiteral.ts"
import { by, entry } from "./PostgresAuditLog.ts"

interface MemberRow {
  readonly id: string
  readonly organization_id: string
  readonly subject: string
  readonly role: string
  readonly added_at: Time
  readonly changed_at: Time
}

type MembershipRow = Pick<MemberRow, "organization_id" | "role">

const toMembership = ({ organization_id, role }: MembershipRow) => ({
  organizationId: OrganizationId.make(organization_id),
  role: MemberRole.make(role as MemberRole)
})

const toMember = (row: MemberRow): Member => ({
  id: MemberId.make(row.id),
  ...toMembership(row),
  subject: read(row.subject)!,
  addedAt: toDate(row.added_at),
  changedAt: toDate(row.changed_at)
})

const COLUMNS = "id, organization_id, subject, role, added_at, changed_at"
const TOLD = { organization: "organization_id", member: "id", subject: "subject", role: "role" }

/** The entry of a change of a member. */
const noted = (s: string, action: string, further: Readonly<Record<string, string>> = {}) =>
  entry(s, {
    by: "$2",
    action,
    details: { ...TOLD, ...further },
    resource: ["member", "id"],
    organization: "organization_id",
    from: "written"
  })

const statements = (s: string) => ({
  add: `WITH written AS (
  INSERT INTO ${s}.members (id, organization_id, subject, role)
  SELECT $1::uuid, $3::uuid, $4::text, $5::text
  WHERE EXISTS (SELECT FROM ${s}.organizations WHERE id = $3::uuid)
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}
), noted AS (
  ${noted(s, "members.add")}
)
SELECT ${COLUMNS} FROM written`,
  organization: `SELECT id FROM ${s}.organizations WHERE id = $1::uuid`,
  // It lets the checks of foreign keys through.
  lock: `SELECT id FROM ${s}.organizations WHERE id = $1::uuid FOR NO KEY UPDATE`,
  /** The member, and one other owner. */
  concerned: `SELECT ${COLUMNS} FROM ${s}.members
WHERE organization_id = $1::uuid AND (id = $2::uuid OR role = 'owner')
ORDER BY id <> $2::uuid LIMIT 2 FOR UPDATE`,
  change: `WITH written AS (
  UPDATE ${s}.members SET role = $4::text, changed_at = clock_timestamp() WHERE id = $1::uuid RETURNING ${COLUMNS}
), noted AS (
  ${noted(s, "members.change", { before: "$3::text" })}
)
SELECT ${COLUMNS} FROM written`,
  remove: `WITH written AS (
  DELETE FROM ${s}.members WHERE id = $1::uuid RETURNING ${COLUMNS}
), noted AS (
  ${noted(s, "members.remove")}
)
SELECT ${COLUMNS} FROM written`,
  byId: `SELECT ${COLUMNS} FROM ${s}.members WHERE organization_id = $1::uuid AND id = $2::uuid`,
  bySubject: `SELECT ${COLUMNS} FROM ${s}.members WHERE organization_id = $1::uuid AND subject = $2::text`,
  list: `SELECT ${COLUMNS} FROM ${s}.members
WHERE organization_id = $1::uuid AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3::integer`,
  memberships: `SELECT organization_id, role FROM ${s}.members WHERE subject = ANY($1::text[])`
})

type Refused = MemberNotFound | MayNotGive | LastOwner

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const of = statements(quote(schema))
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)

  const find = (organizationId: OrganizationId, name: MemberName): Effect.Effect<Member | undefined, StoreError> => {
    const found =
      "id" in name
        ? query<MemberRow>(of.byId, [organizationId, name.id])
        : query<MemberRow>(of.bySubject, [organizationId, textOf(name.subject)])
    return Effect.map(found, ([row]) => (row === undefined ? undefined : toMember(row)))
  }

  /** Gives a member another role, or takes it away (`null`), if nothing speaks against it. */
  const change = (organizationId: OrganizationId, id: MemberId, role: MemberRole | null, { givable, who }: By) =>
    Effect.flatMap(
      transact<Result.Result<Member, Refused>, never, never>(
        sql,
        Effect.fnUntraced(function* (run) {
          yield* run(of.lock, [organizationId])
          const found = (yield* run<MemberRow>(of.concerned, [organizationId, id])).map(toMember)
          const member = found.find((one) => one.id === id)
          if (member === undefined) return Result.fail(new MemberNotFound({ organization: organizationId, member: id }))
          const hasOtherOwner = found.some((one) => one.id !== id)
          const refused = refusal(member, role, { givable, hasOtherOwner })
          if (refused !== undefined) return Result.fail(refused)
          if (member.role === role) return Result.succeed(member)
          const said = yield* by(who)
          const [row] =
            role === null
              ? yield* run<MemberRow>(of.remove, [id, said])
              : yield* run<MemberRow>(of.change, [id, said, member.role, role])
          return Result.succeed(toMember(row!))
        }),
        Query.onceFailed
      ),
      Effect.fromResult
    )

  return MemberStore.of({
    add: Effect.fnUntraced(function* ({ id, organizationId, role, subject }, who) {
      const text = textOf(subject)
      const [row] = yield* repeatable<MemberRow>(of.add, [id, yield* by(who), organizationId, text, role])
      if (row !== undefined) return toMember(row)
      // There is one if it was written before the connection was lost.
      const known = yield* find(organizationId, { id })
      if (known !== undefined) return known
      const [organization] = yield* query(of.organization, [organizationId])
      return organization === undefined
        ? yield* new OrganizationNotFound({ organization: organizationId })
        : yield* new MemberExists({ organization: organizationId, subject: text })
    }),
    changeRole: change,
    remove: (organizationId, id, by) => change(organizationId, id, null, by),
    find,
    list: (organizationId, { after, limit }) =>
      Effect.map(query<MemberRow>(of.list, [organizationId, after, limit]), (rows) => rows.map(toMember)),
    membershipsOf: (subjects: ReadonlyArray<Subject>) =>
      Effect.map(query<MembershipRow>(of.memberships, [textArray(subjects, textOf)]), (rows) =>
        strongest(rows.map(toMembership))
      )
  })
})

/** Members on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<MemberStore, never, SqlClient.SqlClient> =>
  Layer.effect(MemberStore, make(options))
