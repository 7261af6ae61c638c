/**
 * Attendee links on Postgres and PGlite. The store of registrations writes those of the registrations that it makes.
 *
 * Guarantees: a change and its entry in the audit log are one statement.
 */
import { AttendeeLinkStore } from "@turnout/core/access/ports/AttendeeLinkStore"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { ownerOf } from "../admission/events/EventOwner.ts"
import * as Query from "../client/Query.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import { by, entry } from "./PostgresAuditLog.ts"

const statements = (s: string) => ({
  find: `SELECT event_id, digest FROM ${s}.attendee_links WHERE registration_id = $1::uuid`,
  replace: `WITH written AS (
  INSERT INTO ${s}.attendee_links (registration_id, event_id, digest) VALUES ($1::uuid, $3::uuid, $4::text)
  ON CONFLICT (registration_id) DO UPDATE SET digest = excluded.digest WHERE attendee_links.digest <> excluded.digest
  RETURNING registration_id, event_id
)
${entry(s, {
  by: "$2",
  action: "links.replace",
  details: { event: "event_id", registration: "registration_id" },
  resource: ["registration", "registration_id"],
  organization: ownerOf(s, "written.event_id"),
  from: "written"
})}`
})

export const make = Effect.fnUntraced(function* ({ schema = DEFAULT_SCHEMA }: SchemaOption = {}) {
  const of = statements(quote(schema))
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const repeatable = Query.makeRepeatable(sql)

  return AttendeeLinkStore.of({
    find: (registrationId) =>
      Effect.map(query<{ event_id: EventId; digest: string }>(of.find, [registrationId]), ([row]) =>
        row === undefined ? undefined : { eventId: row.event_id, digest: row.digest }
      ),
    replace: (eventId, registrationId, digest, who) =>
      Effect.flatMap(by(who), (said) => Effect.asVoid(repeatable(of.replace, [registrationId, said, eventId, digest])))
  })
})

/** Attendee links on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<AttendeeLinkStore, never, SqlClient.SqlClient> =>
  Layer.effect(AttendeeLinkStore, make(options))
