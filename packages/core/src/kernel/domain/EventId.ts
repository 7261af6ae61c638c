/**
 * The id of an event, which is what people attend. It names the event, the row that is locked when its seats are decided, and
 * its stream: the part of the journal that records what happened to it. Every subject of the library uses it.
 */
import * as Schema from "effect/Schema"
import { Uuid } from "./Uuid.ts"

export const EventId = Uuid.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type
