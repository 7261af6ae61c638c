/**
 * The event: what people attend.
 *
 * Contains its fields and their rules, its states, its commands, their outcomes, its journal events and its rejections; its seats
 * are in `Seats`, its version and its deletion in the folder `event`. An event is also the consistency boundary: everything that
 * concerns its seats is decided under the lock of its row, and its journal is one stream whose version counts up by one with every
 * journal event.
 */
import * as Schema from "effect/Schema"
import {
  type DeleteEvent,
  DeletionOutcome,
  EventDeleted,
  EventHadRegistrations,
  EventWasDeleted
} from "./event/EventDeletion.ts"
import { defaulting, described } from "../../../kernel/domain/document/Documented.ts"
import { EventId, TheEvent } from "../../../kernel/domain/EventId.ts"
import { type Expecting, VersionConflict } from "./event/EventVersion.ts"
import { earlier, Instant } from "../../../kernel/domain/Instant.ts"
import { OrganizationId, OrganizationNotFound } from "../../../kernel/domain/OrganizationId.ts"
import { Capacity, CapacityBelowSeatsTaken, type ChangeCapacity, Counts, DemotionsMismatch } from "./Seats.ts"
import type { CarryOn } from "./Steps.ts"
import { RegistrationAccess } from "../../../kernel/domain/access/RegistrationAccess.ts"
import * as Text from "../../../kernel/domain/Text.ts"
import { TimeZone } from "../../../kernel/domain/TimeZone.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

/**
 * - `draft`: being prepared; only staff register people, as guests.
 * - `published`: open to registrations within the registration window.
 * - `cancelled`: will not take place; its registrations end, in steps.
 * - `completed`: has taken place; attendance can still be recorded.
 * - `reopening`: was cancelled by mistake; its registrations come back, in steps, and then it is what it was.
 */
export const EventStatus = Schema.Literals(["draft", "published", "cancelled", "completed", "reopening"])
export type EventStatus = typeof EventStatus.Type

/** What documents say of the fields that are not stored under the rules that they are entered under. */
const words = {
  title: ["The title of the event", { examples: ["An evening of chamber music"] }],
  location: ["The place of the event", { examples: ["Town hall"] }],
  organizer: ["Who organizes the event: a name, or the host's own id", { examples: ["Music society"] }]
} as const

const ORGANIZATION = "The organization that the event belongs to, for ever"

const details = {
  /** The title: a line of 1 to 200 characters. */
  title: described(words.title[0], Text.line({ minLength: 1, maxLength: 200 }), words.title[1]),
  /** The description: text of at most 4,000 characters. Default empty. */
  description: described("What the event is about", Text.paragraphs({ maxLength: 4_000 }), {
    examples: ["Two quartets, with an interval."]
  }),
  /** The place: a line of at most 500 characters. Default empty. */
  location: described(words.location[0], Text.line({ maxLength: 500 }), words.location[1]),
  /** The organizer: a name or the host's own id, a line of 1 to 200 characters. */
  organizer: described(words.organizer[0], Text.line({ minLength: 1, maxLength: 200 }), words.organizer[1]),
  /** When the event begins. */
  startsAt: described("When the event begins", Instant, { examples: ["2035-05-12T18:00:00.000Z"] }),
  /** The end, after the start. Nobody registers, and nobody is promoted, from then on. */
  endsAt: described(
    "When the event ends, which is after it begins: nobody registers, and nobody is promoted, from then on",
    Instant,
    { examples: ["2035-05-12T21:00:00.000Z"] }
  ),
  /** The IANA time zone of the place, such as `Europe/Berlin`: for showing times, not for deciding. */
  timeZone: described("The time zone of the place: for showing times, not for deciding", TimeZone, {
    examples: ["Europe/Berlin"]
  }),
  /** When people can register from; `null`, the default, from the publication on. */
  registrationOpensAt: described(
    "When people can register from, before the event ends; null for from the publication on",
    Schema.NullOr(Instant),
    { examples: [null] }
  ),
  /** When people can register until; `null`, the default, until the event ends. */
  registrationClosesAt: described(
    "When people can register until, after registration opens; null for until the event ends",
    Schema.NullOr(Instant),
    { examples: [null] }
  ),
  /** A `closed` waitlist takes no new entries; people who wait already keep their places and are promoted as before. */
  waitlist: described(
    "Whether the waitlist takes new entries; people who wait already keep their places and are promoted in either case",
    Schema.Literals(["open", "closed"]),
    { examples: ["open"] }
  ),
  /** The most people who may wait at once; `null` for no limit. */
  waitlistLimit: described("The most people who may wait at once; null for no limit", Schema.NullOr(Capacity), {
    examples: [null]
  }),
  /**
   * Who may register themselves: whoever asks (`open`, the default), `members` of the organization, or, by `invitation`, nobody but those
   * whom staff register. It binds callers of the HTTP API, and no program that embeds the library.
   */
  registration: described(
    "Who may register themselves: open for whoever asks, members for those of the organization, and invitation for nobody, since staff register people",
    RegistrationAccess,
    { examples: ["open"] }
  ),
  /**
   * When attendees can cancel by themselves until, which is not after the end; `null`, the default, until the event begins. Staff
   * cancel at any time.
   */
  cancellationClosesAt: described(
    "When attendees can cancel by themselves until, which is not after the event ends; null for until it begins",
    Schema.NullOr(Instant),
    { examples: [null] }
  )
} as const

/** The fields that `update` may change. */
export const EventDetails = Schema.Struct(details)
export type EventDetails = typeof EventDetails.Type

/** The fields as stored. They were written under the rules of their time, so what a text must show is not checked. */
const storedDetails = {
  ...details,
  /** The title. */
  title: described(words.title[0], Schema.String, words.title[1]),
  /** The place, which may be empty. */
  location: described(words.location[0], Schema.String, words.location[1]),
  /** The organizer: a name, or the host's own id. */
  organizer: described(words.organizer[0], Schema.String, words.organizer[1])
} as const

/** The details in the journal, where a field that was added later is absent for what it stands for if it is not given. */
const StoredDetails = Schema.Struct({
  ...storedDetails,
  /** Who may register themselves; absent for `open`. */
  registration: described("Who may register themselves; absent for open", Schema.optionalKey(RegistrationAccess)),
  /** When attendees can cancel by themselves until; absent for until the event begins. */
  cancellationClosesAt: described(
    "When attendees can cancel by themselves until; absent for until the event begins",
    Schema.optionalKey(Instant)
  )
})

/** The details as the journal has them. */
export const toStored = ({
  cancellationClosesAt,
  registration,
  ...details
}: EventDetails): typeof StoredDetails.Type => ({
  ...details,
  ...(registration === "open" ? {} : { registration }),
  ...(cancellationClosesAt === null ? {} : { cancellationClosesAt })
})

/** The details that the journal has. */
export const fromStored = (details: typeof StoredDetails.Type): EventDetails => ({
  registration: "open",
  cancellationClosesAt: null,
  ...details
})

export const Event = Schema.Struct({
  /** The id of the event. */
  id: TheEvent,
  /** The organization that the event belongs to, for ever. */
  organizationId: described(ORGANIZATION, OrganizationId),
  ...storedDetails,
  /** The number of seats. */
  capacity: described("The number of seats", Capacity, { examples: [100] }),
  /** Where the event is in its life: see `EventStatus`. */
  status: described("Where the event is in its life", EventStatus),
  /** The status that a cancelled event had, which reopening gives it again; absent unless it is cancelled or reopening. */
  cancelledFrom: described(
    "The status that a cancelled event had, which reopening gives it again; absent unless it is cancelled or reopening",
    Schema.optionalKey(Schema.Literals(["draft", "published"]))
  ),
  /** How many journal events the stream of this event has. */
  version: described("How many journal events the stream of this event has", Schema.Natural),
  /** The version in which the event itself changed last: its details, its capacity or its status. */
  revision: described(
    "The version in which the event itself changed last: its details, its capacity or its status",
    Schema.Natural
  ),
  /** The number of registrations in each state; cancelled ones are not counted. */
  counts: described("The number of registrations in each state; cancelled ones are not counted", Counts),
  /** When the event was created. */
  createdAt: described("When the event was created", Instant),
  /** When the last journal event of the stream happened. */
  updatedAt: described("When the last journal event of the stream happened", Instant)
}).annotate({ identifier: "Event" })
export interface Event extends Schema.Schema.Type<typeof Event> {}

/**
 * The input for a new event: title, organizer, startsAt, endsAt, timeZone and capacity are required. `id` is the caller's own
 * id for the event, which is created only once under it; without one the event gets a fresh id.
 */
export const EventInput = Schema.Struct({
  /** Your own id for the event, which is created only once under it; without one the event gets a fresh id. */
  id: described(
    "Your own id for the event, which is created only once under it; without one the event gets a fresh id",
    Schema.optionalKey(EventId)
  ),
  /** The organization that the event belongs to, for ever. Default: that of everybody who knows of no other. */
  organizationId: described(
    `${ORGANIZATION}; without one it belongs to the default organization`,
    Schema.optionalKey(OrganizationId)
  ),
  ...details,
  /** The description: text of at most 4,000 characters. Default empty. */
  description: defaulting("", Schema.optionalKey(details.description)),
  /** The place: a line of at most 500 characters. Default empty. */
  location: defaulting("", Schema.optionalKey(details.location)),
  /** When people can register from; `null`, the default, from the publication on. */
  registrationOpensAt: defaulting(null, Schema.optionalKey(details.registrationOpensAt)),
  /** When people can register until; `null`, the default, until the event ends. */
  registrationClosesAt: defaulting(null, Schema.optionalKey(details.registrationClosesAt)),
  /** A `closed` waitlist takes no new entries; people who wait already keep their places and are promoted as before. */
  waitlist: defaulting("open", Schema.optionalKey(details.waitlist)),
  /** The most people who may wait at once; `null` for no limit. */
  waitlistLimit: defaulting(null, Schema.optionalKey(details.waitlistLimit)),
  /** Who may register themselves. Default `open`: whoever asks. */
  registration: defaulting("open", Schema.optionalKey(details.registration)),
  /** When attendees can cancel by themselves until; `null`, the default, until the event begins. */
  cancellationClosesAt: defaulting(null, Schema.optionalKey(details.cancellationClosesAt)),
  /** The number of seats, 0 to 1,000,000. */
  capacity: described("The number of seats", Capacity, { examples: [100] })
})
  .check(Schema.makeFilter((input) => scheduleProblem(input)))
  .annotate({ identifier: "EventInput" })
export type EventInput = typeof EventInput.Type

/** A new event, as a caller gives it. */
export interface GivenEvent extends Schema.Codec.Encoded<typeof EventInput> {}

/** The input for `update`: a field that is absent stays as it is, `null` clears an optional one. */
export const EventChanges = Schema.Struct({
  /** The title: a line of 1 to 200 characters. */
  title: Schema.optionalKey(details.title),
  /** The description: text of at most 4,000 characters. Default empty. */
  description: Schema.optionalKey(details.description),
  /** The place: a line of at most 500 characters. Default empty. */
  location: Schema.optionalKey(details.location),
  /** The organizer: a name or the host's own id, a line of 1 to 200 characters. */
  organizer: Schema.optionalKey(details.organizer),
  /** When the event begins. */
  startsAt: Schema.optionalKey(details.startsAt),
  /** The end, after the start. Nobody registers, and nobody is promoted, from then on. */
  endsAt: Schema.optionalKey(details.endsAt),
  /** The IANA time zone of the place, such as `Europe/Berlin`: for showing times, not for deciding. */
  timeZone: Schema.optionalKey(details.timeZone),
  /** When people can register from; `null`, the default, from the publication on. */
  registrationOpensAt: Schema.optionalKey(details.registrationOpensAt),
  /** When people can register until; `null`, the default, until the event ends. */
  registrationClosesAt: Schema.optionalKey(details.registrationClosesAt),
  /** A `closed` waitlist takes no new entries; people who wait already keep their places and are promoted as before. */
  waitlist: Schema.optionalKey(details.waitlist),
  /** The most people who may wait at once; `null` for no limit. */
  waitlistLimit: Schema.optionalKey(details.waitlistLimit),
  /** Who may register themselves. Default `open`: whoever asks. */
  registration: Schema.optionalKey(details.registration),
  /** When attendees can cancel by themselves until; `null`, the default, until the event begins. */
  cancellationClosesAt: Schema.optionalKey(details.cancellationClosesAt)
}).annotate({ identifier: "EventChanges" })
export type EventChanges = typeof EventChanges.Type

/** Changes of an event, as a caller gives it. */
export interface GivenEventChanges extends Schema.Codec.Encoded<typeof EventChanges> {}

interface Schedule {
  readonly startsAt: Date
  readonly endsAt: Date
  readonly registrationOpensAt?: Date | null
  readonly registrationClosesAt?: Date | null
  readonly cancellationClosesAt?: Date | null
}

/** What is wrong with the order of an event's times: the field and the rule that it breaks. */
export const scheduleProblem = (
  times: Schedule
): { readonly path: ReadonlyArray<string>; readonly issue: string } | undefined => {
  if (times.endsAt <= times.startsAt) return { path: ["endsAt"], issue: "must be after startsAt" }
  if (times.registrationOpensAt && times.registrationOpensAt >= times.endsAt) {
    return { path: ["registrationOpensAt"], issue: "must be before endsAt" }
  }
  if (
    times.registrationOpensAt &&
    times.registrationClosesAt &&
    times.registrationClosesAt <= times.registrationOpensAt
  ) {
    return { path: ["registrationClosesAt"], issue: "must be after registrationOpensAt" }
  }
  if (times.cancellationClosesAt && times.cancellationClosesAt > times.endsAt) {
    return { path: ["cancellationClosesAt"], issue: "must not be after endsAt" }
  }
  return undefined
}

/** The moment from which on nobody can register: the close of registration, or the event's end if that is earlier. */
export const registrationEnd = (event: Event): Date => earlier(event.registrationClosesAt, event.endsAt)

/** The moment from which on attendees cannot cancel by themselves. */
export const selfServiceEnd = ({ cancellationClosesAt, startsAt }: Event): Date => cancellationClosesAt ?? startsAt

/** Whether an event is published, or has been when it was cancelled, so that everybody may see it. */
export const isPublic = ({ cancelledFrom, status }: Event): boolean =>
  status === "published" || status === "completed" || (status !== "draft" && cancelledFrom !== "draft")

// --- commands

export interface CreateEvent {
  readonly _tag: "CreateEvent"
  readonly event: EventInput
}

export interface UpdateEvent extends Expecting {
  readonly _tag: "UpdateEvent"
  readonly eventId: EventId
  readonly changes: EventChanges
}

export interface PublishEvent extends Expecting {
  readonly _tag: "PublishEvent"
  readonly eventId: EventId
}

export interface UnpublishEvent extends Expecting {
  readonly _tag: "UnpublishEvent"
  readonly eventId: EventId
}

export interface CancelEvent extends Expecting {
  readonly _tag: "CancelEvent"
  readonly eventId: EventId
}

export interface CompleteEvent extends Expecting {
  readonly _tag: "CompleteEvent"
  readonly eventId: EventId
}

/**
 * Takes back that an event was cancelled or completed, before it ends. The registrations that the cancellation ended come back to
 * their seats and places.
 */
export interface ReopenEvent extends Expecting {
  readonly _tag: "ReopenEvent"
  readonly eventId: EventId
}

export type EventCommand =
  | CreateEvent
  | UpdateEvent
  | PublishEvent
  | UnpublishEvent
  | CancelEvent
  | CompleteEvent
  | ReopenEvent
  | DeleteEvent
  | ChangeCapacity
  | CarryOn

// --- outcomes

export const EventOutcome = Schema.Struct({ event: Event })
export type EventOutcome = typeof EventOutcome.Type

/** The outcome of each command. */
export const outcomesByOperation = {
  CreateEvent: EventOutcome,
  UpdateEvent: EventOutcome,
  PublishEvent: EventOutcome,
  UnpublishEvent: EventOutcome,
  CancelEvent: EventOutcome,
  CompleteEvent: EventOutcome,
  ReopenEvent: EventOutcome,
  DeleteEvent: DeletionOutcome,
  ChangeCapacity: EventOutcome,
  CarryOn: EventOutcome
} as const

// --- journal events

export const EventCreated = Schema.TaggedStruct("EventCreated", {
  /** What the event is. */
  details: described("What the event is", StoredDetails),
  /** The number of seats. */
  capacity: described("The number of seats", Capacity, { examples: [100] }),
  /** The organization that the event belongs to; absent for the default one. */
  organizationId: described(
    "The organization that the event belongs to; absent for the default one",
    Schema.optionalKey(OrganizationId)
  )
}).annotate({
  description: "An event was created, as a draft"
})
export const EventUpdated = Schema.TaggedStruct("EventUpdated", {
  /** What the event is from now on. */
  details: described("What the event is from now on", StoredDetails)
}).annotate({
  description: "The details of an event were changed"
})
export const EventPublished = Schema.TaggedStruct("EventPublished", {}).annotate({
  description: "An event was opened to registrations"
})
export const EventUnpublished = Schema.TaggedStruct("EventUnpublished", {}).annotate({
  description: "An event was taken back to draft"
})
export const EventCancelled = Schema.TaggedStruct("EventCancelled", {}).annotate({
  description: "An event was cancelled; its registrations end in further journal events"
})
export const EventCompleted = Schema.TaggedStruct("EventCompleted", {}).annotate({
  description: "An event has taken place"
})
/** The registrations of a cancelled event begin to come back. */
export const EventReopening = Schema.TaggedStruct("EventReopening", {}).annotate({
  description: "The registrations of a cancelled event begin to come back"
})
/** The event is what it was before it was cancelled or completed. */
export const EventReopened = Schema.TaggedStruct("EventReopened", {
  /** The status that the event has again. */
  status: described("The status that the event has again", Schema.Literals(["draft", "published"]))
}).annotate({
  description: "The event is what it was before it was cancelled or completed"
})

/** All journal events about an event itself. */
export const journalEvents = [
  EventCreated,
  EventUpdated,
  EventPublished,
  EventUnpublished,
  EventCancelled,
  EventCompleted,
  EventReopening,
  EventReopened,
  EventDeleted
] as const

// --- rejections

/** There is no event with this id. */
export class EventNotFound extends TaggedError<EventNotFound>()("EventNotFound", { eventId: TheEvent }) {
  override get message(): string {
    return `There is no event ${this.eventId}.`
  }
}

/** An event with this id was created before, by another command. */
export class EventAlreadyExists extends TaggedError<EventAlreadyExists>()("EventAlreadyExists", {
  eventId: TheEvent
}) {
  override get message(): string {
    return `Event ${this.eventId} exists already.`
  }
}

/** The status of the event does not allow this operation. */
export class EventStatusConflict extends TaggedError<EventStatusConflict>()("EventStatusConflict", {
  eventId: TheEvent,
  /** The operation that was refused. */
  operation: described("The operation that was refused", Schema.String),
  /** The status of the event. */
  eventStatus: described("The status of the event", EventStatus),
  /** The statuses in which the operation is possible. */
  allowed: described("The statuses in which the operation is possible", Schema.Array(EventStatus))
}) {
  override get message(): string {
    return `${this.operation} needs an event that is ${this.allowed.join(" or ")}; this one is ${this.eventStatus}.`
  }
}

/** An event that has registrations cannot go back to draft. */
export class EventHasRegistrations extends TaggedError<EventHasRegistrations>()("EventHasRegistrations", {
  eventId: TheEvent,
  /** The seats that are taken. */
  seatsTaken: described("The seats that are taken", Schema.Natural),
  /** The people who wait. */
  waitlistLength: described("The people who wait", Schema.Natural)
}) {
  override get message(): string {
    return `${this.seatsTaken} seats are taken and ${this.waitlistLength} people wait; cancel the event instead.`
  }
}

/** The operation is possible only once the event has started. */
export class EventNotStarted extends TaggedError<EventNotStarted>()("EventNotStarted", {
  eventId: TheEvent,
  /** The operation that was refused. */
  operation: described("The operation that was refused", Schema.String),
  /** When the event begins. */
  startsAt: described("When the event begins", Instant)
}) {
  override get message(): string {
    return `${this.operation} is possible from ${this.startsAt.toISOString()} on, when the event starts.`
  }
}

/** The operation is possible only before the event ends. */
export class EventOver extends TaggedError<EventOver>()("EventOver", {
  eventId: TheEvent,
  /** The operation that was refused. */
  operation: described("The operation that was refused", Schema.String),
  /** When the event ended. */
  endedAt: described("When the event ended", Instant)
}) {
  override get message(): string {
    return `${this.operation} was possible before ${this.endedAt.toISOString()}, when the event ended.`
  }
}

/** The change would put the event's times out of order. */
export class ScheduleInvalid extends TaggedError<ScheduleInvalid>()("ScheduleInvalid", {
  eventId: TheEvent,
  /** The field that would be out of order. */
  field: described("The field that would be out of order", Schema.String),
  /** The rule that the field would break. */
  rule: described("The rule that the field would break", Schema.String)
}) {
  override get message(): string {
    return `${this.field} ${this.rule}.`
  }
}

/** All rejections of commands about an event itself. */
export const rejections = [
  EventNotFound,
  EventAlreadyExists,
  EventStatusConflict,
  EventHasRegistrations,
  EventNotStarted,
  EventOver,
  ScheduleInvalid,
  OrganizationNotFound
] as const

/** The rejections that each command can meet. */
export const rejectionsByOperation = {
  CreateEvent: [EventAlreadyExists, EventWasDeleted, OrganizationNotFound],
  UpdateEvent: [EventNotFound, EventStatusConflict, VersionConflict, ScheduleInvalid],
  PublishEvent: [EventNotFound, EventStatusConflict, VersionConflict],
  UnpublishEvent: [EventNotFound, EventStatusConflict, VersionConflict, EventHasRegistrations],
  CancelEvent: [EventNotFound, EventStatusConflict, VersionConflict],
  CompleteEvent: [EventNotFound, EventStatusConflict, VersionConflict, EventNotStarted],
  ReopenEvent: [EventNotFound, EventOver, VersionConflict],
  DeleteEvent: [EventNotFound, EventStatusConflict, VersionConflict, EventHadRegistrations],
  ChangeCapacity: [EventNotFound, EventStatusConflict, VersionConflict, CapacityBelowSeatsTaken, DemotionsMismatch],
  CarryOn: [EventNotFound]
} as const
