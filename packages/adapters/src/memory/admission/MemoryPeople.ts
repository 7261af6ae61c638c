/**
 * The people who have registered for the events of an organization, as the store in memory finds them.
 */
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { RegisteredPerson } from "@turnout/core/admission/domain/model/RegisteredPerson"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { PeopleReads } from "@turnout/core/admission/ports/PeopleReads"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import * as Effect from "effect/Effect"
import type { State as EventState } from "./MemoryEvents.ts"
import type { State } from "./MemoryRegistrations.ts"

/** The order of texts by code points, which is that of their bytes in UTF-8. */
const byCodePoints = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const isLater = (one: Registration, other: Registration): boolean => {
  const between = one.registeredAt.getTime() - other.registeredAt.getTime()
  return between > 0 || (between === 0 && one.id > other.id)
}

const personOf = (registrations: ReadonlyArray<Registration>): RegisteredPerson => {
  const { attendee, registeredAt } = registrations.reduce((one, other) => (isLater(other, one) ? other : one))
  return { ...attendee, registrations: registrations.length, lastRegisteredAt: registeredAt }
}

/** The cost depends on the number of registrations for the events of the organization. */
export const reads = (state: Pick<State, "byEvent"> & Pick<EventState, "events">): PeopleReads => ({
  people: (organizationId, search, { after, limit }) =>
    Effect.sync(() => {
      const found = new Map<AttendeeId, Array<Registration>>()
      for (const [eventId, registrations] of state.byEvent) {
        if (state.events.get(eventId)?.organizationId !== organizationId) continue
        for (const registration of registrations.values()) {
          const { id } = registration.attendee
          const others = found.get(id)
          if (others === undefined) found.set(id, [registration])
          else others.push(registration)
        }
      }
      return Array.from(found.values(), personOf)
        .filter(({ email, id, name }) => {
          const isNext = after === null || byCodePoints(id, after) > 0
          return isNext && (search === null || Search.begins(search, name, email))
        })
        .toSorted((a, b) => byCodePoints(a.id, b.id))
        .slice(0, limit)
    })
})
