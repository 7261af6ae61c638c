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
  const cancelled = await Database.withTurnout(options, (turnout) =>
    Effect.forEach(registrationIds, (id) => turnout.cancelRegistration(eventId, id, { actor: "operator" }))
  )
  Output.result(options, { cancelled }, () =>
    cancelled.map(({ attendee, id }) => `cancelled ${id} of ${attendee.email}`)
  )
  return true
}
