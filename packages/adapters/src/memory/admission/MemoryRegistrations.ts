/**
 * Registrations and waitlists, as the store in memory holds them.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import {
  endsWithEvent,
  isActive,
  isEndedWithEvent,
  lastChangedFirst,
  type Registration,
  type RegistrationId
} from "@turnout/core/admission/domain/model/Registration"
import type { Changes as EventChanges } from "@turnout/core/admission/domain/state/EventRows"
import type { Footprint } from "@turnout/core/admission/domain/state/RegistrationFootprint"
import type { Changes, Loaded } from "@turnout/core/admission/domain/state/RegistrationRows"
import { includes, type RegistrationFilter } from "@turnout/core/admission/ports/RegistrationFilter"
import type { RegistrationOrder, RegistrationReads } from "@turnout/core/admission/ports/RegistrationReads"
import type { PageRequest } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import * as Iterable from "effect/Iterable"
import type { State as EventState } from "./MemoryEvents.ts"
import { WaitingList } from "./WaitingList.ts"

export interface State {
  readonly registrations: Map<RegistrationId, Registration>
  /** The registrations of an event in the order of entry, which is the order of insertion. */
  readonly byEvent: Map<EventId, Map<RegistrationId, Registration>>
  /** The waitlist of each event. */
  readonly waiting: Map<EventId, WaitingList>
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
}

export const initial = (): State => ({
  registrations: new Map(),
  byEvent: new Map(),
  waiting: new Map(),
  active: new Map()
})

const takeWaiting = (state: State, eventId: EventId, after: number, limit: number): Array<Registration> =>
  Array.from(Iterable.take(state.waiting.get(eventId)?.after(after) ?? [], limit))

/** The registrations of an event that match, in the order of entry. */
const ofEvent = (state: State, eventId: EventId, matches: (registration: Registration) => boolean) =>
  [...(state.byEvent.get(eventId)?.values() ?? [])].filter(matches)

/** The cost of loading depends on what is loaded, except for events that end or come back, and for seats taken back. */
export const load = (state: State, footprint: Footprint): Loaded => {
  const named = [
    ...footprint.attendees.map(({ attendeeId, eventId }) => state.active.get(eventId)?.get(attendeeId)),
    ...footprint.sameAttendees.map(({ eventId, registrationId }) => {
      const registration = state.registrations.get(registrationId)
      return registration === undefined ? undefined : state.active.get(eventId)?.get(registration.attendee.id)
    }),
    ...footprint.registrations.map(({ registrationId }) => registrationId),
    ...footprint.firsts.map((eventId) => state.byEvent.get(eventId)?.keys().next().value)
  ].flatMap((id) => (id === undefined ? [] : (state.registrations.get(id) ?? [])))
  const lastSeated = footprint.lastSeated.flatMap(({ eventId, limit }) =>
    ofEvent(state, eventId, (registration) => registration.state === "confirmed")
      .toSorted(lastChangedFirst)
      .slice(0, limit)
  )
  return {
    registrations: [...named, ...lastSeated],
    waiting: footprint.waiting.flatMap(({ eventId, limit }) => takeWaiting(state, eventId, 0, limit)),
    ending: footprint.ending.flatMap(({ eventId, limit }) => ofEvent(state, eventId, endsWithEvent).slice(0, limit)),
    returning: footprint.returning.flatMap(({ eventId, limit }) =>
      ofEvent(state, eventId, isEndedWithEvent).toReversed().slice(0, limit)
    )
  }
}

export const write = (state: State, changes: Changes & EventChanges): void => {
  for (const { created, event } of changes.events) {
    if (!created) continue
    state.byEvent.set(event.id, new Map())
    state.waiting.set(event.id, new WaitingList())
    state.active.set(event.id, new Map())
  }
  for (const id of changes.deletedEvents) {
    state.byEvent.delete(id)
    state.waiting.delete(id)
    state.active.delete(id)
  }
  for (const { registration } of changes.registrations) {
    const { eventId, id } = registration
    const before = state.registrations.get(id)
    state.registrations.set(id, registration)
    state.byEvent.get(eventId)?.set(id, registration)
    if (registration.state === "waitlisted") state.waiting.get(eventId)?.add(registration)
    else state.waiting.get(eventId)?.delete(registration)
    const active = state.active.get(eventId)
    const attendeeId = registration.attendee.id
    if (before !== undefined && active?.get(before.attendee.id) === id) active.delete(before.attendee.id)
    if (isActive(registration)) active?.set(attendeeId, id)
  }
}

/** The registrations among which those of a filter are, in the order of entry. */
const among = (state: State, eventId: EventId, { attendeeId, states }: RegistrationFilter): Iterable<Registration> => {
  const all = state.byEvent.get(eventId)
  if (attendeeId === null || states === null || states.includes("cancelled")) return all?.values() ?? []
  const active = state.active.get(eventId)?.get(attendeeId)
  return active === undefined ? [] : [all!.get(active)!]
}

const listed = (
  all: Iterable<Registration>,
  filter: RegistrationFilter,
  { after, limit }: PageRequest<number>,
  order: RegistrationOrder
): ReadonlyArray<Registration> => {
  const found: Array<Registration> = []
  for (const registration of order === "entry" ? all : [...all].toReversed()) {
    if (found.length === limit) break
    const { sequence } = registration
    const isNext = after === null || (order === "entry" ? sequence > after : sequence < after)
    if (isNext && includes(filter, registration)) found.push(registration)
  }
  return found
}

/** The cost of a list of registrations depends on their number, since they are looked at one after the other. */
export const reads = (state: State & Pick<EventState, "events">): RegistrationReads => ({
  registration: (eventId, id) => Effect.sync(() => state.byEvent.get(eventId)?.get(id)),
  registrations: (eventId, filter, page, order) =>
    Effect.sync(() => listed(among(state, eventId, filter), filter, page, order)),
  countRegistrations: (eventId, filter) =>
    Effect.sync(() =>
      Iterable.reduce(among(state, eventId, filter), 0, (count, one) => count + Number(includes(filter, one)))
    ),
  attendeeRegistrations: (attendeeId, page, organizations) =>
    Effect.sync(() =>
      [...state.registrations.values()]
        .filter(({ attendee, id }) => attendee.id === attendeeId && (page.after === null || id > page.after))
        .filter(
          ({ eventId }) => organizations === null || organizations.includes(state.events.get(eventId)!.organizationId)
        )
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, page.limit)
    ),
  waitlist: (eventId, page) =>
    Effect.sync(() => {
      const after = page.after ?? 0
      const before = state.waiting.get(eventId)?.countUpTo(after) ?? 0
      return takeWaiting(state, eventId, after, page.limit).map((registration, index) => ({
        position: before + index + 1,
        registration
      }))
    }),
  waitlistPlace: (eventId, id) =>
    Effect.sync(() => {
      const waiting = state.waiting.get(eventId)
      const registration = state.registrations.get(id)
      if (registration?.eventId !== eventId || registration.state !== "waitlisted") return undefined
      if (state.events.get(eventId)?.status === "cancelled") return undefined
      return { position: waiting!.countUpTo(registration.sequence), length: waiting!.length }
    })
})
