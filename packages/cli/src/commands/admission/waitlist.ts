/**
 * `turnout waitlist`: shows the waitlist of an event.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Database from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"

export const show = async (options: Database.GlobalOptions & Paging, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => turnout.listWaitlist(eventId, toQuery(options)))
  Output.result(options, page, () => [
    ...Table.lines(
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

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("waitlist")
    .description("look at waitlists")
    .command("show")
    .description("show who waits, first in line first")
    .argument("<event>", "id of the event")
    .addOption(limit())
    .addOption(cursor())
    .action(action(show))
}
