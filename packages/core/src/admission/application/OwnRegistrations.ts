/**
 * The registrations of a person who is known by several attendee ids, as one list.
 */
import * as Effect from "effect/Effect"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import { DEFAULT_LIMIT, type Page, toPage } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { Registration } from "../domain/model/Registration.ts"
import { AdmissionReads } from "../ports/AdmissionReads.ts"
import { AttendeeQuery, type GivenAttendeeQuery, RegistrationCursor } from "./Queries.ts"

/** The most attendee ids that are looked for at a time. */
const AT_ONCE = 8

const decode = decoder(AttendeeQuery)

/**
 * Returns the registrations of these attendees for all events, the oldest first. A registration is of one attendee, so it is there once.
 * Reads up to a page for each id.
 */
export const list = Effect.fnUntraced(function* (
  attendeeIds: ReadonlyArray<string>,
  query: GivenAttendeeQuery
): Effect.fn.Return<Page<Registration>, InvalidInput | StoreError, AdmissionReads> {
  const { cursor, limit = DEFAULT_LIMIT } = yield* decode(query)
  const reads = yield* AdmissionReads
  const page = { limit: limit + 1, after: cursor ?? null }
  const found = yield* Effect.forEach(attendeeIds, (id) => reads.attendeeRegistrations(id as AttendeeId, page, null), {
    concurrency: AT_ONCE
  })
  const merged = found.flat().toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return toPage(merged, limit, RegistrationCursor, ({ id }) => id)
})
