/**
 * Turnout: the service that hosts use.
 *
 * Writes take plain input, validate it, and answer only after the commit. They fail with `InvalidInput` (nothing
 * changed), with a rejection (nothing changed; the facts are in it), or with a `StoreError` that says what is known.
 * With an idempotency key a write can be sent any number of times. Reads show what is committed.
 *
 * Run inside a transaction of the host (for stores on SQL: within `SqlClient.withTransaction` of the same client), a
 * write becomes part of that transaction and commits or rolls back with it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AttendeeId, fromInput } from "../domain/Attendee.ts"
import type { Command, EventCommand, RegistrationCommand } from "../domain/Command.ts"
import { CapacityInput, type Event, EventChanges, EventId, EventInput } from "../domain/Event.ts"
import type { StoredJournalEntry } from "../domain/JournalEvent.ts"
import type { EventOutcome, OutcomeOf, RegistrationOutcome } from "../domain/Outcome.ts"
import { type Registration, RegistrationId, RegistrationInput } from "../domain/Registration.ts"
import {
  EventNotFound,
  type RejectionOf,
  RegistrationNotFound,
  RegistrationStateConflict
} from "../domain/Rejection.ts"
import { RegistrationStore, type WaitlistEntry, type WaitlistPlace } from "../ports/RegistrationStore.ts"
import type { StoreError } from "../ports/StoreError.ts"
import { DEFAULT_LIMIT, EventCursor, RegistrationCursor, SequenceCursor } from "./Cursor.ts"
import * as CommitSignal from "./CommitSignal.ts"
import * as Engine from "./Engine.ts"
import { decoder, InvalidInput } from "./InvalidInput.ts"
import {
  AttendeeQuery,
  EventQuery,
  JournalQuery,
  type Page,
  RegistrationQuery,
  toPage,
  WaitlistQuery
} from "./Query.ts"
import type { Overloaded } from "./Overloaded.ts"
import * as PlainInput from "./PlainInput.ts"
import * as PooledRandom from "./PooledRandom.ts"
import { WriteOptions } from "./WriteOptions.ts"

/** The most commands that `executeAll` commits together. */
export const MAX_COMMANDS = 1_000

export type TurnoutOptions = Engine.EngineOptions

/** The answer to a command, and whether it was given before under the same idempotency key. */
export interface Reply<C extends Command> {
  readonly answer: Result.Result<OutcomeOf<C>, RejectionOf<C["_tag"]>>
  readonly replayed: boolean
}

type Write<C extends Command, A> = Effect.Effect<A, RejectionOf<C["_tag"]> | InvalidInput | StoreError | Overloaded>
type Read<A, E = never> = Effect.Effect<A, E | InvalidInput | StoreError>
type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

type ChangeEvent<Tag extends EventCommand["_tag"]> = (
  eventId: string,
  options?: typeof WriteOptions.Encoded
) => Write<CommandOf<Tag>, Event>
type ChangeRegistration<Tag extends RegistrationCommand["_tag"]> = (
  eventId: string,
  registrationId: string,
  options?: typeof WriteOptions.Encoded
) => Write<CommandOf<Tag>, Registration>

export interface TurnoutService {
  // events
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
  readonly changeCapacity: (
    eventId: string,
    input: typeof CapacityInput.Encoded,
    options?: typeof WriteOptions.Encoded
  ) => Write<CommandOf<"ChangeCapacity">, Event>

  // registrations
  readonly register: (
    eventId: string,
    input: typeof RegistrationInput.Encoded,
    options?: typeof WriteOptions.Encoded
  ) => Write<CommandOf<"Register">, RegistrationOutcome>
  readonly cancelRegistration: ChangeRegistration<"CancelRegistration">
  readonly confirmRegistration: ChangeRegistration<"ConfirmRegistration">
  readonly markAttended: ChangeRegistration<"MarkAttended">
  readonly markNoShow: ChangeRegistration<"MarkNoShow">

  /**
   * Any command, already decoded. Gives rejections as values, and says whether the answer is a replay; the methods above
   * are this with validation in front.
   */
  readonly execute: <C extends Command>(
    command: C,
    options?: WriteOptions
  ) => Effect.Effect<Reply<C>, InvalidInput | StoreError | Overloaded>

  /**
   * Commands of several kinds and events, decided in this order and committed together: all of their changes, or none. A
   * command that is refused changes nothing and does not hinder the others. At most `MAX_COMMANDS` at once.
   */
  readonly executeAll: (
    commands: ReadonlyArray<{ readonly command: Command; readonly options?: WriteOptions }>
  ) => Effect.Effect<ReadonlyArray<Reply<Command>>, InvalidInput | StoreError>

  // reads
  readonly getEvent: (eventId: string) => Read<Event, EventNotFound>
  /** In the order of (startsAt, id). */
  readonly listEvents: (query?: typeof EventQuery.Encoded) => Read<Page<Event>>
  readonly getRegistration: (
    eventId: string,
    registrationId: string
  ) => Read<Registration, EventNotFound | RegistrationNotFound>
  /** In the order of entry. */
  readonly listRegistrations: (
    eventId: string,
    query?: typeof RegistrationQuery.Encoded
  ) => Read<Page<Registration>, EventNotFound>
  /** Who waits, first in line first. */
  readonly listWaitlist: (
    eventId: string,
    query?: typeof WaitlistQuery.Encoded
  ) => Read<Page<WaitlistEntry>, EventNotFound>
  /** The place of a waiter among those who wait now. */
  readonly waitlistPosition: (
    eventId: string,
    registrationId: string
  ) => Read<WaitlistPlace, EventNotFound | RegistrationNotFound | RegistrationStateConflict>
  /** Of one attendee, over all events, oldest first. */
  readonly listAttendeeRegistrations: (
    attendeeId: string,
    query?: typeof AttendeeQuery.Encoded
  ) => Read<Page<Registration>>
  /** What happened to an event, in order. */
  readonly listJournal: (
    eventId: string,
    query?: typeof JournalQuery.Encoded
  ) => Read<Page<StoredJournalEntry>, EventNotFound>
  /** Succeeds if the store can be reached and is migrated. */
  readonly ready: Effect.Effect<void, StoreError>
}

const ids = {
  event: decoder(Schema.Struct({ eventId: EventId })),
  registration: decoder(Schema.Struct({ eventId: EventId, registrationId: RegistrationId })),
  attendee: decoder(Schema.Struct({ attendeeId: AttendeeId }))
}
const decode = {
  event: decoder(EventInput),
  changes: decoder(EventChanges),
  capacity: decoder(CapacityInput),
  registration: decoder(RegistrationInput),
  options: decoder(WriteOptions),
  events: decoder(EventQuery),
  registrations: decoder(RegistrationQuery),
  waitlist: decoder(WaitlistQuery),
  attendee: decoder(AttendeeQuery),
  journal: decoder(JournalQuery)
}

export const make = Effect.fnUntraced(function* (options: TurnoutOptions = {}) {
  const store = yield* RegistrationStore
  const engine = yield* Engine.make(options)

  const decodeOptions = (options: unknown = {}): Effect.Effect<WriteOptions, InvalidInput> => {
    const plain = PlainInput.options(options)
    return plain === undefined ? decode.options(options) : Effect.succeed(plain)
  }

  const execute = ((command, options) =>
    Effect.flatMap(decodeOptions(options), (decoded) => engine.execute(command, decoded))) as TurnoutService["execute"]

  const executeAll: TurnoutService["executeAll"] = Effect.fnUntraced(function* (commands) {
    if (commands.length > MAX_COMMANDS) {
      return yield* new InvalidInput({ issues: [{ field: "", rule: `Expected at most ${MAX_COMMANDS} commands` }] })
    }
    const decoded = yield* Effect.forEach(commands, ({ command, options }) =>
      Effect.map(decodeOptions(options), (valid) => ({ command, options: valid }))
    )
    return (yield* engine.executeAll(decoded)) as ReadonlyArray<Reply<Command>>
  })

  const run = <C extends Command>(
    command: C,
    options: WriteOptions | undefined
  ): Effect.Effect<OutcomeOf<C>, RejectionOf<C["_tag"]> | InvalidInput | StoreError | Overloaded> =>
    Effect.flatMap(execute(command, options), ({ answer }) => Effect.fromResult(answer))

  const changeEvent =
    <Tag extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent">(_tag: Tag): ChangeEvent<Tag> =>
    (eventId, options) =>
      ids.event({ eventId }).pipe(
        Effect.flatMap((id) => run({ _tag, ...id }, options)),
        Effect.map((outcome) => (outcome as EventOutcome).event)
      ) as never

  const changeRegistration =
    <Tag extends "CancelRegistration" | "ConfirmRegistration" | "MarkAttended" | "MarkNoShow">(
      _tag: Tag
    ): ChangeRegistration<Tag> =>
    (eventId, registrationId, options) =>
      ids.registration({ eventId, registrationId }).pipe(
        Effect.flatMap((id) => run({ _tag, ...id }, options)),
        Effect.map((outcome) => (outcome as RegistrationOutcome).registration)
      ) as never

  const findEvent = Effect.fnUntraced(function* (eventId: string) {
    const id = yield* ids.event({ eventId })
    const event = yield* store.event(id.eventId)
    return event ?? (yield* new EventNotFound(id))
  })

  const findRegistration = Effect.fnUntraced(function* (eventId: string, registrationId: string) {
    const id = yield* ids.registration({ eventId, registrationId })
    yield* findEvent(eventId)
    const registration = yield* store.registration(id.eventId, id.registrationId)
    return registration ?? (yield* new RegistrationNotFound(id))
  })

  const waitlistPosition: TurnoutService["waitlistPosition"] = Effect.fnUntraced(function* (eventId, registrationId) {
    const id = yield* ids.registration({ eventId, registrationId })
    const place = yield* store.waitlistPlace(id.eventId, id.registrationId)
    if (place !== undefined) return place
    const { state } = yield* findRegistration(eventId, registrationId)
    // It joined the list between the two reads.
    if (state === "waitlisted") return yield* waitlistPosition(eventId, registrationId)
    return yield* new RegistrationStateConflict({
      ...id,
      operation: "WaitlistPosition",
      state,
      allowed: ["waitlisted"]
    })
  })

  const service: TurnoutService = {
    createEvent: (input, options) =>
      Effect.flatMap(decode.event(input), (event) =>
        Effect.map(run({ _tag: "CreateEvent", event }, options), (outcome) => outcome.event)
      ),
    updateEvent: Effect.fnUntraced(function* (eventId, input, options) {
      const id = yield* ids.event({ eventId })
      const changes = yield* decode.changes(input)
      return (yield* run({ _tag: "UpdateEvent", ...id, changes }, options)).event
    }),
    publishEvent: changeEvent("PublishEvent"),
    unpublishEvent: changeEvent("UnpublishEvent"),
    cancelEvent: changeEvent("CancelEvent"),
    completeEvent: changeEvent("CompleteEvent"),
    changeCapacity: Effect.fnUntraced(function* (eventId, input, options) {
      const id = yield* ids.event({ eventId })
      const { capacity, keepOverhang = false } = yield* decode.capacity(input)
      return (yield* run({ _tag: "ChangeCapacity", ...id, capacity, keepOverhang }, options)).event
    }),

    register: Effect.fnUntraced(function* (eventId, input, options) {
      const register = (id: EventId, { attendee, notes = "" }: typeof RegistrationInput.Type) =>
        run({ _tag: "Register", eventId: id, attendee: fromInput(attendee), notes, registeredAt: null }, options)
      const plainId = PlainInput.eventId(eventId)
      const plainInput = PlainInput.registration(input)
      if (plainId !== undefined && plainInput !== undefined) return yield* register(plainId, plainInput)
      const id = yield* ids.event({ eventId })
      return yield* register(id.eventId, yield* decode.registration(input))
    }),
    cancelRegistration: changeRegistration("CancelRegistration"),
    confirmRegistration: changeRegistration("ConfirmRegistration"),
    markAttended: changeRegistration("MarkAttended"),
    markNoShow: changeRegistration("MarkNoShow"),
    execute,
    executeAll,

    getEvent: findEvent,
    listEvents: Effect.fnUntraced(function* (input = {}) {
      const { cursor, from, limit = DEFAULT_LIMIT, organizer, status, until } = yield* decode.events(input)
      const found = yield* store.events(
        { status: status ?? null, organizer: organizer ?? null, from: from ?? null, until: until ?? null },
        { limit: limit + 1, after: cursor ?? null }
      )
      return toPage(found, limit, EventCursor, ({ id, startsAt }) => ({ startsAt, id }))
    }),
    getRegistration: findRegistration,
    listRegistrations: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT, state } = yield* decode.registrations(input)
      const { id } = yield* findEvent(eventId)
      const found = yield* store.registrations(id, state ?? null, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, SequenceCursor, ({ sequence }) => sequence)
    }),
    listWaitlist: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.waitlist(input)
      const { id } = yield* findEvent(eventId)
      const found = yield* store.waitlist(id, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, SequenceCursor, ({ registration }) => registration.sequence)
    }),
    waitlistPosition,
    listAttendeeRegistrations: Effect.fnUntraced(function* (id, input = {}) {
      const { attendeeId } = yield* ids.attendee({ attendeeId: id })
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.attendee(input)
      const found = yield* store.attendeeRegistrations(attendeeId, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, RegistrationCursor, (registration) => registration.id)
    }),
    listJournal: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.journal(input)
      const { id } = yield* findEvent(eventId)
      const found = yield* store.journal(id, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, SequenceCursor, ({ version }) => version)
    }),
    ready: store.ready
  }
  return service
})

export class Turnout extends Context.Service<Turnout, TurnoutService>()("@turnout/core/Turnout") {}

/** The service on whatever store is provided. */
export const layer = (options?: TurnoutOptions): Layer.Layer<Turnout, never, RegistrationStore> =>
  Layer.effect(Turnout, make(options)).pipe(Layer.provide([PooledRandom.layer, CommitSignal.layer]))
