/**
 * The deletion of an event that nobody has ever registered for: its command, its outcome, its journal event and its rejections.
 *
 * The journal of the event stays, and ends with `EventDeleted`. So the id of a deleted event is not used again: a command that
 * was sent before the deletion and arrives after it cannot bring the event back, and readers of the journal never meet two events in
 * one stream.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../../kernel/domain/document/Documented.ts"
import { EventId, TheEvent } from "../../../../kernel/domain/EventId.ts"
import { OrganizationId } from "../../../../kernel/domain/OrganizationId.ts"
import type { Expecting } from "./EventVersion.ts"
import { TaggedError } from "../../../../kernel/domain/TaggedError.ts"

export interface DeleteEvent extends Expecting {
  readonly _tag: "DeleteEvent"
  readonly eventId: EventId
}

/** The id of the event that is not there any more. */
export const DeletionOutcome = Schema.Struct({
  deleted: described("The id of the event that was deleted", EventId)
})
export type DeletionOutcome = typeof DeletionOutcome.Type

export const EventDeleted = Schema.TaggedStruct("EventDeleted", {
  /**
   * The organization that the event belonged to; absent for the default one. Pruning leaves nothing else of a deleted event, so this
   * is what tells whose it was.
   */
  organizationId: described(
    "The organization that the event belonged to; absent for the default one",
    Schema.optionalKey(OrganizationId)
  )
}).annotate({
  description: "A draft that nobody had ever registered for was deleted; it is the last journal event of its stream"
})

/** Somebody has registered for the event, be it that the registration was cancelled since. Its records stay. */
export class EventHadRegistrations extends TaggedError<EventHadRegistrations>()("EventHadRegistrations", {
  eventId: TheEvent
}) {
  override get message(): string {
    return `People have registered for event ${this.eventId} before, so it stays on record; cancel it instead.`
  }
}

/** An event with this id was deleted. The id is not used again. */
export class EventWasDeleted extends TaggedError<EventWasDeleted>()("EventWasDeleted", { eventId: TheEvent }) {
  override get message(): string {
    return `Event ${this.eventId} was deleted, and its id is not used again; take another one.`
  }
}

/** All rejections about the deletion of events. */
export const rejections = [EventHadRegistrations, EventWasDeleted] as const
