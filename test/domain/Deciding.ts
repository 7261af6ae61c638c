/**
 * Given a history, when a command, then an outcome: for the pure decider, without any store.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { footprint, withDueSteps } from "@turnout/core/admission/domain/state/Footprint"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventInput } from "@turnout/core/admission/domain/model/Event"
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Registration, RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { make, nothing, type WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"

export const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`
export const EVENT = id(0) as EventId
/** The organization that there is besides the default one. */
export const ORGANIZATION = OrganizationId.make(id(1))
export const registrationId = (n: number) => id(n) as RegistrationId

export const STARTS_AT = new Date("2030-05-01T18:00:00.000Z")
export const ENDS_AT = new Date("2030-05-01T23:00:00.000Z")
export const BEFORE = new Date("2030-01-01T00:00:00.000Z")
export const DURING = new Date("2030-05-01T20:00:00.000Z")
export const AFTER = new Date("2031-01-01T00:00:00.000Z")

export const input = (changes: Partial<EventInput> = {}): EventInput => ({
  id: EVENT,
  title: "Conference",
  organizer: "Ada",
  startsAt: STARTS_AT,
  endsAt: ENDS_AT,
  timeZone: "Europe/Berlin",
  capacity: 2,
  ...changes
})

export const request = (
  command: Command,
  options: { readonly now?: Date; readonly freshId?: string } = {}
): Request => ({
  command,
  now: options.now ?? BEFORE,
  freshId: options.freshId ?? id(999),
  idempotency: null,
  metadata: { actor: "test", correlationId: null, causationId: null }
})

/** The n-th person registers; the registration gets the n-th id. */
export const register = (n: number, now = BEFORE): Request =>
  request(
    {
      _tag: "Register",
      eventId: EVENT,
      attendee: { id: `person-${n}` as never, name: "", email: `person-${n}@example.com` },
      notes: "",
      registeredAt: null
    },
    { now, freshId: id(n) }
  )

export const publish = request({ _tag: "PublishEvent", eventId: EVENT })

/** The n-th person cancels. */
export const cancel = (n: number): Request =>
  request({ _tag: "CancelRegistration", eventId: EVENT, registrationId: registrationId(n) })

/** Nothing but the organizations. */
export const empty = (): WorkingSet => make({ ...nothing, organizations: [DEFAULT_ORGANIZATION, ORGANIZATION] })

/** The whole state after a history, all of which must be accepted. */
export const given = (history: ReadonlyArray<Request>): WorkingSet => {
  const set = empty()
  for (const { answer } of Batch.decide(history, set).replies) {
    if (answer._tag === "Failure") throw answer.failure
  }
  return set
}

const inOrderOfEntry = (whole: WorkingSet, eventId: EventId): ReadonlyArray<Registration> =>
  [...whole.registrations.values()]
    .filter((registration) => registration.eventId === eventId)
    .toSorted((a, b) => a.sequence - b.sequence)

/** The whole state as a store that loads all of it would give it to a batch. */
export const everything = (whole: WorkingSet): WorkingSet => {
  const of = (matches: (registration: Registration) => boolean) =>
    [...whole.events.keys()].flatMap((eventId) => inOrderOfEntry(whole, eventId).filter(matches))
  return make({
    events: [...whole.events.values()],
    deleted: [...whole.deleted],
    organizations: [...whole.organizations],
    registrations: of(() => true),
    waiting: of(({ state }) => state === "waitlisted"),
    ending: of(({ state }) => state === "confirmed" || state === "waitlisted"),
    returning: of(({ cancellation }) => cancellation?.reason === "eventCancelled").toReversed(),
    idempotency: [...whole.idempotency.values()]
  })
}

/** What a store would load of the whole state for a batch: nothing but the footprint. */
export const partOf = (
  whole: WorkingSet,
  batch: ReadonlyArray<Request>,
  records: ReadonlyMap<string, IdempotencyRecord> = whole.idempotency
): WorkingSet => {
  const locked = footprint(batch).events.flatMap((event) => whole.events.get(event) ?? [])
  const needed = withDueSteps(footprint(batch), locked)
  const find = (registrationId: never) => whole.registrations.get(registrationId) ?? []
  return make({
    ...nothing,
    events: locked,
    deleted: needed.named.filter((event) => whole.deleted.has(event)),
    organizations: needed.organizations.filter((organization) => whole.organizations.has(organization)),
    registrations: [
      ...needed.attendees.flatMap((key) => find(whole.active.get(key.eventId)?.get(key.attendeeId) as never)),
      ...needed.registrations.flatMap(({ registrationId }) => find(registrationId as never)),
      ...needed.sameAttendees.flatMap(({ eventId, registrationId }) =>
        [whole.registrations.get(registrationId)].flatMap((one) =>
          one === undefined ? [] : find(whole.active.get(eventId)?.get(one.attendee.id) as never)
        )
      ),
      ...needed.lastSeated.flatMap(({ eventId, limit }) =>
        inOrderOfEntry(whole, eventId)
          .filter(({ state }) => state === "confirmed")
          .toSorted((a, b) => b.changedAt.getTime() - a.changedAt.getTime() || b.sequence - a.sequence)
          .slice(0, limit)
      ),
      ...needed.firsts.flatMap((event) => inOrderOfEntry(whole, event)[0] ?? [])
    ],
    ending: needed.ending.flatMap(({ eventId, limit }) =>
      inOrderOfEntry(whole, eventId)
        .filter(({ state }) => state === "confirmed" || state === "waitlisted")
        .slice(0, limit)
    ),
    returning: needed.returning.flatMap(({ eventId, limit }) =>
      inOrderOfEntry(whole, eventId)
        .filter(({ cancellation }) => cancellation?.reason === "eventCancelled")
        .toReversed()
        .slice(0, limit)
    ),
    waiting: needed.waiting.flatMap(({ eventId, limit }) =>
      (whole.waiting.get(eventId) ?? []).slice(0, limit).flatMap((waiter) => find(waiter as never))
    ),
    idempotency: needed.idempotency.flatMap(({ id }) => records.get(id) ?? [])
  })
}
