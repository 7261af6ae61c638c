/**
 * The id of an event, which is what people attend. It names the event, the row that is locked when its seats are decided, and
 * its stream: the part of the journal that records what happened to it. Every subject of the library uses it.
 */
import * as Schema from "effect/Schema"
import { described } from "./document/Documented.ts"
import { Uuid } from "./Uuid.ts"

export const EventId = Uuid.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

/** A field that has the id of the event that is spoken of. */
export const TheEvent = described("The id of the event", EventId)
