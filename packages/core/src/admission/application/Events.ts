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
  type EventOutcome
} from "../domain/model/Event.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { type CountedPage, DEFAULT_LIMIT, type Page, toPage } from "../../kernel/domain/Page.ts"
import { CapacityInput } from "../domain/model/Seats.ts"
import type { AdmissionReads } from "../ports/AdmissionReads.ts"
import type { CommandOf, Commands, Read, Write } from "./Commands.ts"
import { decoder } from "../../kernel/application/InvalidInput.ts"
import { EventCursor, eventFilter, EventQuery, JournalQuery, SequenceCursor } from "./Queries.ts"
import type { WriteOptions } from "../domain/state/WriteOptions.ts"

type ChangeEvent<Tag extends EventCommand["_tag"]> = (
  eventId: string,
  options?: typeof WriteOptions.Encoded
) => Write<CommandOf<Tag>, Event>

export interface Events {
  readonly createEvent: (
    input: typeof EventInput.Encoded,
    options?: typeof WriteOptions.Encoded
  ) => Write<CommandOf<"CreateEvent">, Event>
  readonly updateEvent: (
    eventId: string,
    changes: typeof EventChanges.Encoded,
    options?: typeof WriteOptions.Encoded
  ) => Write<CommandOf<"UpdateEvent">, Event>
  readonly publishEvent: ChangeEvent<"PublishEvent">
  readonly unpublishEvent: ChangeEvent<"UnpublishEvent">
  readonly cancelEvent: ChangeEvent<"CancelEvent">
  readonly completeEvent: ChangeEvent<"CompleteEvent">
  readonly reopenEvent: ChangeEvent<"ReopenEvent">
  readonly changeCapacity: (
    eventId: string,
    input: typeof CapacityInput.Encoded,
    options?: typeof WriteOptions.Encoded
  ) => Write<CommandOf<"ChangeCapacity">, Event>

  readonly getEvent: (eventId: string) => Read<Event, EventNotFound>
  /** Returns events by their start: the earliest first, unless the query says otherwise. */
  readonly listEvents: (query?: typeof EventQuery.Encoded) => Read<CountedPage<Event>>
  /** Returns the journal of an event, in order. */
  readonly listJournal: (
    eventId: string,
    query?: typeof JournalQuery.Encoded
  ) => Read<Page<StoredJournalEntry>, EventNotFound>
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
  getEvent: true,
  listEvents: true,
  listJournal: true
}

const decode = {
  id: decoder(Schema.Struct({ eventId: EventId })),
  event: decoder(EventInput),
  changes: decoder(EventChanges),
  capacity: decoder(CapacityInput),
  events: decoder(EventQuery),
  journal: decoder(JournalQuery)
}

export const make = (commands: Commands, reads: AdmissionReads["Service"]): Events => {
  const changeEvent =
    <Tag extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent" | "ReopenEvent">(
      _tag: Tag
    ): ChangeEvent<Tag> =>
    (eventId, options) =>
      decode.id({ eventId }).pipe(
        Effect.flatMap((id) => commands.run({ _tag, ...id }, options)),
        Effect.map((outcome) => (outcome as EventOutcome).event)
      ) as never

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
    updateEvent: Effect.fnUntraced(function* (eventId, input, options) {
      const id = yield* decode.id({ eventId })
      const changes = yield* decode.changes(input)
      return (yield* commands.run({ _tag: "UpdateEvent", ...id, changes }, options)).event
    }),
    publishEvent: changeEvent("PublishEvent"),
    unpublishEvent: changeEvent("UnpublishEvent"),
    cancelEvent: changeEvent("CancelEvent"),
    completeEvent: changeEvent("CompleteEvent"),
    reopenEvent: changeEvent("ReopenEvent"),
    changeCapacity: Effect.fnUntraced(function* (eventId, input, options) {
      const id = yield* decode.id({ eventId })
      const { capacity, demote = null, keepOverhang = false } = yield* decode.capacity(input)
      return (yield* commands.run({ _tag: "ChangeCapacity", ...id, capacity, keepOverhang, demote }, options)).event
    }),

    getEvent: findEvent,
    listEvents: Effect.fnUntraced(function* (input = {}) {
      const query = yield* decode.events(input)
      const { cursor, limit = DEFAULT_LIMIT, order = "earliest", total = false } = query
      const filter = eventFilter(query)
      const found = yield* reads.events(filter, { limit: limit + 1, after: cursor ?? null }, order)
      const page = toPage(found, limit, EventCursor, ({ id, startsAt }) => ({ order, startsAt, id }))
      return total ? { ...page, total: yield* reads.countEvents(filter) } : page
    }),
    listJournal: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.journal(input)
      const { id } = yield* findEvent(eventId)
      const found = yield* reads.journal(id, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, SequenceCursor, ({ version }) => version)
    })
  }
}
