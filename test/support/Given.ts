/**
 * Input and state that tests start from.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { EventInput } from "@turnout/core/admission/domain/model/Event"
import { isStepDue } from "@turnout/core/admission/domain/model/Steps"
import { Effect } from "effect"

const DAY = 24 * 60 * 60 * 1_000

/** A conference in thirty days, with two seats. */
export const eventInput = (
  changes: Partial<typeof EventInput.Encoded> = {},
  now: Date = new Date()
): typeof EventInput.Encoded => ({
  title: "Conference",
  organizer: "Ada",
  startsAt: new Date(now.getTime() + 30 * DAY),
  endsAt: new Date(now.getTime() + 31 * DAY),
  timeZone: "Europe/Berlin",
  capacity: 2,
  ...changes
})

export const draftEvent = (changes?: Partial<typeof EventInput.Encoded>) =>
  Turnout.use((turnout) => turnout.createEvent(eventInput(changes)))

export const publishedEvent = (changes?: Partial<typeof EventInput.Encoded>) =>
  Turnout.use((turnout) =>
    Effect.flatMap(turnout.createEvent(eventInput(changes)), ({ id }) => turnout.publishEvent(id))
  )

/** The registration input of the n-th person. */
export const person = (n: number) => ({ attendee: { name: `Person ${n}`, email: `person-${n}@example.com` } })

/** Registers the n-th person. */
export const register = (eventId: string, n: number) =>
  Effect.map(
    Turnout.use((turnout) => turnout.register(eventId, person(n))),
    ({ registration }) => registration
  )

/** Waits until an event has no more steps to make, and gives the event. */
export const settled = (eventId: string) =>
  Turnout.use((turnout) =>
    Effect.repeat(
      Effect.tap(turnout.getEvent(eventId), () => Effect.yieldNow),
      { until: (event) => !isStepDue(event, new Date()) }
    )
  )

/** Registers persons 1 to n, one after the other. */
export const registerAll = (eventId: string, n: number) =>
  Effect.forEach(
    Array.from({ length: n }, (_, index) => index + 1),
    (number) => register(eventId, number)
  )
