/**
 * Commands of every kind, drawn from the schemas: about one event and few people, so that they get in each other's way.
 */
import { RegistrationAccess } from "@turnout/core/kernel/domain/access/RegistrationAccess"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { EventDetails, type EventInput } from "@turnout/core/admission/domain/model/Event"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Notes, type RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { BeyondCapacity } from "@turnout/core/admission/domain/model/Seats"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { Arbitrary, Effect, type Schema } from "effect"
import * as fc from "fast-check"
import {
  BEFORE,
  DURING,
  ENDS_AT,
  EVENT,
  id,
  ORGANIZATION,
  input,
  registrationId,
  request,
  STARTS_AT
} from "../domain/Deciding.ts"

const VALUES = 200
/** An organization that is not there. */
const UNKNOWN = OrganizationId.make(id(2))

/** Values of a schema, by effect's own generator. */
const drawn = <A>(schema: Schema.Codec<A, unknown>): fc.Arbitrary<A> =>
  fc.constantFrom(
    ...Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: VALUES, size: 12, seed: "turnout" }))
  )

const { description, location, organizer, title } = EventDetails.fields
const AFTER = new Date(ENDS_AT.getTime() + 1)
const TIMES = [
  BEFORE,
  new Date(STARTS_AT.getTime() - 1),
  STARTS_AT,
  DURING,
  new Date(ENDS_AT.getTime() - 1),
  ENDS_AT,
  AFTER
]
const moments = fc.constantFrom(...TIMES)
const seats = fc.integer({ min: 0, max: 5 })
const people = fc.integer({ min: 1, max: 8 })
const beyond = fc.constantFrom(null, null, ...BeyondCapacity.literals)

const changes = fc.record(
  {
    title: drawn(title),
    description: drawn(description),
    location: drawn(location),
    organizer: drawn(organizer),
    startsAt: moments,
    endsAt: moments,
    timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
    registrationOpensAt: fc.option(moments),
    registrationClosesAt: fc.option(moments),
    waitlist: fc.constantFrom("open" as const, "closed" as const),
    waitlistLimit: fc.option(seats),
    registration: fc.constantFrom(...RegistrationAccess.literals),
    cancellationClosesAt: fc.option(moments)
  },
  { requiredKeys: [] }
)

/** A command, once it is known which of so many requests it is. */
type Draft = (index: number) => Command

const aboutEvent = <const T extends string>(...tags: ReadonlyArray<T>) =>
  fc.constantFrom(...tags).map(
    (_tag): Draft =>
      () =>
        ({ _tag, eventId: EVENT }) as Command
  )

/** Mostly a command as it is, and else with versions that its caller has seen, of which there may be none. */
const expecting = (drafts: fc.Arbitrary<Draft>): fc.Arbitrary<Draft> =>
  fc
    .record({
      draft: drafts,
      seen: fc.option(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 2 }), { freq: 2 })
    })
    .map(
      ({ draft, seen }): Draft =>
        (index) =>
          seen === null ? draft(index) : ({ ...draft(index), expectedVersions: seen } as Command)
    )

/** The organization of an event that is to be created: mostly none is named, and now and then one that is not there. */
const organizations = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.constantFrom(DEFAULT_ORGANIZATION, ORGANIZATION, UNKNOWN).map((organizationId) => ({ organizationId }))
)

const creation = fc
  .record({ capacity: seats, organization: organizations })
  .map(({ capacity, organization }): Draft => () => ({
    _tag: "CreateEvent",
    event: input({ capacity, ...organization })
  }))

const drafts: fc.Arbitrary<Draft> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ person: people, notes: drawn(Notes) }).map(({ notes, person }): Draft => () => ({
      _tag: "Register",
      eventId: EVENT,
      attendee: { id: `person-${person}` as never, name: "", email: `person-${person}@example.com` },
      notes,
      registeredAt: null
    }))
  },
  {
    weight: 10,
    arbitrary: fc
      .record({
        _tag: fc.constantFrom(
          "CancelRegistration",
          "CancelRegistration",
          "ConfirmRegistration",
          "ReinstateRegistration",
          "ReinstateRegistration",
          "CorrectRegistration",
          "MarkAttended",
          "MarkNoShow",
          "ClearAttendance",
          "ReleaseSeat"
        ),
        target: fc.nat(30),
        beyond,
        early: fc.boolean(),
        person: people
      })
      .map(({ _tag, beyond, early, person, target }): Draft => (index) => {
        const given: Record<string, object> = {
          ConfirmRegistration: { beyond },
          MarkAttended: { early },
          CorrectRegistration: { changes: { attendee: { id: `person-${person}` } } }
        }
        const registration = registrationId((target % (index + 1)) + 1) as RegistrationId
        return { _tag, eventId: EVENT, registrationId: registration, ...given[_tag] } as Command
      })
  },
  {
    weight: 2,
    arbitrary: fc.record({ person: people, beyond }).map(({ beyond, person }): Draft => () => ({
      _tag: "RegisterGuest",
      eventId: EVENT,
      attendee: { id: `person-${person}` as never, name: "", email: `person-${person}@example.com` },
      notes: "",
      beyond
    }))
  },
  {
    weight: 4,
    arbitrary: expecting(
      fc
        .record({
          capacity: seats,
          keepOverhang: fc.boolean(),
          demote: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 })
        })
        .map((given): Draft => () => ({ _tag: "ChangeCapacity", eventId: EVENT, ...given }))
    )
  },
  {
    weight: 2,
    arbitrary: expecting(changes.map((given): Draft => () => ({ _tag: "UpdateEvent", eventId: EVENT, changes: given })))
  },
  { weight: 1, arbitrary: aboutEvent("CarryOn") },
  {
    weight: 5,
    arbitrary: expecting(
      aboutEvent("PublishEvent", "UnpublishEvent", "UnpublishEvent", "CancelEvent", "CompleteEvent", "DeleteEvent")
    )
  },
  { weight: 2, arbitrary: expecting(aboutEvent("ReopenEvent")) },
  { weight: 1, arbitrary: creation }
)

/** An event that is mostly as people know it, with times in order. */
const creations: fc.Arbitrary<EventInput> = fc
  .record({
    capacity: seats,
    waitlistLimit: fc.option(seats, { freq: 4 }),
    title: drawn(title),
    organization: fc.constantFrom({}, {}, { organizationId: ORGANIZATION })
  })
  .map(({ organization, ...given }) => input({ ...given, ...organization }))

/** Up to thirty requests about one event, which is created and published by the first two of them. */
export const requests: fc.Arbitrary<ReadonlyArray<Request>> = fc
  .record({
    creation: creations,
    rest: fc.array(
      fc.record({ draft: drafts, now: fc.oneof({ weight: 8, arbitrary: fc.constant(BEFORE) }, moments) }),
      { minLength: 1, maxLength: 30, size: "max" }
    )
  })
  .map(({ creation, rest }) => [
    request({ _tag: "CreateEvent", event: creation }),
    request({ _tag: "PublishEvent", eventId: EVENT }),
    ...rest.map(({ draft, now }, index) => request(draft(index), { now, freshId: id(index + 1) }))
  ])
