/**
 * Turnout as plain async functions: a talk with two seats, and a waitlist that moves up by itself.
 */
import { createTurnout, isTurnoutError } from "turnout"

/** What to tell somebody whom the domain refused. */
const explain = (error: unknown): string => {
  if (!isTurnoutError(error)) throw error
  switch (error._tag) {
    case "AlreadyRegistered":
      return `already ${error.state}`
    case "CapacityFull":
    case "WaitlistFull":
      return "sold out"
    default:
      return error.message
  }
}

export const run = async (): Promise<{ waited: number | null; afterwards: string; again: string }> => {
  // For Postgres: createTurnout({ database: "postgres://localhost/app" }); for a folder: { database: "./data" }
  const turnout = createTurnout()
  try {
    const draft = await turnout.createEvent({
      title: "A talk",
      organizer: "Ada",
      startsAt: new Date("2030-05-01T18:00:00Z"),
      endsAt: new Date("2030-05-01T20:00:00Z"),
      timeZone: "Europe/London",
      capacity: 2
    })
    const event = await turnout.publishEvent(draft.id)

    const register = (email: string) => turnout.register(event.id, { attendee: { email } })
    const ada = await register("ada@example.com")
    await register("bob@example.com")
    const cy = await register("cy@example.com")

    await turnout.cancelRegistration(event.id, ada.registration.id)
    const promoted = await turnout.getRegistration(event.id, cy.registration.id)

    const again = await register("BOB@example.com").then(() => "registered twice", explain)
    return { waited: cy.waitlistPosition, afterwards: promoted.state, again }
  } finally {
    await turnout.close()
  }
}

if (import.meta.main) console.log(await run())
