/**
 * Turnout as an Effect service: a talk with two seats, and a waitlist that moves up by itself.
 */
import * as Memory from "@turnout/adapters/memory"
import { layer, Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"

// #region program
const program = Effect.gen(function* () {
  const turnout = yield* Turnout
  const draft = yield* turnout.createEvent({
    title: "A talk",
    organizer: "Ada",
    startsAt: new Date("2030-05-01T18:00:00Z"),
    endsAt: new Date("2030-05-01T20:00:00Z"),
    timeZone: "Europe/London",
    capacity: 2
  })
  const event = yield* turnout.publishEvent(draft.id)

  const register = (email: string) => turnout.register(event.id, { attendee: { email } })
  const ada = yield* register("ada@example.com")
  yield* register("bob@example.com")
  const cy = yield* register("cy@example.com")

  yield* turnout.cancelRegistration(event.id, ada.registration.id)
  const promoted = yield* turnout.getRegistration(event.id, cy.registration.id)

  const again = yield* register("BOB@example.com").pipe(
    Effect.map(() => "registered twice"),
    Effect.catchTag("AlreadyRegistered", ({ state }) => Effect.succeed(`already ${state}`))
  )
  return { waited: cy.waitlistPosition, afterwards: promoted.state, again }
})
// #endregion

// For Postgres: Postgres.layer({ url: "postgres://localhost/app" }) from "@turnout/adapters/postgres"
const store = Memory.layer

export const run = (): Promise<Effect.Success<typeof program>> =>
  Effect.runPromise(program.pipe(Effect.provide(layer().pipe(Layer.provide(store)))))

if (import.meta.main) console.log(await run())
