/**
 * Reading events, registrations, waitlists and journals from Postgres, and from PGlite: each read is one statement, whose cost
 * depends on the page and not on the size of the tables.
 */
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Effect from "effect/Effect"
import * as EventList from "./EventList.ts"
import type { Query } from "../client/Query.ts"
import * as Reads from "./Reads.ts"
import * as Rows from "./Rows.ts"

/** The reads of a schema, given as a quoted identifier. */
export const make = (read: Query, schema: string): AdmissionReads["Service"] => {
  const reads = Reads.make(schema)
  const listEvents = EventList.make(schema, Reads.EVENT)

  const readRegistrations = (text: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(read<Rows.RegistrationRow>(text, parameters), (rows) => rows.map(Rows.toRegistration))

  const readWaitlist = (eventId: string, page: { readonly after: number | null; readonly limit: number }) =>
    Effect.map(
      read<Rows.RegistrationRow & { readonly position: number }>(reads.waitlist, [
        eventId,
        page.after ?? 0,
        page.limit
      ]),
      (rows) => rows.map((row) => ({ position: row.position, registration: Rows.toRegistration(row) }))
    )

  return AdmissionReads.of({
    event: (id) =>
      Effect.map(read<Rows.EventRow>(reads.event, [id]), ([row]) => (row === undefined ? row : Rows.toEvent(row))),
    events: (filter, page) => {
      const { parameters, text } = listEvents(filter, page)
      return Effect.map(read<Rows.EventRow>(text, parameters), (rows) => rows.map(Rows.toEvent))
    },
    registration: (eventId, id) =>
      Effect.map(readRegistrations(reads.registration, [eventId, id]), ([registration]) => registration),
    registrations: (eventId, state, { after, limit }) =>
      state === null
        ? readRegistrations(reads.registrations, [eventId, after ?? 0, limit])
        : readRegistrations(reads.registrationsInState, [eventId, state, after ?? 0, limit]),
    attendeeRegistrations: (attendeeId, { after, limit }) =>
      readRegistrations(reads.attendeeRegistrations, [attendeeId, after, limit]),
    waitlist: readWaitlist,
    waitlistPlace: (eventId, id) =>
      Effect.map(read<{ position: number; length: number }>(reads.waitlistPlace, [eventId, id]), ([place]) => place),
    journal: (eventId, { after, limit }) =>
      Effect.map(read<Rows.JournalRow>(reads.journal, [eventId, after ?? 0, limit]), (rows) =>
        rows.map(Rows.toJournalEntry)
      )
  })
}
