/**
 * `turnout waitlist`: who waits.
 */
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import { more, type Paging, toQuery } from "../Paging.ts"

export const show = async (options: Database.GlobalOptions & Paging, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => turnout.listWaitlist(eventId, toQuery(options)))
  Output.result(options, page, () => [
    Output.table(
      ["#", "registration", "attendee", "name", "registered"],
      page.items.map(({ position, registration: { attendee, id, registeredAt } }) => [
        position,
        id,
        attendee.email,
        attendee.name,
        registeredAt.toISOString()
      ])
    ),
    ...more(page)
  ])
  return true
}
