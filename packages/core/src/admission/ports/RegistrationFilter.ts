/**
 * Which registrations of an event are to be listed or counted.
 *
 * A filter is a value that every store reads in the same way: `includes` says what it means.
 */
import * as Search from "../../kernel/domain/text/Search.ts"
import type { AttendeeId } from "../domain/model/Attendee.ts"
import type { Registration, RegistrationState } from "../domain/model/Registration.ts"

/** The conditions, all of which must hold; `null` is none. */
export interface RegistrationFilter {
  /** The registration has one of these states. */
  readonly states: ReadonlyArray<RegistrationState> | null
  readonly attendeeId: AttendeeId | null
  /** `registeredFrom` ≤ registeredAt < `registeredUntil`. */
  readonly registeredFrom: Date | null
  readonly registeredUntil: Date | null
  /** `changedFrom` ≤ changedAt < `changedUntil`. */
  readonly changedFrom: Date | null
  readonly changedUntil: Date | null
  /** Each term is the beginning of a word of the attendee's name, or of the e-mail address. */
  readonly search: Search.Terms | null
}

/** The filter that includes every registration. */
export const everyRegistration: RegistrationFilter = {
  states: null,
  attendeeId: null,
  registeredFrom: null,
  registeredUntil: null,
  changedFrom: null,
  changedUntil: null,
  search: null
}

/** Whether the attendee is one that the filter looks for. */
export const hasText = (
  { search }: RegistrationFilter,
  { email, name }: Pick<Registration["attendee"], "email" | "name">
): boolean => search === null || Search.begins(search, name, email)

export const includes = (filter: RegistrationFilter, registration: Registration): boolean =>
  (filter.states === null || filter.states.includes(registration.state)) &&
  (filter.attendeeId === null || registration.attendee.id === filter.attendeeId) &&
  (filter.registeredFrom === null || registration.registeredAt >= filter.registeredFrom) &&
  (filter.registeredUntil === null || registration.registeredAt < filter.registeredUntil) &&
  (filter.changedFrom === null || registration.changedAt >= filter.changedFrom) &&
  (filter.changedUntil === null || registration.changedAt < filter.changedUntil) &&
  hasText(filter, registration.attendee)
