/**
 * Reading events and their journals from Postgres.
 */
import { hasText } from "@turnout/core/admission/ports/EventFilter"
import type { EventKey, EventReads } from "@turnout/core/admission/ports/EventReads"
import * as Effect from "effect/Effect"
import * as Candidates from "../Candidates.ts"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import type { Query } from "../../client/Query.ts"
import { plainArray } from "../../statements/ArrayLiteral.ts"
import * as EventList from "./EventList.ts"
import { ownerOf } from "./EventOwner.ts"
import * as Rows from "../Rows.ts"

interface OwnerRow {
  readonly id: string
  /** `null` if the store knows nothing of the event. */
  readonly organization_id: string | null
}

type EventText = Pick<Rows.EventRow, "id" | "starts_at" | "title" | "location">

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, s: string): EventReads => {
  const one = `SELECT ${Rows.EVENT} FROM ${s}.events WHERE id = $1::uuid`
  const some = `SELECT ${Rows.EVENT} FROM ${s}.events WHERE id = ANY($1::uuid[])`
  // After a failover that has lost commits, a version may come again; the transaction that wrote the row does not.
  const versions = `SELECT id, version || '.' || xmin AS version FROM ${s}.events WHERE id = ANY($1::uuid[])`
  const list = EventList.make(s, Rows.EVENT)
  const listTexts = EventList.make(s, "id, starts_at, title, location")
  const count = EventList.makeCount(s)
  const journal = `SELECT event_id, version, id, type, schema_version, payload, actor, correlation_id, causation_id,
  trace_parent, occurred_at
FROM ${s}.journal WHERE event_id = $1::uuid AND version > $2::bigint ORDER BY version LIMIT $3::integer`

  const organizations = `SELECT t.id, ${ownerOf(s, "t.id")} AS organization_id FROM unnest($1::uuid[]) AS t(id)`

  return {
    event: (id) => Effect.map(read<Rows.EventRow>(one, [id]), ([row]) => (row === undefined ? row : Rows.toEvent(row))),
    eventsOf: (ids) =>
      Effect.map(
        read<Rows.EventRow>(some, [plainArray(ids, (id) => id)]),
        (rows) => new Map(rows.map((row) => [row.id as EventId, Rows.toEvent(row)]))
      ),
    versionsOf: (ids) =>
      Effect.map(
        read<{ readonly id: string; readonly version: string }>(versions, [plainArray(ids, (id) => id)]),
        (rows) => new Map(rows.map(({ id, version }) => [id as EventId, version]))
      ),
    events: (filter, page, order) => {
      const readPage = (asked: typeof page) => {
        const { parameters, text } = list(filter, asked, order)
        return Effect.map(read<Rows.EventRow>(text, parameters), (rows) => rows.map(Rows.toEvent))
      }
      if (filter.search === null) return readPage(page)
      return Candidates.take(
        readPage,
        page,
        ({ id, startsAt }): EventKey => ({ startsAt, id }),
        (event) => hasText(filter, event)
      )
    },
    countEvents: (filter) => {
      if (filter.search === null) {
        const { parameters, text } = count(filter)
        return Effect.map(read<{ count: number }>(text, parameters), ([row]) => row!.count)
      }
      return Candidates.count(
        (page: PageRequest<EventKey>) => {
          const { parameters, text } = listTexts(filter, page, "earliest")
          return read<EventText>(text, parameters)
        },
        (row): EventKey => ({ startsAt: Rows.toDate(row.starts_at), id: row.id as EventId }),
        (row) => hasText(filter, row)
      )
    },
    organizationsOf: (ids) =>
      Effect.map(
        read<OwnerRow>(organizations, [plainArray(ids, (id) => id)]),
        (rows) =>
          new Map(
            rows.flatMap(({ id, organization_id: organizationId }) =>
              organizationId === null ? [] : [[id as EventId, organizationId as OrganizationId] as const]
            )
          )
      ),
    journal: (eventId, { after, limit }) =>
      Effect.map(read<Rows.JournalRow>(journal, [eventId, after ?? 0, limit]), (rows) => rows.map(Rows.toJournalEntry))
  }
}
