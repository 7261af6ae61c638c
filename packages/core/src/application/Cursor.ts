/**
 * Cursors: the key of the last item of a page, as an opaque string.
 */
import * as Schema from "effect/Schema"
import { EventId } from "../domain/Event.ts"
import { Instant } from "../domain/Instant.ts"
import { RegistrationId } from "../domain/Registration.ts"
import type { EventKey } from "../ports/RegistrationStore.ts"

/** Items on a page unless asked otherwise, and at most. */
export const DEFAULT_LIMIT = 50
export const MAX_LIMIT = 500

export const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_LIMIT }))

const cursor = <T>(key: Schema.Codec<T, unknown>): Schema.Codec<T, string> =>
  Schema.StringFromBase64Url.pipe(Schema.decodeTo(Schema.fromJsonString(Schema.toCodecJson(key))))

export const EventCursor: Schema.Codec<EventKey, string> = cursor(Schema.Struct({ startsAt: Instant, id: EventId }))
export const SequenceCursor: Schema.Codec<number, string> = cursor(Schema.Natural)
export const RegistrationCursor: Schema.Codec<RegistrationId, string> = cursor(RegistrationId)
