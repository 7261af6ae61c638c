/**
 * People on Postgres and PGlite.
 *
 * Guarantees: a change and its entry in the audit log are one transaction. Those who sign in with something new wait for one another,
 * and what is new is decided again by what is there then, so that no two people get one identity or one address. They hold up no
 * reads, and so nobody who is known. A person who is deactivated is locked before the sessions and the attendee links are ended, so that
 * no session begins at the same moment and is missed.
 */
import { nameInLog, type Person, PersonId, PersonNotFound, principalOf } from "@turnout/core/access/domain/Person"
import { findAmong, isKnown, type Joined, join, type SignedIn } from "@turnout/core/access/domain/signIn/Joining"
import { type Identity, textOfIdentity } from "@turnout/core/access/domain/Subject"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"
import { type Run, transact } from "../client/InTransaction.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { by, entry } from "./PostgresAuditLog.ts"

interface PersonRow {
  readonly id: string
  readonly name: string | null
  readonly created_at: Time
  readonly deactivated_at: Time | null
  readonly addresses: ReadonlyArray<string>
  readonly identities: ReadonlyArray<Identity>
}

const toPerson = (row: PersonRow): Person => ({
  id: PersonId.make(row.id),
  name: row.name,
  addresses: row.addresses,
  identities: row.identities,
  createdAt: toDate(row.created_at),
  deactivatedAt: toDateOrNull(row.deactivated_at)
})

const statements = (s: string) => {
  const people = `SELECT p.id, p.name, p.created_at, p.deactivated_at,
  (SELECT coalesce(json_agg(a.address ORDER BY a.number), '[]')
    FROM ${s}.person_addresses a WHERE a.person_id = p.id) AS addresses,
  (SELECT coalesce(json_agg(json_build_object('issuer', i.issuer, 'subject', i.subject) ORDER BY i.number), '[]')
    FROM ${s}.person_identities i WHERE i.person_id = p.id) AS identities
FROM ${s}.people p`
  const setActive = (action: string, change: string, condition: string) => `WITH written AS (
  UPDATE ${s}.people SET deactivated_at = ${change} WHERE id = $1::uuid AND deactivated_at IS ${condition} RETURNING id
), noted AS (
  ${entry(s, { by: "$2", action, details: { person: "id" }, resource: ["person", "id"], from: "written" })}
)
SELECT id FROM written`
  return {
    byId: `${people} WHERE p.id = $1::uuid`,
    known: `${people} WHERE p.id = ANY(ARRAY(
  SELECT person_id FROM ${s}.person_identities WHERE issuer = $1::text AND subject = $2::text
  UNION ALL SELECT person_id FROM ${s}.person_addresses WHERE address = $3::text
))`,
    lock: `LOCK TABLE ${s}.people IN SHARE ROW EXCLUSIVE MODE`,
    join: `WITH person AS (
  INSERT INTO ${s}.people AS p (id, name) VALUES ($1::uuid, $3::text)
  ON CONFLICT (id) DO UPDATE SET name = coalesce(p.name, excluded.name)
), address AS (
  INSERT INTO ${s}.person_addresses AS a (address, person_id) SELECT $6::text, $1::uuid WHERE $6::text IS NOT NULL
  ON CONFLICT (address) DO UPDATE SET person_id = excluded.person_id, number = DEFAULT
), identity AS (
  INSERT INTO ${s}.person_identities (issuer, subject, person_id)
  SELECT $4::text, $5::text, $1::uuid WHERE $4::text IS NOT NULL
)
${entry(s, {
  by: "$2",
  action: "people.join",
  resource: ["person", "$1::uuid"],
  details: { person: "$1::uuid", identity: "$7::text", address: "$6::text", from: "$8::uuid" }
})}`,
    deactivate: setActive("people.deactivate", "clock_timestamp()", "NULL"),
    endSignIns: `WITH links AS (
  UPDATE ${s}.sign_in_links l SET used_at = clock_timestamp()
  FROM ${s}.person_addresses a WHERE a.person_id = $1::uuid AND l.address = a.address AND l.used_at IS NULL
)
UPDATE ${s}.sessions SET ends_at = clock_timestamp() WHERE person_id = $1::uuid AND ends_at > clock_timestamp()`,
    endAttendeeLinks: `DELETE FROM ${s}.attendee_links WHERE registration_id = ANY(ARRAY(
  SELECT id FROM ${s}.registrations WHERE attendee_id = ANY($1::text[]) AND state <> 'cancelled'
  UNION ALL SELECT id FROM ${s}.registrations WHERE attendee_id = ANY($1::text[]) AND state = 'cancelled'
))`,
    reactivate: setActive("people.reactivate", "NULL", "NOT NULL")
  }
}

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const of = statements(quote(schema))
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)

  const find = (id: PersonId): Effect.Effect<Person | undefined, StoreError> =>
    Effect.map(query<PersonRow>(of.byId, [id]), ([row]) => (row === undefined ? undefined : toPerson(row)))

  const known = ({ address, identity }: SignedIn) => [identity?.issuer ?? null, identity?.subject ?? null, address]
  const decide = (rows: ReadonlyArray<PersonRow>, signedIn: SignedIn, newId: PersonId) => {
    const people = rows.map(toPerson)
    const joined = join(signedIn, findAmong(people, signedIn), newId)
    return { joined, person: isKnown(joined) ? people.find(({ id }) => id === joined.personId) : undefined }
  }
  const parametersOf = ({ address, from, identity, name, personId }: Joined, said: string) => [
    personId,
    said,
    name,
    identity?.issuer ?? null,
    identity?.subject ?? null,
    address,
    identity === null ? null : textOfIdentity(identity),
    from
  ]

  /** Ends what a person, who is locked, would come in by. */
  const endAll = Effect.fnUntraced(function* (run: Run, id: PersonId) {
    yield* run(of.endSignIns, [id])
    const [row] = yield* run<PersonRow>(of.byId, [id])
    if (row !== undefined) yield* run(of.endAttendeeLinks, [principalOf(toPerson(row), []).attendeeIds])
  })

  /** Changes a person, who is returned as they are then. */
  const setActive = (statement: string, next?: typeof endAll) =>
    Effect.fnUntraced(function* (id: PersonId, who: string) {
      const said = yield* by(who)
      yield* transact<unknown, never, never>(
        sql,
        (run) => {
          const changed = run(statement, [id, said])
          return next === undefined ? changed : Effect.andThen(changed, next(run, id))
        },
        Query.onceFailed
      )
      return (yield* find(id)) ?? (yield* new PersonNotFound({ id }))
    })

  return PeopleStore.of({
    signedIn: Effect.fnUntraced(function* (signedIn, newId) {
      const { person } = decide(yield* query<PersonRow>(of.known, known(signedIn)), signedIn, newId)
      if (person !== undefined) return person
      return yield* transact<Person, never, never>(
        sql,
        Effect.fnUntraced(function* (run) {
          yield* run(of.lock)
          const { joined, person } = decide(yield* run<PersonRow>(of.known, known(signedIn)), signedIn, newId)
          if (person !== undefined) return person
          yield* run(of.join, parametersOf(joined, yield* by(nameInLog(joined.personId))))
          const [row] = yield* run<PersonRow>(of.byId, [joined.personId])
          return toPerson(row!)
        }),
        Query.onceFailed
      )
    }),
    find,
    deactivate: setActive(of.deactivate, endAll),
    reactivate: setActive(of.reactivate)
  })
})

/** People on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<PeopleStore, never, SqlClient.SqlClient> =>
  Layer.effect(PeopleStore, make(options))
