/**
 * Sessions and sign-in links on Postgres and PGlite.
 *
 * Guarantees: a change and its entry in the audit log are one statement. Those who ask for a link for one address wait for one another.
 * A session begins under a lock of its person, so that it begins before a deactivation, which ends it, or not at all.
 */
import { nameInLog, PersonId } from "@turnout/core/access/domain/Person"
import {
  NOTED_MILLIS,
  PersonDeactivated,
  type Session,
  SESSION_MILLIS,
  SessionNotFound
} from "@turnout/core/access/domain/signIn/Session"
import { LINK_MILLIS, LinkRefused, MAX_LINKS } from "@turnout/core/access/domain/signIn/SignInLink"
import { type NewSignInLink, SessionStore } from "@turnout/core/access/ports/SessionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate } from "../admission/Rows.ts"
import { transact } from "../client/InTransaction.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as TableSweep from "../statements/TableSweep.ts"
import { by, entry, originOf } from "./PostgresAuditLog.ts"

interface SessionRow {
  readonly id: string
  readonly person_id: string
  readonly created_at: Time
  readonly last_used_at: Time
  readonly ends_at: Time
  readonly user_agent: string | null
  readonly address: string | null
}

interface LinkRow {
  readonly expires_at: Time
}

interface StoredRow extends SessionRow {
  readonly digest: string
  readonly valid_millis: number
}

const toSession = (row: SessionRow): Session => ({
  id: row.id,
  personId: PersonId.make(row.person_id),
  createdAt: toDate(row.created_at),
  lastUsedAt: toDate(row.last_used_at),
  endsAt: toDate(row.ends_at),
  userAgent: row.user_agent,
  address: row.address
})

const COLUMNS = "id, person_id, created_at, last_used_at, ends_at, user_agent, address"
const TOLD = { session: "id", person: "person_id" }

/** A moment so many milliseconds from now. */
const later = (millis: number): string => `clock_timestamp() + ${millis} * interval '1 millisecond'`

/** For how long a session is valid still; milliseconds are rounded up, so that only one that has ended has none left. */
const VALID_MILLIS = "greatest(0, ceil(extract(epoch FROM ends_at - clock_timestamp()) * 1000))::float8"

const ofLinks = (s: string) => ({
  lock: `SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))`,
  createLink: `INSERT INTO ${s}.sign_in_links (id, digest, address, expires_at)
SELECT $1::text, $2::text, $3::text, ${later(LINK_MILLIS)}
WHERE ${MAX_LINKS} > (
  SELECT count(*) FROM ${s}.sign_in_links WHERE address = $3::text AND expires_at > clock_timestamp()
)
RETURNING expires_at`,
  redeem: `UPDATE ${s}.sign_in_links SET used_at = clock_timestamp()
WHERE id = $1::text AND digest = $2::text AND used_at IS NULL AND expires_at > clock_timestamp()
RETURNING address`
})

const ofSessions = (s: string) => ({
  create: `WITH person AS (
  SELECT id FROM ${s}.people WHERE id = $4::uuid AND deactivated_at IS NULL FOR SHARE
), written AS (
  INSERT INTO ${s}.sessions (id, digest, person_id, user_agent, address, ends_at)
  SELECT $1::text, $3::text, id, $5::text, $6::text, ${later(SESSION_MILLIS)} FROM person
  ON CONFLICT DO NOTHING RETURNING ${COLUMNS}
), noted AS (
  ${entry(s, { by: "$2", action: "sessions.create", details: TOLD, resource: ["session", "id"], from: "written" })}
), kept AS (
  ${originOf(s, { by: "$2", address: "$6::text", userAgent: "$5::text", from: "written" })}
)
SELECT ${COLUMNS} FROM written`,
  find: `SELECT ${COLUMNS}, digest, ${VALID_MILLIS} AS valid_millis FROM ${s}.sessions WHERE id = $1::text`,
  noteUsed: `UPDATE ${s}.sessions SET last_used_at = clock_timestamp(), ends_at = ${later(SESSION_MILLIS)}
WHERE id = $1::text AND ends_at > clock_timestamp() AND last_used_at <= ${later(-NOTED_MILLIS)}`,
  list: `SELECT ${COLUMNS} FROM ${s}.sessions
WHERE person_id = $1::uuid AND ends_at > clock_timestamp() AND ($2::text IS NULL OR id > $2::text)
ORDER BY id LIMIT $3::integer`,
  end: `WITH ended AS (
  UPDATE ${s}.sessions SET ends_at = clock_timestamp()
  WHERE id = $1::text AND person_id = $3::uuid AND ends_at > clock_timestamp() RETURNING id, person_id
), noted AS (
  ${entry(s, { by: "$2", action: "sessions.end", details: TOLD, resource: ["session", "id"], from: "ended" })}
)
SELECT id FROM ${s}.sessions WHERE id = $1::text AND person_id = $3::uuid`,
  endAll: `WITH ended AS (
  UPDATE ${s}.sessions SET ends_at = clock_timestamp()
  WHERE person_id = $1::uuid AND ends_at > clock_timestamp() RETURNING id
), counted AS (
  SELECT count(*)::integer AS count FROM ended
), noted AS (
  ${entry(s, {
    by: "$2",
    action: "sessions.endAll",
    details: { person: "$1::uuid", sessions: "count" },
    resource: ["person", "$1::uuid"],
    from: "counted WHERE count > 0"
  })}
)
SELECT count FROM counted`
})

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const s = quote(schema)
  const of = { ...ofLinks(s), ...ofSessions(s) }
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const once = Query.makeOnce(sql)
  const repeatable = Query.makeRepeatable(sql)
  const sweep = Query.makePlannedAnew(sql)
  const sweepSessions = TableSweep.make(sweep, `${s}.sessions`, "t.ends_at <= clock_timestamp()")
  const sweepLinks = TableSweep.make(sweep, `${s}.sign_in_links`, "t.expires_at <= clock_timestamp()")

  const find = (id: string) =>
    Effect.map(query<StoredRow>(of.find, [id]), ([row]) =>
      row === undefined
        ? undefined
        : { session: toSession(row), digest: row.digest, validMillis: Number(row.valid_millis) }
    )
  const createLink = ({ address, digest, id }: NewSignInLink) =>
    transact<ReadonlyArray<LinkRow>, never, never>(
      sql,
      (run) => Effect.andThen(run(of.lock, [`${s} ${address}`]), run<LinkRow>(of.createLink, [id, digest, address])),
      Query.onceFailed
    )

  return SessionStore.of({
    createLink: (link) => Effect.map(createLink(link), ([row]) => row && toDate(row.expires_at)),
    redeem: Effect.fnUntraced(function* (id, digest) {
      const [row] = yield* once<{ readonly address: string }>(of.redeem, [id, digest])
      return row === undefined ? yield* new LinkRefused() : row.address
    }),
    create: Effect.fnUntraced(function* ({ address, digest, id, personId, userAgent }) {
      const said = yield* by(nameInLog(personId), `session:${id}`)
      const parameters = [id, said, digest, personId, userAgent, address]
      const [row] = yield* repeatable<SessionRow>(of.create, parameters)
      if (row !== undefined) return toSession(row)
      // There is one if it was written before the connection was lost.
      const known = yield* find(id)
      return known === undefined ? yield* new PersonDeactivated({ id: personId }) : known.session
    }),
    find,
    noteUsed: (id) => Effect.asVoid(query(of.noteUsed, [id])),
    list: (personId, { after, limit }) =>
      Effect.map(query<SessionRow>(of.list, [personId, after, limit]), (rows) => rows.map(toSession)),
    end: Effect.fnUntraced(function* (id, personId, who) {
      const [row] = yield* repeatable(of.end, [id, yield* by(who), personId])
      if (row === undefined) return yield* new SessionNotFound({ id })
    }),
    endAll: (personId, who) =>
      Effect.flatMap(by(who), (said) =>
        Effect.map(once<{ readonly count: number }>(of.endAll, [personId, said]), ([row]) => row!.count)
      ),
    forgetSessions: sweepSessions([]),
    forgetLinks: sweepLinks([])
  })
})

/** Sessions and links on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<SessionStore, never, SqlClient.SqlClient> =>
  Layer.effect(SessionStore, make(options))
