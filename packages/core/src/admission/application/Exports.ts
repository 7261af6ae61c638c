/**
 * Exports of registrations and waitlists as CSV, for spreadsheets and for imports.
 *
 * An export is text, a piece for the header and one for each row. It is read page by page as its reader takes it, and holds one page in
 * memory, whatever the number of registrations. Its first page is read before it begins, so an event that is not there fails
 * before any text. A later failure of the store ends the text with that failure, and never as if it were complete.
 *
 * An export shows each page as committed when that page is read, and is no snapshot. Registrations that join meanwhile come at
 * the end. Changes of registrations show if their pages have not been read yet; in a list of one state, a registration that leaves
 * the state before its page is read is not in the export. `position` counts the waiters at the moment of reading the page.
 *
 * The text is CSV as in RFC 4180, in UTF-8 with a byte order mark, without which Excel reads it in the encoding of its machine. No cell
 * is a formula (`SpreadsheetCell`). An import knows the columns: the same event has nothing to change.
 */
import { Csv } from "effect/encoding"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { idOfAddress } from "../domain/model/Attendee.ts"
import type { Registration } from "../domain/model/Registration.ts"
import { toText } from "../../kernel/domain/Instant.ts"
import { MAX_LIMIT, type Page } from "../../kernel/domain/Page.ts"
import * as SpreadsheetCell from "../../kernel/domain/text/SpreadsheetCell.ts"
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

const BYTE_ORDER_MARK = "\uFEFF"

/** The columns of a registration, each with its value. */
const OF_REGISTRATION = {
  email: ({ attendee }) => attendee.email,
  name: ({ attendee }) => attendee.name,
  notes: ({ notes }) => notes,
  state: ({ state }) => state,
  registered_at: ({ registeredAt }) => toText(registeredAt),
  changed_at: ({ changedAt }) => toText(changedAt),
  // An import makes the id of a person who is known by the address.
  attendee_id: ({ attendee }) => (attendee.id === idOfAddress(attendee.email) ? "" : attendee.id),
  registration_id: ({ id }) => id
} satisfies Readonly<Record<string, (registration: Registration) => string>>

type Row = Readonly<Record<string, string>>

const toRow = (registration: Registration): Row =>
  Object.fromEntries(
    Object.entries(OF_REGISTRATION).map(([column, of]) => [column, SpreadsheetCell.guarded(of(registration))])
  )

/** The columns of both exports, in their order. */
export const columns = {
  registrations: Object.keys(OF_REGISTRATION),
  waitlist: ["position", ...Object.keys(OF_REGISTRATION)]
} as const satisfies Readonly<Record<string, ReadonlyArray<string>>>

/** The text of a list whose pages `read` gives. */
const toExport = <A, E>(
  columns: ReadonlyArray<string>,
  toRow: (item: A) => Row,
  read: (cursor: string | undefined) => Effect.Effect<Page<A>, E>
): Exported<E> =>
  Effect.map(read(undefined), (first) =>
    Stream.paginate<Effect.Effect<Page<A>, E>, Row, E>(Effect.succeed(first), (page) =>
      Effect.map(page, ({ items, nextCursor }) => [
        items.map(toRow),
        nextCursor === null ? Option.none() : Option.some(Effect.suspend(() => read(nextCursor)))
      ])
    ).pipe(
      Stream.pipeThroughChannel(Csv.encodeString({ columns, headers: true })),
      Stream.mapArray((records, index) => (index === 0 ? [BYTE_ORDER_MARK + records[0], ...records.slice(1)] : records))
    )
  )

/** Registrations in the order of entry. */
export const ofRegistrations = (
  { listRegistrations }: Pick<Registrations, "listRegistrations">,
  eventId: string,
  query: ExportQuery = {}
): Exported<ListError> =>
  toExport(columns.registrations, toRow, (cursor) =>
    listRegistrations(eventId, { ...query, limit: MAX_LIMIT, ...(cursor === undefined ? {} : { cursor }) })
  )

/** The waiters of an event, first in line first. */
export const ofWaitlist = (
  { listWaitlist }: Pick<Registrations, "listWaitlist">,
  eventId: string
): Exported<WaitlistError> =>
  toExport(
    columns.waitlist,
    ({ position, registration }: WaitlistEntry) => ({ position: String(position), ...toRow(registration) }),
    (cursor) => listWaitlist(eventId, { limit: MAX_LIMIT, ...(cursor === undefined ? {} : { cursor }) })
  )
