/**
 * What can be asked of an event. Commands are plain decoded values: they hold what the caller wants and nothing else.
 */
import type { Attendee } from "./Attendee.ts"
import type { EventChanges, EventId, EventInput } from "./Event.ts"
import type { RegistrationId } from "./Registration.ts"

export interface CreateEvent {
  readonly _tag: "CreateEvent"
  readonly event: EventInput
}

export interface UpdateEvent {
  readonly _tag: "UpdateEvent"
  readonly eventId: EventId
  readonly changes: EventChanges
}

export interface PublishEvent {
  readonly _tag: "PublishEvent"
  readonly eventId: EventId
}

export interface UnpublishEvent {
  readonly _tag: "UnpublishEvent"
  readonly eventId: EventId
}

export interface CancelEvent {
  readonly _tag: "CancelEvent"
  readonly eventId: EventId
}

export interface CompleteEvent {
  readonly _tag: "CompleteEvent"
  readonly eventId: EventId
}

/** `keepOverhang` accepts a capacity below the seats taken: nobody is promoted until the overhang is gone. */
export interface ChangeCapacity {
  readonly _tag: "ChangeCapacity"
  readonly eventId: EventId
  readonly capacity: number
  readonly keepOverhang: boolean
}

/** `registeredAt` is for imports: when the attendee registered elsewhere; `null`, or a later moment, means now. */
export interface Register {
  readonly _tag: "Register"
  readonly eventId: EventId
  readonly attendee: Attendee
  readonly notes: string
  readonly registeredAt: Date | null
}

export interface CancelRegistration {
  readonly _tag: "CancelRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Gives a chosen waiter a seat, whatever the place in the list; the seat counts against capacity like any other. */
export interface ConfirmRegistration {
  readonly _tag: "ConfirmRegistration"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export interface MarkAttended {
  readonly _tag: "MarkAttended"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

export interface MarkNoShow {
  readonly _tag: "MarkNoShow"
  readonly eventId: EventId
  readonly registrationId: RegistrationId
}

/** Nothing but the next step of the promotions that a large raise of capacity made due, which every command carries on. */
export interface PromoteWaiting {
  readonly _tag: "PromoteWaiting"
  readonly eventId: EventId
}

export type EventCommand =
  | CreateEvent
  | UpdateEvent
  | PublishEvent
  | UnpublishEvent
  | CancelEvent
  | CompleteEvent
  | ChangeCapacity
  | PromoteWaiting

export type RegistrationCommand = Register | CancelRegistration | ConfirmRegistration | MarkAttended | MarkNoShow

export type Command = EventCommand | RegistrationCommand

/** The name of a command, as it appears in idempotency scopes and rejections. */
export type Operation = Command["_tag"]
