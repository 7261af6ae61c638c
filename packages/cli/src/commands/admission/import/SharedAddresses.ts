/**
 * E-mail addresses that have several registrations of an event, of which an import warns.
 *
 * Two people may share an address, as families do, under ids of their own. It may also be one person twice. Turnout cannot tell the
 * two cases apart, so it registers the row, and a person decides.
 */
import { nameOf } from "@turnout/core/admission/domain/model/Attendee"
import { fold } from "@turnout/core/kernel/domain/text/EmailAddress"
import { isActive, type Registration } from "@turnout/core/admission/domain/model/Registration"
import type { Registered } from "./Registered.ts"

export interface SharedAddresses {
  /** Notes a registration that a row has made. Returns a warning if its address has another active registration. */
  readonly note: (registration: Registration) => string | undefined
}

const inWords = (email: string, { attendee, id, state }: Registration): string =>
  `${email} has another registration of this event: ${id} of ${nameOf(attendee.id)} is ${state}. Cancel one of the two if both are of one person`

/** Begins with the registrations that the event had before the import. */
export const make = ({ byEmail }: Pick<Registered, "byEmail">): SharedAddresses => {
  const active = new Map(Array.from(byEmail, ([email, all]) => [email, all.filter(isActive)]))
  return {
    note: (registration) => {
      const email = fold(registration.attendee.email)
      const known = active.get(email) ?? []
      const other = known.find(({ attendee }) => attendee.id !== registration.attendee.id)
      active.set(email, [...known, registration])
      return other === undefined ? undefined : inWords(registration.attendee.email, other)
    }
  }
}
