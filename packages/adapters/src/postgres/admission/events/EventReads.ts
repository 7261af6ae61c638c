/**
 * Reading events and their journals from Postgres.
 */
import type { EventReads } from "@turnout/core/admission/ports/EventReads"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import * as EventList from "./EventList.ts"
import * as Rows from "../Rows.ts"

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, s: string): EventReads => {
  const one = `SELECT ${Rows.EVENT} FROM ${s}.events WHERE id = $1::uuid`
  const list = EventList.make(s, Rows.EVENT)
  const journal = `SELECT event_id, version, id, type, schema_version, payload, actor, correlation_id, causation_id, occurred_at
FROM ${s}.journal WHERE event_id = $1::uuid AND version > $2::bigint ORDER BY version LIMIT $3::integer`

  return {
    event: (id) => Effect.map(read<Rows.EventRow>(one, [id]), ([row]) => (row === undefined ? row : Rows.toEvent(row))),
    events: (filter, page) => {
      const { parameters, text } = list(filter, page)
      return Effect.map(read<Rows.EventRow>(text, parameters), (rows) => rows.map(Rows.toEvent))
    },
    journal: (eventId, { after, limit }) =>
      Effect.map(read<Rows.JournalRow>(journal, [eventId, after ?? 0, limit]), (rows) => rows.map(Rows.toJournalEntry))
  }
}
