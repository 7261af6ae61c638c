/**
 * Exports of registrations and waitlists as CSV, for spreadsheets and for imports (`TextExport`). An import knows the columns: the same
 * event has nothing to change. An event that is not there fails before any text.
 *
 * An export shows each page as committed when that page is read, and is no snapshot. Registrations that join meanwhile come at
 * the end. Changes of registrations show if their pages have not been read yet; in a list of one state, a registration that leaves
 * the state before its page is read is not in the export. `position` counts the waiters at the moment of reading the page.
 */
import * as Effect from "effect/Effect"
import * as Rec from "effect/Record"
import type * as Stream from "effect/Stream"
import { idOfAddress } from "../domain/model/Attendee.ts"
import type { Registration } from "../domain/model/Registration.ts"
import * as TextExport from "../../kernel/application/TextExport.ts"
import { toText } from "../../kernel/domain/Instant.ts"
import { MAX_LIMIT, type Page } from "../../kernel/domain/Page.ts"
import type { WaitlistEntry } from "../ports/RegistrationReads.ts"
import type { GivenRegistrationQuery } from "./Queries.ts"
import type { Registrations } from "./Registrations.ts"

/** The text of an export: the header, and then each row. */
export type Export<E = ExportError> = Stream.Stream<string, E>

type ListError = Effect.Error<ReturnType<Registrations["listRegistrations"]>>
type WaitlistError = Effect.Error<ReturnType<Registrations["listWaitlist"]>>

/** The errors of an export, before its first text and in the middle: those of the list. */
export type ExportError = ListError | WaitlistError

type Exported<E> = Effect.Effect<Export<E>, E>

/** The registrations to export: those in one of some states, or all. */
export type ExportQuery = Pick<GivenRegistrationQuery, "state">

const OF_REGISTRATION: TextExport.Columns<Registration> = {
  email: ({ attendee }) => attendee.email,
  name: ({ attendee }) => attendee.name,
  notes: ({ notes }) => notes,
  state: ({ state }) => state,
  registered_at: ({ registeredAt }) => toText(registeredAt),
  changed_at: ({ changedAt }) => toText(changedAt),
  // An import makes the id of a person who is known by the address.
  attendee_id: ({ attendee }) => (attendee.id === idOfAddress(attendee.email) ? "" : attendee.id),
  registration_id: ({ id }) => id
}

const OF_WAITER: TextExport.Columns<WaitlistEntry> = {
  position: ({ position }) => String(position),
  ...Rec.map(
    OF_REGISTRATION,
    (of) =>
      ({ registration }: WaitlistEntry) =>
        of(registration)
  )
}

/** The columns of both exports, in their order. */
export const columns = {
  registrations: Object.keys(OF_REGISTRATION),
  waitlist: Object.keys(OF_WAITER)
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

/** The text of a list whose pages `read` gives. */
const toExport = <A, E>(
  columns: TextExport.Columns<A>,
  read: (page: { readonly limit: number; readonly cursor?: string }) => Effect.Effect<Page<A>, E>
): Exported<E> =>
  Effect.map(
    TextExport.items((cursor: string | null) =>
      Effect.map(read({ limit: MAX_LIMIT, ...(cursor !== null && { cursor }) }), ({ items, nextCursor }) => ({
        items,
        next: nextCursor
      }))
    ),
    (items) => TextExport.csv(items, columns)
  )

/** Registrations in the order of entry. */
export const ofRegistrations = (
  { listRegistrations }: Pick<Registrations, "listRegistrations">,
  eventId: string,
  query: ExportQuery = {}
): Exported<ListError> => toExport(OF_REGISTRATION, (page) => listRegistrations(eventId, { ...query, ...page }))

/** The waiters of an event, first in line first. */
export const ofWaitlist = (
  { listWaitlist }: Pick<Registrations, "listWaitlist">,
  eventId: string
): Exported<WaitlistError> => toExport(OF_WAITER, (page) => listWaitlist(eventId, page))
