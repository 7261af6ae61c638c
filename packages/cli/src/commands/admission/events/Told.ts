/**
 * What a command that has changed an event prints: its document and its line.
 *
 * Some changes are too much for one commit, and go on in steps: the end of the registrations of an event that is cancelled, their
 * return when it is reopened, and promotions. The command stays until they are done.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import { seatsTaken } from "@turnout/core/admission/domain/model/Seats"
import { isStepDue } from "@turnout/core/admission/domain/model/Steps"
import * as Effect from "effect/Effect"
import type * as Database from "../../../Database.ts"
import type * as Line from "../../../output/Line.ts"
import * as Output from "../../../output/Output.ts"
import { count } from "../../../output/Words.ts"
import * as Writing from "../Writing.ts"
import type { WriteOptions } from "../WriteOptions.ts"

/** How often the command looks whether all steps are done. */
const LOOK_INTERVAL = "100 millis"

const seatsOf = (event: Event): string =>
  `${count(seatsTaken(event))} of ${count(event.capacity)} seats taken, ${count(event.counts.waitlisted)} waiting`

const lineOf = (done: string, event: Event): string =>
  `${done} ${event.id}: ${event.title} (${event.status}, ${seatsOf(event)})`

/** The event once no more steps are due. */
const settled = (event: Event): Effect.Effect<Event, unknown, Turnout> =>
  Turnout.use((turnout) => {
    const look = (known: Event): Effect.Effect<Event, unknown> =>
      isStepDue(known, turnout.clock.now())
        ? Effect.sleep(LOOK_INTERVAL).pipe(Effect.andThen(turnout.getEvent(known.id)), Effect.flatMap(look))
        : Effect.succeed(known)
    return look(event)
  })

/** Carries out a change of an event, and tells what has become of the event. `done` is the change in the past tense. */
export const change = async (
  options: Database.GlobalOptions & WriteOptions,
  done: string,
  use: Writing.Use<Event>
): Promise<boolean> => {
  const documentOf = ({ answer, repeated }: Writing.Written<Event>) => ({ event: answer, repeated })
  const linesOf = ({ answer, repeated }: Writing.Written<Event>): ReadonlyArray<Line.Line> => [
    lineOf(done, answer),
    ...Writing.repeatedInWords(repeated)
  ]
  const written = await Writing.run(
    options,
    use,
    (soFar) => ({
      document: documentOf(soFar),
      lines: linesOf(soFar),
      next: "What is too much for one commit goes on in the next process of Turnout."
    }),
    settled
  )
  Output.changed(options, documentOf(written), () => linesOf(written))
  return true
}
