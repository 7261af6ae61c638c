/**
 * The queries about events and registrations, the filters that they stand for, and the cursors of their pages.
 *
 * A query is plain input. Its filter is what the ports take, so that other uses of the same events or registrations, such as an
 * export, can be asked for with the same query.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { GivenAttendeeId } from "../domain/model/Attendee.ts"
import { EventStatus } from "../domain/model/Event.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import { cursorOf, Limit } from "../../kernel/domain/Page.ts"
import { RegistrationId, RegistrationState } from "../domain/model/Registration.ts"
import { spanProblem } from "../../kernel/domain/rules/SpanRules.ts"
import * as Search from "../../kernel/domain/text/Search.ts"
import * as Text from "../../kernel/domain/Text.ts"
import type { EventFilter } from "../ports/EventFilter.ts"
import { EventOrder } from "../ports/EventReads.ts"
import type { RegistrationFilter } from "../ports/RegistrationFilter.ts"
import { RegistrationOrder } from "../ports/RegistrationReads.ts"

/** A cursor of these lists holds their order, so that a page never continues a list in another one. */
export const EventCursor = cursorOf(Schema.Struct({ order: EventOrder, startsAt: Instant, id: EventId }))
export const EntryCursor = cursorOf(Schema.Struct({ order: RegistrationOrder, sequence: Schema.Natural }))
export const SequenceCursor: Schema.Codec<number, string> = cursorOf(Schema.Natural)
export const RegistrationCursor: Schema.Codec<RegistrationId, string> = cursorOf(RegistrationId)

const page = {
  /** The most items on a page, 1 to 500. Default 50. */
  limit: Schema.optionalKey(Limit)
} as const

/** The most values of a field that may have several. */
const MAX_VALUES = 20

/** One value, or several: any of them will do. */
const anyOf = <A extends string>(one: Schema.Codec<A>): Schema.Codec<ReadonlyArray<A>, A | ReadonlyArray<A>> =>
  Schema.Union([Schema.Array(one).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_VALUES)), one]).pipe(
    Schema.decodeTo(
      Schema.Array(Schema.toType(one)),
      SchemaTransformation.transform<ReadonlyArray<A>, A | ReadonlyArray<A>>({
        decode: (given) => (typeof given === "string" ? [given] : given),
        encode: (all) => all
      })
    )
  )

const orderProblem = (
  cursor: { readonly order: string } | undefined,
  order: string
): ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly issue: string }> =>
  cursor === undefined || cursor.order === order
    ? []
    : [
        {
          path: ["cursor"],
          issue: `must be that of a list in the order ${order}; this one is in the order ${cursor.order}`
        }
      ]

const eventConditions = {
  /** Only events in this status, or in one of these. */
  status: Schema.optionalKey(anyOf(EventStatus)),
  /** Only events that belong to this organization. */
  organizationId: Schema.optionalKey(OrganizationId),
  /** Only events of this organizer, in full. */
  organizer: Schema.optionalKey(Text.line({ minLength: 1, maxLength: 200 })),
  /** Only events whose title or location has each of these words, without regard to case and accents. */
  search: Schema.optionalKey(Search.Search),
  /** Only events that end after this moment: with the present moment, those that are not over. */
  from: Schema.optionalKey(Instant),
  /** Only events that start before this moment. */
  until: Schema.optionalKey(Instant),
  /** Only events that start at this moment or later. */
  startsFrom: Schema.optionalKey(Instant),
  /** Only events that start before this moment. */
  startsUntil: Schema.optionalKey(Instant),
  /** Only events that are over at this moment. */
  overBy: Schema.optionalKey(Instant)
} as const

/** Which events: see `EventFilter`, which has the same conditions. */
export const EventQuery = Schema.Struct({
  ...eventConditions,
  /** `earliest`, the default: the first to start comes first; `latest`: the other way round. */
  order: Schema.optionalKey(EventOrder),
  /** Whether to count the items of all pages, which costs a look at each of them. Default false. */
  total: Schema.optionalKey(Schema.Boolean),
  /** The `nextCursor` of the page before. Absent for the first page. */
  cursor: Schema.optionalKey(EventCursor),
  ...page
}).check(
  Schema.makeFilter((query) => [
    ...spanProblem(query, "from", "until"),
    ...spanProblem(query, "startsFrom", "startsUntil"),
    ...orderProblem(query.cursor, query.order ?? "earliest")
  ])
)

/** A query for events, as a caller gives it. */
export interface GivenEventQuery extends Schema.Codec.Encoded<typeof EventQuery> {}

const registrationConditions = {
  /** Only registrations in this state, or in one of these. */
  state: Schema.optionalKey(anyOf(RegistrationState)),
  /** Only those of this attendee: the host's own id, or `mailto:` and the address of a person without one. */
  attendeeId: Schema.optionalKey(GivenAttendeeId),
  /** Only those whose address, or a word of whose name, begins with each of these words. */
  search: Schema.optionalKey(Search.Search),
  /** Only those who registered at this moment or later. */
  registeredFrom: Schema.optionalKey(Instant),
  /** Only those who registered before this moment. */
  registeredUntil: Schema.optionalKey(Instant),
  /** Only those in their present state since this moment or a later one. */
  changedFrom: Schema.optionalKey(Instant),
  /** Only those in their present state since before this moment. */
  changedUntil: Schema.optionalKey(Instant)
} as const

/** Which registrations of an event: see `RegistrationFilter`, which has the same conditions. */
export const RegistrationQuery = Schema.Struct({
  ...registrationConditions,
  /** `entry`, the default: the first to register comes first; `newest`: the other way round. */
  order: Schema.optionalKey(RegistrationOrder),
  /** Whether to count the items of all pages, which costs a look at each of them. Default false. */
  total: Schema.optionalKey(Schema.Boolean),
  /** The `nextCursor` of the page before. Absent for the first page. */
  cursor: Schema.optionalKey(EntryCursor),
  ...page
}).check(
  Schema.makeFilter((query) => [
    ...spanProblem(query, "registeredFrom", "registeredUntil"),
    ...spanProblem(query, "changedFrom", "changedUntil"),
    ...orderProblem(query.cursor, query.order ?? "entry")
  ])
)

/** A query for registrations, as a caller gives it. */
export interface GivenRegistrationQuery extends Schema.Codec.Encoded<typeof RegistrationQuery> {}

export const WaitlistQuery = Schema.Struct({
  /** The `nextCursor` of the page before. Absent for the first page. */
  cursor: Schema.optionalKey(SequenceCursor),
  ...page
})

/** A query for waiters, as a caller gives it. */
export interface GivenWaitlistQuery extends Schema.Codec.Encoded<typeof WaitlistQuery> {}

export const AttendeeQuery = Schema.Struct({
  /** The `nextCursor` of the page before. Absent for the first page. */
  cursor: Schema.optionalKey(RegistrationCursor),
  ...page
})

/** A query for the registrations of an attendee, as a caller gives it. */
export interface GivenAttendeeQuery extends Schema.Codec.Encoded<typeof AttendeeQuery> {}

export const JournalQuery = Schema.Struct({
  /** The `nextCursor` of the page before. Absent for the first page. */
  cursor: Schema.optionalKey(SequenceCursor),
  ...page
})

/** A query for a journal, as a caller gives it. */
export interface GivenJournalQuery extends Schema.Codec.Encoded<typeof JournalQuery> {}

const termsOf = (search: string | undefined): Search.Terms | null =>
  search === undefined ? null : Search.terms(search)

/** `visibleTo` leaves out the events that are neither public nor of these organizations. */
export const eventFilter = (
  query: typeof EventQuery.Type,
  visibleTo: EventFilter["visibleTo"] = null
): EventFilter => ({
  visibleTo,
  statuses: query.status ?? null,
  organizationId: query.organizationId ?? null,
  organizer: query.organizer ?? null,
  from: query.from ?? null,
  until: query.until ?? null,
  startsFrom: query.startsFrom ?? null,
  startsUntil: query.startsUntil ?? null,
  overBy: query.overBy ?? null,
  search: termsOf(query.search)
})

export const registrationFilter = (query: typeof RegistrationQuery.Type): RegistrationFilter => ({
  states: query.state ?? null,
  attendeeId: query.attendeeId ?? null,
  registeredFrom: query.registeredFrom ?? null,
  registeredUntil: query.registeredUntil ?? null,
  changedFrom: query.changedFrom ?? null,
  changedUntil: query.changedUntil ?? null,
  search: termsOf(query.search)
})
