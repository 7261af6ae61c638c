/**
 * The use cases of events: making and changing them, and reading them and their journals.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredJournalEntry } from "../../kernel/domain/Entry.ts"
import {
  type Event,
  EventChanges,
  type EventCommand,
  EventInput,
  EventNotFound,
  type EventOutcome,
  type GivenEvent,
  type GivenEventChanges
} from "../domain/model/Event.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import { type CountedPage, DEFAULT_LIMIT, type Page, toPage } from "../../kernel/domain/Page.ts"
import { CapacityInput, type GivenCapacity } from "../domain/model/Seats.ts"
import type { AdmissionReads } from "../ports/AdmissionReads.ts"
import type { CommandOf, Commands, Read, Write } from "./Commands.ts"
import type { Expecting } from "../domain/model/event/EventVersion.ts"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import {
  EventCursor,
  eventFilter,
  EventQuery,
  type GivenEventQuery,
  type GivenJournalQuery,
  JournalQuery,
  SequenceCursor
} from "./Queries.ts"
import {
  EventWriteOptions,
  type GivenEventWriteOptions,
  type GivenWriteOptions,
  type WriteOptions
} from "../domain/state/WriteOptions.ts"

type ChangeEvent<Tag extends EventCommand["_tag"]> = (
  eventId: string,
  options?: GivenEventWriteOptions
) => Write<CommandOf<Tag>, Event>

/**
 * Writes about an event itself take `expectedVersion`: the version of the event that the caller has seen. They fail with
 * `VersionConflict`, and change nothing, if the event itself has changed since.
 */
export interface Events {
  /**
   * Makes an event: a draft without registrations. Given an `id`, it is made only once under it.
   *
   * @throws `EventAlreadyExists`, `EventWasDeleted`, `OrganizationNotFound`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { id } = await turnout.createEvent({
   *   title: "A talk",
   *   organizer: "Ada",
   *   capacity: 100,
   *   startsAt: new Date("2030-05-01T18:00:00Z"),
   *   endsAt: new Date("2030-05-01T20:00:00Z"),
   *   timeZone: "Europe/London"
   * })
   * ```
   */
  readonly createEvent: (input: GivenEvent, options?: GivenWriteOptions) => Write<CommandOf<"CreateEvent">, Event>
  /**
   * Changes the details of a draft or a published event: a field that is absent stays as it is. A later end makes the promotions due
   * that the old one had ended.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, `ScheduleInvalid`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.updateEvent(id, { title: "A longer talk" }, { expectedVersion: shown.version })
   * ```
   */
  readonly updateEvent: (
    eventId: string,
    changes: GivenEventChanges,
    options?: GivenEventWriteOptions
  ) => Write<CommandOf<"UpdateEvent">, Event>
  /**
   * Opens a draft to registrations, within its registration window. Guests who lost their seats in the draft get free ones in the same
   * commit.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.publishEvent(id)
   * ```
   */
  readonly publishEvent: ChangeEvent<"PublishEvent">
  /**
   * Makes a draft again of a published event for which nobody is registered.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, `EventHasRegistrations`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.unpublishEvent(id)
   * ```
   */
  readonly unpublishEvent: ChangeEvent<"UnpublishEvent">
  /**
   * Cancels an event that will not take place. Its registrations end with it, in the order of entry: up to 1,000 in the same commit, and
   * the others in further steps, which no caller has to ask for.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.cancelEvent(id, { actor: "ada" })
   * ```
   */
  readonly cancelEvent: ChangeEvent<"CancelEvent">
  /**
   * Completes a published event that has started. Attendance can be recorded and released afterwards; nobody can register any more.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, `EventNotStarted`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.completeEvent(id)
   * ```
   */
  readonly completeEvent: ChangeEvent<"CompleteEvent">
  /**
   * Takes a cancellation or a completion back, before the event ends. Registrations that the cancellation has ended come back to their
   * seats and places, the last first, in steps of 1,000; until then, the event is `reopening`.
   *
   * @throws `EventNotFound`, `EventOver`, `VersionConflict`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { status } = await turnout.reopenEvent(id) // "published", "draft" or "reopening"
   * ```
   */
  readonly reopenEvent: ChangeEvent<"ReopenEvent">
  /**
   * Sets the number of seats. A raise promotes the waiters who are due, the first in line first: up to 1,000 in the same commit, and the
   * others in further steps. A capacity below the seats taken needs `keepOverhang`, which leaves them, or `demote` with the number of seats
   * to take back from those who got theirs last.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, `CapacityBelowSeatsTaken`, `DemotionsMismatch`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.changeCapacity(id, { capacity: 120 })
   * ```
   */
  readonly changeCapacity: (
    eventId: string,
    input: GivenCapacity,
    options?: GivenEventWriteOptions
  ) => Write<CommandOf<"ChangeCapacity">, Event>
  /**
   * Deletes a draft that nobody has ever registered for. Its journal stays, and its id is not used again.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `VersionConflict`, `EventHadRegistrations`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.deleteEvent(id, { expectedVersion: shown.version })
   * ```
   */
  readonly deleteEvent: (eventId: string, options?: GivenEventWriteOptions) => Write<CommandOf<"DeleteEvent">, void>

  /**
   * Returns an event as it is now, with the counts of its registrations.
   *
   * @throws `EventNotFound`, and what every read meets (`Read`)
   * @example
   * ```ts
   * const { capacity, counts } = await turnout.getEvent(id)
   * ```
   */
  readonly getEvent: (eventId: string) => Read<Event, EventNotFound>
  /**
   * Returns events by their start: the earliest first, unless the query says otherwise. With `visibleTo`, those that are neither public
   * nor of these organizations are left out, and do not count.
   */
  readonly listEvents: (query?: GivenEventQuery, visibleTo?: ReadonlyArray<OrganizationId>) => Read<CountedPage<Event>>
  /** Returns the journal of an event, in order. That of an event that was deleted stays. */
  readonly listJournal: (eventId: string, query?: GivenJournalQuery) => Read<Page<StoredJournalEntry>, EventNotFound>
}

/** The names of the use cases, for wiring that makes something of each. */
export const methods: Readonly<Record<keyof Events, true>> = {
  createEvent: true,
  updateEvent: true,
  publishEvent: true,
  unpublishEvent: true,
  cancelEvent: true,
  completeEvent: true,
  reopenEvent: true,
  changeCapacity: true,
  deleteEvent: true,
  getEvent: true,
  listEvents: true,
  listJournal: true
}

const decode = {
  id: decoder(Schema.Struct({ eventId: EventId })),
  event: decoder(EventInput),
  changes: decoder(EventChanges),
  capacity: decoder(CapacityInput),
  options: decoder(EventWriteOptions),
  events: decoder(EventQuery),
  journal: decoder(JournalQuery)
}

/** What a command expects of its event, and the options that all commands have. */
interface Split {
  readonly expecting: Expecting
  readonly options: WriteOptions
}

const split = (options: unknown = {}): Effect.Effect<Split, InvalidInput> =>
  Effect.map(decode.options(options), ({ expectedVersion, ...rest }) => ({
    expecting: expectedVersion === undefined ? {} : { expectedVersions: [expectedVersion] },
    options: rest
  }))

export const make = (commands: Commands, reads: AdmissionReads["Service"]): Events => {
  const changeEvent =
    <Tag extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent" | "ReopenEvent">(
      _tag: Tag
    ): ChangeEvent<Tag> =>
    (eventId, given) =>
      Effect.gen(function* () {
        const id = yield* decode.id({ eventId })
        const { expecting, options } = yield* split(given)
        return ((yield* commands.run({ _tag, ...id, ...expecting }, options)) as EventOutcome).event
      }) as never

  const findEvent = Effect.fnUntraced(function* (eventId: string) {
    const id = yield* decode.id({ eventId })
    const event = yield* reads.event(id.eventId)
    return event ?? (yield* new EventNotFound(id))
  })

  return {
    createEvent: (input, options) =>
      Effect.flatMap(decode.event(input), (event) =>
        Effect.map(commands.run({ _tag: "CreateEvent", event }, options), (outcome) => outcome.event)
      ),
    updateEvent: Effect.fnUntraced(function* (eventId, input, given) {
      const id = yield* decode.id({ eventId })
      const changes = yield* decode.changes(input)
      const { expecting, options } = yield* split(given)
      return (yield* commands.run({ _tag: "UpdateEvent", ...id, changes, ...expecting }, options)).event
    }),
    publishEvent: changeEvent("PublishEvent"),
    unpublishEvent: changeEvent("UnpublishEvent"),
    cancelEvent: changeEvent("CancelEvent"),
    completeEvent: changeEvent("CompleteEvent"),
    reopenEvent: changeEvent("ReopenEvent"),
    changeCapacity: Effect.fnUntraced(function* (eventId, input, given) {
      const id = yield* decode.id({ eventId })
      const { capacity, demote = null, keepOverhang = false } = yield* decode.capacity(input)
      const { expecting, options } = yield* split(given)
      const command = { _tag: "ChangeCapacity", ...id, capacity, keepOverhang, demote, ...expecting } as const
      return (yield* commands.run(command, options)).event
    }),
    deleteEvent: Effect.fnUntraced(function* (eventId, given) {
      const id = yield* decode.id({ eventId })
      const { expecting, options } = yield* split(given)
      yield* commands.run({ _tag: "DeleteEvent", ...id, ...expecting }, options)
    }),

    getEvent: findEvent,
    listEvents: Effect.fnUntraced(function* (input = {}, visibleTo) {
      const query = yield* decode.events(input)
      const { cursor, limit = DEFAULT_LIMIT, order = "earliest", total = false } = query
      const filter = eventFilter(query, visibleTo ?? null)
      const found = yield* reads.events(filter, { limit: limit + 1, after: cursor ?? null }, order)
      const page = toPage(found, limit, EventCursor, ({ id, startsAt }) => ({ order, startsAt, id }))
      return total ? { ...page, total: yield* reads.countEvents(filter) } : page
    }),
    listJournal: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.journal(input)
      const id = yield* decode.id({ eventId })
      const found = yield* reads.journal(id.eventId, { limit: limit + 1, after: cursor ?? null })
      // An event that was deleted has a journal, so a page without entries does not say yet that there never was one.
      if (found.length === 0 && (yield* reads.journal(id.eventId, { limit: 1, after: null })).length === 0)
        yield* findEvent(eventId)
      return toPage(found, limit, SequenceCursor, ({ version }) => version)
    })
  }
}
