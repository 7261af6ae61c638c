/**
 * `turnout waitlist`: shows and exports the waitlist of an event.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Exports from "@turnout/core/admission/application/Exports"
import * as Database from "../../Database.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import * as ExportFile from "./ExportFile.ts"

export const show = async (options: Database.GlobalOptions & Paging, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => turnout.listWaitlist(eventId, toQuery(options)))
  Output.result(options, page, () => [
    ...Table.lines(
      ["#", "registration", Table.text("attendee"), Table.text("name"), Table.spare("registered")],
      page.items.map(({ position, registration: { attendee, id, registeredAt } }) => [
        count(position),
        id,
        attendee.email,
        attendee.name,
        time(registeredAt)
      ])
    ),
    ...more(options, page)
  ])
  return true
}

export const exportAll = (
  options: Database.GlobalOptions & ExportFile.ExportOptions,
  eventId: string
): Promise<boolean> => ExportFile.write(options, eventId, (turnout) => Exports.ofWaitlist(turnout, eventId))

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const waitlist = program.command("waitlist").description("look at waitlists, and export them")
  waitlist
    .command("show")
    .description("show who waits, first in line first")
    .addArgument(Ids.event())
    .addOption(limit())
    .addOption(cursor())
    .action(action(show))
  waitlist
    .command("export")
    .description("write the waitlist of an event as CSV, first in line first")
    .addArgument(Ids.event())
    .addOption(ExportFile.output())
    .action(action(exportAll))
}
