/**
 * The registrations of an event that the people of a file have already.
 *
 * People are found by their ids, and by their e-mail addresses as well: a list that has got a column of ids, or has lost it, calls
 * the same people otherwise.
 */
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import type { Attendee } from "@turnout/core/admission/domain/model/Attendee"
import { fold } from "@turnout/core/kernel/domain/text/EmailAddress"
import { isActive, type Registration } from "@turnout/core/admission/domain/model/Registration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { MAX_LIMIT } from "@turnout/core/kernel/domain/Page"
import * as Effect from "effect/Effect"
import { isUnderAnotherId } from "./Person.ts"

/** The active registration of a person, and of the cancelled ones the last to be entered. */
export interface Known {
  readonly active?: Registration
  readonly cancelled?: Registration
}

export interface Registered {
  readonly byId: ReadonlyMap<string, Known>
  /** Registrations by folded e-mail address, in the order of entry. */
  readonly byEmail: ReadonlyMap<string, ReadonlyArray<Registration>>
}

export const nobody: Registered = { byId: new Map(), byEmail: new Map() }

const emailOf = ({ email }: Attendee): string => fold(email)

/** Finds the registrations of these people by reading all of the event, in the order of entry. */
export const find = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  eventId: EventId,
  people: ReadonlyArray<Attendee>
): Effect.fn.Return<Registered, Effect.Error<ReturnType<TurnoutService["listRegistrations"]>>> {
  const ids = new Set(people.map(({ id }) => id))
  const emails = new Set(people.map(emailOf))
  const byId = new Map<string, Known>()
  const byEmail = new Map<string, Array<Registration>>()
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = yield* turnout.listRegistrations(eventId, {
      limit: MAX_LIMIT,
      ...(cursor === undefined ? {} : { cursor })
    })
    for (const registration of page.items) {
      const { attendee } = registration
      const email = emailOf(attendee)
      const part = isActive(registration) ? { active: registration } : { cancelled: registration }
      if (ids.has(attendee.id)) byId.set(attendee.id, { ...byId.get(attendee.id), ...part })
      const sharing = byEmail.get(email)
      if (sharing !== undefined) sharing.push(registration)
      else if (emails.has(email)) byEmail.set(email, [registration])
    }
    cursor = page.nextCursor
  }
  return { byId, byEmail }
})

/** The registrations of a person who seems to be registered under another id. */
export const underAnotherId = ({ byEmail }: Registered, attendee: Attendee): Known => {
  const all = byEmail.get(emailOf(attendee)) ?? []
  const found = all.filter((registration) => isUnderAnotherId(attendee, registration.attendee))
  const active = found.find(isActive)
  const cancelled = found.findLast((registration) => !isActive(registration))
  return { ...(active === undefined ? {} : { active }), ...(cancelled === undefined ? {} : { cancelled }) }
}
