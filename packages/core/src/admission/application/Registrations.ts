/**
 * The use cases of registrations: registering, and reading registrations and the waitlist. Those that change a registration are in
 * `RegistrationChanges`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { asAddress, type AttendeeId, GivenAttendeeId } from "../domain/model/Attendee.ts"
import { type EventNotFound, EventStatus, EventStatusConflict } from "../domain/model/Event.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import { type CountedPage, DEFAULT_LIMIT, type Page, toPage } from "../../kernel/domain/Page.ts"
import * as Register from "../domain/model/Register.ts"
import { type GivenGuest, GuestInput, type RegistrationOutcome } from "../domain/model/Register.ts"
import {
  type GivenRegistration,
  type Registration,
  RegistrationId,
  RegistrationInput,
  RegistrationNotFound,
  RegistrationStateConflict
} from "../domain/model/Registration.ts"
import type { AdmissionReads } from "../ports/AdmissionReads.ts"
import { everyRegistration } from "../ports/RegistrationFilter.ts"
import type { WaitlistEntry, WaitlistPlace } from "../ports/RegistrationReads.ts"
import type { CommandOf, Commands, Read, Write } from "./Commands.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Events } from "./Events.ts"
import { decoder, InvalidInput } from "../../kernel/application/InvalidInput.ts"
import * as PlainInput from "./PlainInput.ts"
import {
  AttendeeQuery,
  EntryCursor,
  type GivenAttendeeQuery,
  type GivenRegistrationQuery,
  type GivenWaitlistQuery,
  RegistrationCursor,
  registrationFilter,
  RegistrationQuery,
  SequenceCursor,
  WaitlistQuery
} from "./Queries.ts"
import type { GivenWriteOptions } from "../domain/state/WriteOptions.ts"

export interface Registrations {
  /**
   * Registers an attendee: with a seat if one is open, or else at the end of the waitlist. One attendee has one active registration for an
   * event. Give an `idempotencyKey`, and send the same again with it if you do not hear the answer.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `AlreadyRegistered`, `RegistrationNotOpen`, `RegistrationClosed`, `CapacityFull`, `WaitlistFull`, and what every write meets (`Write`)
   * @example
   * ```ts
   * const { registration, waitlistPosition } = await turnout.register(
   *   id,
   *   { attendee: { email: "ada@example.com" } },
   *   { idempotencyKey: "form 42" }
   * )
   * ```
   */
  readonly register: (
    eventId: string,
    input: GivenRegistration,
    options?: GivenWriteOptions
  ) => Write<CommandOf<"Register">, RegistrationOutcome>
  /**
   * Registers somebody for staff: outside the registration window, with the waitlist closed or full, or into a draft. The journal
   * says which rules were set aside, and by whom. `beyond` gives a seat where none is open: `raise` adds one, `overhang` does not.
   *
   * @throws `EventNotFound`, `EventStatusConflict`, `AlreadyRegistered`, `CapacityFull`, and what every write meets (`Write`)
   * @example
   * ```ts
   * await turnout.registerGuest(id, { attendee: { email: "ada@example.com" }, beyond: "raise" }, { actor: "door 1" })
   * ```
   */
  readonly registerGuest: (
    eventId: string,
    input: GivenGuest,
    options?: GivenWriteOptions
  ) => Write<CommandOf<"RegisterGuest">, RegistrationOutcome>

  /**
   * Returns a registration as it is now.
   *
   * @throws `EventNotFound`, `RegistrationNotFound`, and what every read meets (`Read`)
   * @example
   * ```ts
   * const { state } = await turnout.getRegistration(id, registration.id)
   * ```
   */
  readonly getRegistration: (
    eventId: string,
    registrationId: string
  ) => Read<Registration, EventNotFound | RegistrationNotFound>
  /**
   * Returns registrations in the order of entry, unless the query says otherwise. An `attendeeId` that is an address without
   * `mailto:` is refused if it has no registrations for the event as an id, and has some with `mailto:`.
   */
  readonly listRegistrations: (
    eventId: string,
    query?: GivenRegistrationQuery
  ) => Read<CountedPage<Registration>, EventNotFound>
  /** Returns the waiters, in the order of the waitlist. */
  readonly listWaitlist: (
    eventId: string,
    query?: GivenWaitlistQuery
  ) => Read<Page<WaitlistEntry>, EventNotFound | EventStatusConflict>
  /** The place of a waiter among those who wait now. */
  readonly waitlistPosition: (
    eventId: string,
    registrationId: string
  ) => Read<WaitlistPlace, EventNotFound | EventStatusConflict | RegistrationNotFound | RegistrationStateConflict>
  /**
   * Returns the registrations of one attendee for all events, oldest first. The id is the host's own id for the person, or
   * `mailto:` and the address of a person who has registered by address alone. An address without `mailto:` is refused if it has
   * no registrations as an id, and has some with `mailto:`. With `organizations`, only those for their events are looked at.
   */
  readonly listAttendeeRegistrations: (
    attendeeId: string,
    query?: GivenAttendeeQuery,
    organizations?: ReadonlyArray<OrganizationId>
  ) => Read<Page<Registration>>
}

/** The names of the use cases, for wiring that makes something of each. */
export const methods: Readonly<Record<keyof Registrations, true>> = {
  register: true,
  registerGuest: true,
  getRegistration: true,
  listRegistrations: true,
  listWaitlist: true,
  waitlistPosition: true,
  listAttendeeRegistrations: true
}

const decode = {
  event: decoder(Schema.Struct({ eventId: EventId })),
  id: decoder(Schema.Struct({ eventId: EventId, registrationId: RegistrationId })),
  attendee: decoder(Schema.Struct({ attendeeId: GivenAttendeeId })),
  registration: decoder(RegistrationInput),
  guest: decoder(GuestInput),
  registrations: decoder(RegistrationQuery),
  waitlist: decoder(WaitlistQuery),
  registrationsOfAttendee: decoder(AttendeeQuery)
}

export const make = (
  commands: Commands,
  reads: AdmissionReads["Service"],
  { getEvent }: Pick<Events, "getEvent">
): Registrations => {
  const findRegistration = Effect.fnUntraced(function* (eventId: string, registrationId: string) {
    const id = yield* decode.id({ eventId, registrationId })
    yield* getEvent(eventId)
    const registration = yield* reads.registration(id.eventId, id.registrationId)
    return registration ?? (yield* new RegistrationNotFound(id))
  })

  /** The event, unless it is cancelled: nobody waits for it then, even if some registrations have not ended yet. */
  const eventWithWaitlist = Effect.fnUntraced(function* (eventId: string, operation: string) {
    const event = yield* getEvent(eventId)
    if (event.status !== "cancelled") return event
    return yield* new EventStatusConflict({
      eventId: event.id,
      operation,
      eventStatus: event.status,
      allowed: EventStatus.literals.filter((status) => status !== "cancelled")
    })
  })

  const waitlistPosition: Registrations["waitlistPosition"] = Effect.fnUntraced(function* (eventId, registrationId) {
    const id = yield* decode.id({ eventId, registrationId })
    const place = yield* reads.waitlistPlace(id.eventId, id.registrationId)
    if (place !== undefined) return place
    yield* eventWithWaitlist(eventId, "WaitlistPosition")
    const { state } = yield* findRegistration(eventId, registrationId)
    // The registration joined the waitlist between the two reads.
    if (state === "waitlisted") return yield* waitlistPosition(eventId, registrationId)
    return yield* new RegistrationStateConflict({
      ...id,
      operation: "WaitlistPosition",
      state,
      allowed: ["waitlisted"]
    })
  })

  /** Refuses an address that was given in place of the id which is made of it, if that id has registrations. */
  const refuseAddress = Effect.fnUntraced(function* (
    id: AttendeeId,
    someOf: (id: AttendeeId) => Effect.Effect<ReadonlyArray<Registration>, StoreError>
  ) {
    const meant = asAddress(id)
    if (meant === undefined || (yield* someOf(meant)).length === 0) return
    const rule = `nobody has registered under this id, but somebody has by this address: ask for ${meant}`
    return yield* new InvalidInput({ issues: [{ field: "attendeeId", rule }] })
  })

  return {
    register: Effect.fnUntraced(function* (eventId, input, options) {
      const plainId = PlainInput.eventId(eventId)
      const plainInput = PlainInput.registration(input)
      if (plainId !== undefined && plainInput !== undefined)
        return yield* commands.run(Register.fromInput(plainId, plainInput), options)
      const id = yield* decode.event({ eventId })
      return yield* commands.run(Register.fromInput(id.eventId, yield* decode.registration(input)), options)
    }),
    registerGuest: Effect.fnUntraced(function* (eventId, input, options) {
      const id = yield* decode.event({ eventId })
      return yield* commands.run(Register.guestFromInput(id.eventId, yield* decode.guest(input)), options)
    }),
    getRegistration: findRegistration,
    listRegistrations: Effect.fnUntraced(function* (eventId, input = {}) {
      const query = yield* decode.registrations(input)
      const { cursor, limit = DEFAULT_LIMIT, order = "entry", total = false } = query
      const filter = registrationFilter(query)
      const { id } = yield* getEvent(eventId)
      const found = yield* reads.registrations(id, filter, { limit: limit + 1, after: cursor?.sequence ?? null }, order)
      if (found.length === 0 && filter.attendeeId !== null) {
        yield* refuseAddress(filter.attendeeId, (attendeeId) =>
          reads.registrations(id, { ...everyRegistration, attendeeId }, { limit: 1, after: null }, "entry")
        )
      }
      const page = toPage(found, limit, EntryCursor, ({ sequence }) => ({ order, sequence }))
      return total ? { ...page, total: yield* reads.countRegistrations(id, filter) } : page
    }),
    listWaitlist: Effect.fnUntraced(function* (eventId, input = {}) {
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.waitlist(input)
      const { id } = yield* eventWithWaitlist(eventId, "ListWaitlist")
      const found = yield* reads.waitlist(id, { limit: limit + 1, after: cursor ?? null })
      return toPage(found, limit, SequenceCursor, ({ registration }) => registration.sequence)
    }),
    waitlistPosition,
    listAttendeeRegistrations: Effect.fnUntraced(function* (id, input = {}, organizations) {
      const of = organizations ?? null
      const { attendeeId } = yield* decode.attendee({ attendeeId: id })
      const { cursor, limit = DEFAULT_LIMIT } = yield* decode.registrationsOfAttendee(input)
      const found = yield* reads.attendeeRegistrations(attendeeId, { limit: limit + 1, after: cursor ?? null }, of)
      if (found.length === 0) {
        yield* refuseAddress(attendeeId, (meant) => reads.attendeeRegistrations(meant, { limit: 1, after: null }, of))
      }
      return toPage(found, limit, RegistrationCursor, (registration) => registration.id)
    })
  }
}
