/**
 * The queries about events and registrations, and the cursors of their pages.
 */
import * as Schema from "effect/Schema"
import { EventStatus } from "../domain/model/Event.ts"
import { EventId } from "../../kernel/domain/EventId.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { cursorOf, Limit } from "../../kernel/domain/Page.ts"
import { RegistrationId, RegistrationState } from "../domain/model/Registration.ts"
import * as Text from "../../kernel/domain/Text.ts"
import type { EventKey } from "../ports/EventReads.ts"

export const EventCursor: Schema.Codec<EventKey, string> = cursorOf(Schema.Struct({ startsAt: Instant, id: EventId }))
export const SequenceCursor: Schema.Codec<number, string> = cursorOf(Schema.Natural)
export const RegistrationCursor: Schema.Codec<RegistrationId, string> = cursorOf(RegistrationId)

const page = { limit: Schema.optionalKey(Limit) }

/** `from` and `until` bound `startsAt`: from ≤ startsAt < until. */
export const EventQuery = Schema.Struct({
  status: Schema.optionalKey(EventStatus),
  organizer: Schema.optionalKey(Text.line({ minLength: 1, maxLength: 200 })),
  from: Schema.optionalKey(Instant),
  until: Schema.optionalKey(Instant),
  cursor: Schema.optionalKey(EventCursor),
  ...page
})

export const RegistrationQuery = Schema.Struct({
  state: Schema.optionalKey(RegistrationState),
  cursor: Schema.optionalKey(SequenceCursor),
  ...page
})

export const WaitlistQuery = Schema.Struct({ cursor: Schema.optionalKey(SequenceCursor), ...page })

export const AttendeeQuery = Schema.Struct({ cursor: Schema.optionalKey(RegistrationCursor), ...page })

export const JournalQuery = Schema.Struct({ cursor: Schema.optionalKey(SequenceCursor), ...page })
