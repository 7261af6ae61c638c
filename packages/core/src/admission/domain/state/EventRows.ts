/**
 * Events, as a part of the working set: which of them a batch needs, what a journal event makes of one, and which a batch has
 * changed.
 */
import type { Mutable } from "effect/Types"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { DEFAULT_ORGANIZATION, type OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import type { AdmissionEntry, AdmissionEvent } from "../model/AdmissionEvent.ts"
import { type Event, type EventCreated, fromStored, type journalEvents } from "../model/Event.ts"
import type { journalEvents as seatEvents } from "../model/Seats.ts"
import { eventsOf, type PendingRequest } from "./Request.ts"

export interface Footprint {
  /** Rows to lock, in ascending order. */
  readonly events: ReadonlyArray<EventId>
  /** Events that are to be created under ids of their callers, which may have been those of events that were deleted. */
  readonly named: ReadonlyArray<EventId>
  /** The organizations that events are to be created for. */
  readonly organizations: ReadonlyArray<OrganizationId>
}

export interface Loaded {
  readonly events: ReadonlyArray<Event>
  /** Those of the `named` events that were deleted. */
  readonly deleted: ReadonlyArray<EventId>
  /** Those of the `organizations` that are there. */
  readonly organizations: ReadonlyArray<OrganizationId>
}

export interface WorkingSet {
  /** The set's own copies, which it changes. */
  readonly events: Map<EventId, Event>
  /** Events that were deleted. */
  readonly deleted: Set<EventId>
  /** Organizations that are there. */
  readonly organizations: ReadonlySet<OrganizationId>
}

export interface ChangedEvent {
  readonly event: Event
  readonly created: boolean
  /** Whether the event itself has changed, so that its details, its capacity or its status is another, and its revision too. */
  readonly revised: boolean
}

export interface Changes {
  /** Every event that changed and is there, as it is now. */
  readonly events: ReadonlyArray<ChangedEvent>
  /** The events that were there before the batch and are not there any more. */
  readonly deletedEvents: ReadonlyArray<EventId>
}

/** The events that a batch has changed. */
export type Touched = Map<EventId, TouchedEvent>

interface TouchedEvent {
  /** The version before the batch; 0 if the batch created the event. */
  readonly versionBefore: number
  revised: boolean
}

export const footprint = (requests: ReadonlyArray<PendingRequest>): Footprint => {
  const named = new Set<EventId>()
  const organizations = new Set<OrganizationId>()
  for (const { command } of requests) {
    if (command._tag !== "CreateEvent") continue
    const { id, organizationId } = command.event
    if (id !== undefined) named.add(id)
    if (organizationId !== undefined) organizations.add(organizationId)
  }
  return { events: eventsOf(requests), named: [...named], organizations: [...organizations] }
}

export const make = (loaded: Loaded): WorkingSet => {
  const events = new Map<EventId, Event>()
  for (const event of loaded.events) events.set(event.id, { ...event, counts: { ...event.counts } })
  return { events, deleted: new Set(loaded.deleted), organizations: new Set(loaded.organizations) }
}

/** Changes the event of a journal entry in place, and returns it. */
export const evolve = (set: WorkingSet, entry: AdmissionEntry): Mutable<Event> => {
  const { event: happened } = entry
  if (happened._tag === "EventCreated") return create(set, entry, happened)
  const event: Mutable<Event> = set.events.get(entry.eventId)!
  event.version = entry.version
  event.updatedAt = entry.occurredAt
  // Stryker disable next-line ConditionalExpression,StringLiteral: most of what happens is about registrations, and comparing tags takes its time
  if (!("registration" in happened)) change(event, entry, happened)
  if (happened._tag === "EventDeleted") remove(set, event.id)
  return event
}

const create = (
  set: WorkingSet,
  { eventId, occurredAt, version }: AdmissionEntry,
  { capacity, details, organizationId = DEFAULT_ORGANIZATION }: typeof EventCreated.Type
): Mutable<Event> => {
  const event: Event = {
    id: eventId,
    organizationId,
    ...fromStored(details),
    capacity,
    status: "draft",
    version,
    revision: version,
    counts: { confirmed: 0, waitlisted: 0, attended: 0, noShow: 0 },
    createdAt: occurredAt,
    updatedAt: occurredAt
  }
  set.events.set(eventId, event)
  return event
}

const remove = (set: WorkingSet, eventId: EventId): void => {
  set.events.delete(eventId)
  set.deleted.add(eventId)
}

/** What happens to an event and its seats themselves. All else that happens moves the event on, by its version and its time. */
type EventHappening = (typeof journalEvents | typeof seatEvents)[number]["Type"]

const change = (event: Mutable<Event>, { version }: AdmissionEntry, happened: AdmissionEvent): void => {
  switch (happened._tag) {
    case "EventUpdated":
      Object.assign(event, fromStored(happened.details))
      break
    case "EventPublished":
      event.status = "published"
      break
    case "EventUnpublished":
      event.status = "draft"
      break
    case "EventCancelled":
      if (event.status === "draft" || event.status === "published") event.cancelledFrom = event.status
      event.status = "cancelled"
      break
    case "EventReopening":
      event.status = "reopening"
      break
    case "EventReopened":
      event.status = happened.status
      delete event.cancelledFrom
      break
    case "EventCompleted":
      event.status = "completed"
      break
    case "CapacityChanged":
      event.capacity = happened.to
      break
    case "EventDeleted":
      break
    default:
      // The compiler refuses this if something that happens to events themselves is missing above.
      happened satisfies Exclude<AdmissionEvent, EventHappening> | typeof EventCreated.Type
      return
  }
  event.revision = version
}

export const untouched = (): Touched => new Map()

/** Notes the event of an entry that is about to be applied, and returns the version that it had before the batch. */
export const touch = (touched: Touched, { event: happened, eventId, version }: AdmissionEntry): number => {
  let event = touched.get(eventId)
  if (event === undefined) touched.set(eventId, (event = { versionBefore: version - 1, revised: false }))
  if (!("registration" in happened)) event.revised = true
  return event.versionBefore
}

/** An event that a batch has created and deleted again leaves nothing but its journal. */
export const changes = (touched: Touched, set: WorkingSet): Changes => {
  const events: Array<ChangedEvent> = []
  const deletedEvents: Array<EventId> = []
  for (const [id, { revised, versionBefore }] of touched) {
    const event = set.events.get(id)
    if (event !== undefined) events.push({ event, created: versionBefore === 0, revised })
    else if (versionBefore > 0) deletedEvents.push(id)
  }
  return { events, deletedEvents }
}
