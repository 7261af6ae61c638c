/**
 * What the suites of a registration store ask the service for, and how they show what there is.
 */
import type { Vitest } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect } from "effect"
import * as Invariants from "../../support/Invariants.ts"

export type It = Vitest.MethodsNonLive<Turnout.Turnout | AdmissionStore | AdmissionReads>

export const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

/** The number of a person, see `Given.person`. */
const numberOf = ({ email }: { readonly email: string }): string => /\d+/.exec(email)![0]

/** Checks an event, and shows the states of its registrations in the order of entry, with the numbers of the persons. */
export const states = (eventId: string) =>
  Effect.map(Invariants.hold(eventId), ({ registrations }) =>
    registrations.map(({ attendee, state }) => `${numberOf(attendee)} ${state}`)
  )

/** The first page of a waitlist: the places, and the numbers of the persons. */
export const line = (eventId: string) =>
  Effect.map(
    use((turnout) => turnout.listWaitlist(eventId)),
    ({ items }) => items.map(({ position, registration }) => `${position}: ${numberOf(registration.attendee)}`)
  )

const HOUR = 3_600_000

/** The times of an event that began an hour ago. */
export const underway = () => ({ startsAt: new Date(Date.now() - HOUR), endsAt: new Date(Date.now() + 5 * HOUR) })
