/**
 * Events, as a part of the working set: which of them a batch needs, what a journal event makes of one, and which a batch has
 * changed.
 */
import type { Mutable } from "effect/Types"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { AdmissionEntry, AdmissionEvent } from "../model/AdmissionEvent.ts"
import type { Event, EventCreated, journalEvents } from "../model/Event.ts"
import type { journalEvents as seatEvents } from "../model/Seats.ts"
import { eventsOf, type PendingRequest } from "./Request.ts"

export interface Footprint {
  /** Rows to lock, in ascending order. */
  readonly events: ReadonlyArray<EventId>
}

export interface Loaded {
  readonly events: ReadonlyArray<Event>
}

export interface WorkingSet {
  /** The set's own copies, which it changes. */
  readonly events: Map<EventId, Event>
}

export interface Changes {
  /** Every event that changed, as it is now; an event that is not `created` may still have new `details`. */
  readonly events: ReadonlyArray<{ readonly event: Event; readonly created: boolean; readonly details: boolean }>
}

/** The events that a batch has changed. */
export type Touched = Map<EventId, TouchedEvent>

interface TouchedEvent {
  /** The version before the batch; 0 if the batch created the event. */
  readonly versionBefore: number
  details: boolean
}

export const footprint = (requests: ReadonlyArray<PendingRequest>): Footprint["events"] => eventsOf(requests)

export const make = (loaded: Loaded): WorkingSet["events"] => {
  const events = new Map<EventId, Event>()
  for (const event of loaded.events) events.set(event.id, { ...event, counts: { ...event.counts } })
  return events
}

/** Changes the event of a journal entry in place, and returns it. */
export const evolve = (set: WorkingSet, entry: AdmissionEntry): Mutable<Event> => {
  const { event: happened } = entry
  if (happened._tag === "EventCreated") return create(set, entry, happened)
  const event: Mutable<Event> = set.events.get(entry.eventId)!
  event.version = entry.version
  event.updatedAt = entry.occurredAt
  // Stryker disable next-line ConditionalExpression: most of what happens is about registrations, and comparing tags takes its time
  if (!("registration" in happened)) change(event, happened)
  return event
}

const create = (
  set: WorkingSet,
  { eventId, occurredAt, version }: AdmissionEntry,
  { capacity, details }: typeof EventCreated.Type
): Mutable<Event> => {
  const event: Event = {
    id: eventId,
    ...details,
    capacity,
    status: "draft",
    version,
    counts: { confirmed: 0, waitlisted: 0, attended: 0, noShow: 0 },
    createdAt: occurredAt,
    updatedAt: occurredAt
  }
  set.events.set(eventId, event)
  return event
}

/** What happens to an event and its seats themselves. All else that happens moves the event on, by its version and its time. */
type EventHappening = (typeof journalEvents | typeof seatEvents)[number]["Type"]

const change = (event: Mutable<Event>, happened: AdmissionEvent): void => {
  switch (happened._tag) {
    case "EventUpdated":
      Object.assign(event, happened.details)
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
    default:
      // The compiler refuses this if something that happens to events themselves is missing above.
      happened satisfies Exclude<AdmissionEvent, EventHappening> | typeof EventCreated.Type
  }
}

export const untouched = (): Touched => new Map()

/** The journal events that change more of an event than its seats, its status and its version. */
const WITH_DETAILS: ReadonlyArray<AdmissionEvent["_tag"]> = ["EventUpdated", "EventCancelled", "EventReopened"]

/** Notes the event of an entry that is about to be applied, and returns the version that it had before the batch. */
export const touch = (touched: Touched, { event: happened, eventId, version }: AdmissionEntry): number => {
  let event = touched.get(eventId)
  if (event === undefined) touched.set(eventId, (event = { versionBefore: version - 1, details: false }))
  if (WITH_DETAILS.includes(happened._tag)) event.details = true
  return event.versionBefore
}

export const changes = (touched: Touched, set: WorkingSet): Changes["events"] =>
  Array.from(touched, ([id, { details, versionBefore }]) => ({
    event: set.events.get(id)!,
    created: versionBefore === 0,
    details
  }))
