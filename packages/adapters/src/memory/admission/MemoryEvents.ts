/**
 * Events and their journals, as the store in memory holds them.
 */
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import type { Event, EventCreated } from "@turnout/core/admission/domain/model/Event"
import type { Changes, Footprint, Loaded } from "@turnout/core/admission/domain/state/EventRows"
import { includes } from "@turnout/core/admission/ports/EventFilter"
import type { EventKey, EventReads } from "@turnout/core/admission/ports/EventReads"
import * as Effect from "effect/Effect"

export interface State {
  readonly events: Map<EventId, Event>
  readonly journal: Map<EventId, Array<StoredJournalEntry>>
  /** The organizations, which belong to another store. */
  readonly organizations: ReadonlyMap<OrganizationId, unknown>
}

export const initial = (organizations: State["organizations"]): State => ({
  events: new Map(),
  journal: new Map(),
  organizations
})

export const load = (state: State, footprint: Footprint): Loaded => ({
  events: footprint.events.flatMap((id) => state.events.get(id) ?? []),
  deleted: footprint.named.filter((id) => state.journal.get(id)?.at(-1)?.type === "EventDeleted"),
  organizations: footprint.organizations.filter((id) => state.organizations.has(id))
})

export const write = (state: State, changes: Changes, journal: ReadonlyArray<StoredJournalEntry>): void => {
  for (const { event } of changes.events) state.events.set(event.id, event)
  for (const id of changes.deletedEvents) state.events.delete(id)
  for (const entry of journal) {
    const stream = state.journal.get(entry.eventId)
    if (stream === undefined) state.journal.set(entry.eventId, [entry])
    else stream.push(entry)
  }
}

const compare = <A>(a: A, b: A): number => (a < b ? -1 : a > b ? 1 : 0)

const compareKeys = (a: EventKey, b: EventKey): number =>
  compare(a.startsAt.getTime(), b.startsAt.getTime()) || compare(a.id, b.id)

/** The organization of an event; the journal, which is kept whole, begins with the creation of one that was deleted. */
const organizationOf = ({ events, journal }: State, id: EventId): OrganizationId | undefined => {
  const created = journal.get(id)?.[0]?.payload as typeof EventCreated.Encoded | undefined
  return (
    events.get(id)?.organizationId ?? (created && OrganizationId.make(created.organizationId ?? DEFAULT_ORGANIZATION))
  )
}

const found = ({ events }: State, ids: ReadonlyArray<EventId>): ReadonlyArray<Event> =>
  ids.flatMap((id) => events.get(id) ?? [])

/** The cost of a read depends on its page, except for a list of events, which is sorted when it is asked for. */
export const reads = (state: State): EventReads => ({
  event: (id) => Effect.sync(() => state.events.get(id)),
  eventsOf: (ids) => Effect.sync(() => new Map(found(state, ids).map((event) => [event.id, event]))),
  versionsOf: (ids) => Effect.sync(() => new Map(found(state, ids).map(({ id, version }) => [id, String(version)]))),
  events: (filter, { after, limit }, order) =>
    Effect.sync(() => {
      const inOrder = order === "earliest" ? compareKeys : (a: EventKey, b: EventKey) => compareKeys(b, a)
      return [...state.events.values()]
        .filter((event) => includes(filter, event) && (after === null || inOrder(event, after) > 0))
        .toSorted(inOrder)
        .slice(0, limit)
    }),
  countEvents: (filter) =>
    Effect.sync(() => [...state.events.values()].filter((event) => includes(filter, event)).length),
  organizationsOf: (ids) =>
    Effect.sync(
      () =>
        new Map(
          ids.flatMap((id) => {
            const organizationId = organizationOf(state, id)
            return organizationId === undefined ? [] : [[id, organizationId] as const]
          })
        )
    ),
  journal: (eventId, page) =>
    Effect.sync(() => {
      const entries = state.journal.get(eventId) ?? []
      const start = page.after ?? 0
      return entries.slice(start, start + page.limit)
    })
})
