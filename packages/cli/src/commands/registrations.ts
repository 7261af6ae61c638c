/**
 * `turnout registrations`: who attends.
 */
import type { RegistrationState } from "@turnout/core/domain/Registration"
import * as Effect from "effect/Effect"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import { more, type Paging, toQuery } from "../Paging.ts"

interface ListOptions extends Paging {
  readonly state?: RegistrationState
}

export const list = async (options: Database.GlobalOptions & ListOptions, eventId: string): Promise<boolean> => {
  const { state } = options
  const page = await Database.withTurnout(options, (turnout) =>
    turnout.listRegistrations(eventId, { ...toQuery(options), ...(state === undefined ? {} : { state }) })
  )
  Output.result(options, page, () => [
    Output.table(
      ["id", "attendee", "name", "state", "registered"],
      page.items.map(({ attendee, id, registeredAt, state }) => [
        id,
        attendee.email,
        attendee.name,
        state,
        registeredAt.toISOString()
      ])
    ),
    ...more(page)
  ])
  return true
}

export const cancel = async (
  options: Database.GlobalOptions,
  eventId: string,
  registrationIds: ReadonlyArray<string>
): Promise<boolean> => {
  const results = await Database.withTurnout(options, (turnout) =>
    Effect.forEach(registrationIds, (id) =>
      turnout.cancelRegistration(eventId, id, { actor: "operator" }).pipe(
        Effect.map((registration) => ({ id, registration, problem: undefined })),
        // What is true of all of them ends the command; what is wrong with one does not keep the others.
        Effect.catchTags({
          RegistrationNotFound: (problem) => Effect.succeed({ id, registration: undefined, problem }),
          RegistrationStateConflict: (problem) => Effect.succeed({ id, registration: undefined, problem })
        })
      )
    )
  )
  const cancelled = results.flatMap(({ registration }) => registration ?? [])
  const failed = results.flatMap(({ id, problem }) => (problem === undefined ? [] : [{ id, reason: problem.message }]))
  for (const { id, reason } of failed) process.stderr.write(`${Output.warning(id)} ${reason}\n`)
  Output.result(options, { cancelled, failed }, () =>
    cancelled.map(({ attendee, id }) => `cancelled ${id} of ${attendee.email}`)
  )
  return failed.length === 0
}
